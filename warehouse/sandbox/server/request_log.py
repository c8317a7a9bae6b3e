"""The log of requests: what arrived, how many were in flight, and what would have been harmful.

What belongs here: recording and reading entries. The log shows whether a client kept its politeness limit and whether
it sent a request that would have ended a real server.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass
class RequestEntry:
    """One request. `in_flight` counts the requests to the same service at arrival, this one included.

    A request is in flight until its reply begins to be sent: a client that has the whole reply may have sent its next
    request already. `seconds` is measured until then.
    """

    number: int
    service: str
    method: str
    path: str
    arrived_at: str
    in_flight: int
    user_agent: str = ""
    kinds: list[str] = field(default_factory=list)
    record_types: list[str] = field(default_factory=list)
    status: int | None = None
    bytes_received: int = 0
    bytes_sent: int = 0
    seconds: float = 0.0
    fault: str | None = None
    harmful: str | None = None


class RequestLog:
    """All requests since the start or the last `clear`, in the order of arrival.

    Safe to use from many threads. An entry is complete when its request has been answered.
    """

    def __init__(self) -> None:
        self._entries: list[RequestEntry] = []
        self._in_flight: Counter[str] = Counter()
        self._started: dict[int, float] = {}
        self._lock = threading.Lock()
        self._number = 0

    @contextmanager
    def recording(self, service: str, method: str, path: str, user_agent: str) -> Iterator[RequestEntry]:
        """Record one request; the entry may be completed until the block ends."""
        with self._lock:
            self._number += 1
            self._in_flight[service] += 1
            entry = RequestEntry(
                number=self._number,
                service=service,
                method=method,
                path=path,
                arrived_at=datetime.now(UTC).isoformat(),
                in_flight=self._in_flight[service],
                user_agent=user_agent,
            )
            self._entries.append(entry)
            self._started[entry.number] = time.monotonic()
        try:
            yield entry
        finally:
            self.answered(entry)

    def answered(self, entry: RequestEntry) -> None:
        """Note that the reply is about to be sent; the first call counts, and the end of the request is one."""
        with self._lock:
            started = self._started.pop(entry.number, None)
            if started is not None:
                entry.seconds = time.monotonic() - started
                self._in_flight[entry.service] -= 1

    def entries(self, service: str | None = None, kind: str | None = None, since: int = 0) -> list[RequestEntry]:
        """Return the entries of a service and a kind (a place, see the module `faults`) after number `since`."""
        with self._lock:
            return [
                entry
                for entry in self._entries
                if entry.number > since
                and (service is None or entry.service == service)
                and (kind is None or kind in entry.kinds)
            ]

    def most_in_flight(self, service: str | None = None) -> int:
        """Return the largest number of requests that one service had to answer at the same time."""
        return max((entry.in_flight for entry in self.entries(service)), default=0)

    def harmful(self) -> list[RequestEntry]:
        """Return the requests that would have ended a real server process."""
        return [entry for entry in self.entries() if entry.harmful]

    def clear(self) -> None:
        """Forget all entries; numbers go on."""
        with self._lock:
            self._entries.clear()
