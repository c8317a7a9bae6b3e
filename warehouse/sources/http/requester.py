"""The one place that sends requests: few at a time, none before an upstream wants it, each error classified.

What a response means (its status, its body) is the business of the clients above.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from warehouse.errors import SourceUnreachable, UsageError
from warehouse.public_text import public_url
from warehouse.sources.http.body import pieces_of
from warehouse.sources.http.errors import NoResponse, as_project_error
from warehouse.sources.http.reachability import require_reachable
from warehouse.sources.http.retry import retry_after_s
from warehouse.sources.http.session import UpstreamSession
from warehouse.sources.http.tally import Tally

_Host = tuple[str, int]

_BUSY = frozenset({429, 503})


@dataclass(frozen=True)
class Request:
    """One request: POST with a JSON body, GET without. `timeout_s` is the longest wait for the next bytes.

    `follows_redirects` is for GET alone.
    """

    url: str
    timeout_s: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    params: Mapping[str, str | int] | None = None
    follows_redirects: bool = False


class Requester:
    """Sends requests over one session, at most `in_flight` of them at a time; safe to use from several threads.

    Before the first request to a host, one bounded look shows whether it can be reached at all. A `Retry-After` of up
    to `retry_after_max_s` seconds holds back every request to that host.
    """

    def __init__(
        self, session: UpstreamSession, *, connect_timeout_s: float, retry_after_max_s: float, in_flight: int = 1
    ) -> None:
        self.in_flight = in_flight
        self.tally = Tally()
        self._session = session
        self._connect_timeout_s = connect_timeout_s
        self._retry_after_max_s = retry_after_max_s
        self._slots = threading.BoundedSemaphore(in_flight)
        self._reachable: set[_Host] = set()
        self._not_before: dict[_Host, float] = {}
        self._lock = threading.Lock()
        adapter = HTTPAdapter(pool_maxsize=in_flight)
        session.mount("http://", adapter)
        session.mount("https://", adapter)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    @contextmanager
    def exchange(self, request: Request) -> Iterator[requests.Response]:
        """Send a request and yield its response, whose body is not received yet; one slot is taken until the end.

        Raises:
            TransientError: no response, or it broke off in the block; a later try may do better.
            SourceUnreachable: the host's certificate is not trusted, or it redirects where nothing is followed.
            UsageError: the address cannot be asked.
        """
        host = _host_of(request.url)
        with self._slots:
            self._require_reachable(host, request.url)
            time.sleep(max(0.0, self._not_before.get(host, 0.0) - time.monotonic()))
            self.tally.add_request()
            try:
                with self._send(request) as response:
                    self._heed_retry_after(host, response)
                    yield response
            except requests.RequestException as error:
                raise as_project_error(error, request.url, request.timeout_s) from error

    def body_of(self, response: requests.Response, limit: int) -> Iterator[bytes]:
        """Yield the body of a response, decompressed, piece by piece, and count it.

        Raises:
            ResponseTooLarge: it is longer than `limit` (bytes).
            requests.RequestException: it breaks off; `exchange` translates that.
        """
        for piece in pieces_of(response, limit):
            self.tally.add_bytes(len(piece))
            yield piece

    def _send(self, request: Request) -> requests.Response:
        timeout = (self._connect_timeout_s, request.timeout_s)
        try:
            if request.follows_redirects:
                return self._session.follow(request.url, request.headers, timeout)
            return self._session.request(
                "GET" if request.body is None else "POST",
                request.url,
                headers=request.headers,
                json=request.body,
                params=request.params,
                timeout=timeout,
                stream=True,
            )
        except requests.RequestException:
            raise
        except OSError as error:  # requests: a file of certificates that does not exist
            raise SourceUnreachable(f"{public_url(request.url)} cannot be asked: {error}") from error

    def _require_reachable(self, host: _Host, url: str) -> None:
        if host in self._reachable or self._session.proxy_for(url):
            return
        try:
            require_reachable(*host, self._connect_timeout_s)
        except OSError as error:
            raise NoResponse("no_connection", f"{public_url(url)} cannot be reached: {error}", silent=True) from None
        self._reachable.add(host)

    def _heed_retry_after(self, host: _Host, response: requests.Response) -> None:
        if response.status_code not in _BUSY:
            return
        after = retry_after_s(response.headers.get("Retry-After"))
        # One that asks for more is not waited for: the call ends, and the next one asks anew.
        if 0.0 < after <= self._retry_after_max_s:
            with self._lock:
                self._not_before[host] = max(self._not_before.get(host, 0.0), time.monotonic() + after)


def _host_of(url: str) -> _Host:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        pass
    raise UsageError(f"{public_url(url)!r} is not a web address: check the setting that it comes from.")
