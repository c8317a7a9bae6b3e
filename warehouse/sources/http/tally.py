"""Counts of what was asked of an upstream, for logs and for the proof of a load."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Counts of one run, safe to add to from several threads: requests, bytes received, retries by reason."""

    requests: int = 0
    bytes: int = 0
    retries: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add_request(self) -> None:
        """Count one request sent."""
        with self._lock:
            self.requests += 1

    def add_bytes(self, received: int) -> None:
        """Count the bytes of one response (after decompression)."""
        with self._lock:
            self.bytes += received

    def add_retry(self, reason: str) -> None:
        """Count one further try."""
        with self._lock:
            self.retries[reason] += 1

    def since(self, earlier: Tally) -> Tally:
        """Return what was added after the copy `earlier` was taken."""
        with self._lock:
            return Tally(self.requests - earlier.requests, self.bytes - earlier.bytes, self.retries - earlier.retries)

    def copy(self) -> Tally:
        """Return the counts as they are now."""
        return self.since(Tally())
