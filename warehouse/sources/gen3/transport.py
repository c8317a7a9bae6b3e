"""Requests to one Gen3 commons: what its responses mean, up to a parsed JSON document.

Belongs here: everything between a call and a document, for Guppy, Indexd and the metadata service alike. What a
document means is the business of the clients above.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
from requests.utils import get_auth_from_url

from warehouse.errors import SourceBusy, SourceError, SourceUnreachable, UsageError
from warehouse.public_text import public_text, public_url
from warehouse.settings import Settings
from warehouse.sources.http.errors import NoResponse, SlowResponse, TransientError
from warehouse.sources.http.requester import Request, Requester
from warehouse.sources.http.retry import RetriesExhausted, Retry, RetryPolicy, retry_after_s, with_retries
from warehouse.sources.http.session import UpstreamSession, redirect_of
from warehouse.sources.http.tally import Tally

log = logging.getLogger("icw.sources.gen3")

T = TypeVar("T")

_MOST_CHARACTERS = 300
_PIECE = 1 << 16
# Bytes, after decompression: a page is steered to a few megabytes, the census of a million ids takes a hundred.
_LARGEST_BODY = 128 << 20
_LARGEST_STREAM = 1 << 30


class Refused(SourceError):
    """The upstream understood the request and will not answer it: trying again would not help."""

    @property
    def names_unknown_field(self) -> bool:
        """Whether the server says that it does not know what was asked for (graphql-js, FieldsOnCorrectTypeRule)."""
        return "Cannot query field" in str(self)


@dataclass(frozen=True)
class Call:
    """One request: its path, what it asks for (`where`, for error messages), and how often it may be slow.

    `slow_tries` bounds the tries that end in `SlowResponse`; None means as many as for any other transient error.
    """

    path: str
    where: str
    body: Mapping[str, Any] | None = None
    params: Mapping[str, str | int] | None = None
    slow_tries: int | None = None


class Transport:
    """Asks one base address, at most `guppy_requests_in_flight` requests at a time, and retries transient errors.

    `setting` names the setting that the address comes from, for error messages. `synthetic` turns true as soon as a
    response carries the header `X-Synthetic: true`.
    """

    def __init__(self, base_url: str, settings: Settings, setting: str = "the setting that it comes from") -> None:
        self.base_url = public_url(base_url).rstrip("/")
        self.synthetic = False
        self._setting = setting
        self._read_timeout_s = settings.guppy_read_timeout_s
        self._policy = RetryPolicy(
            retries=settings.retries,
            wait_s=settings.retry_wait_s,
            wait_max_s=settings.retry_wait_max_s,
            retry_after_max_s=settings.guppy_retry_after_max_s,
        )
        session = UpstreamSession(settings.user_agent)
        session.headers["Accept"] = "application/json"
        credentials = get_auth_from_url(base_url)
        session.auth = credentials if any(credentials) else None
        self._requester = Requester(
            session,
            connect_timeout_s=settings.connect_timeout_s,
            retry_after_max_s=settings.guppy_retry_after_max_s,
            in_flight=settings.guppy_requests_in_flight,
        )

    @property
    def in_flight(self) -> int:
        """How many requests are sent at the same time, at most."""
        return self._requester.in_flight

    @property
    def tally(self) -> Tally:
        """What was asked so far."""
        return self._requester.tally

    def close(self) -> None:
        """Close the connections."""
        self._requester.close()

    def fetch(self, call: Call, read: Callable[[requests.Response], T]) -> T:
        """Send `call` and return what `read` makes of the response; GET without a body, POST with one.

        `read` gets a response with status 200 whose body is not received yet, and may raise `TransientError`.

        Raises:
            SlowResponse: the call's `slow_tries` are spent.
            SourceUnreachable: no response at all after all tries.
            SourceError: the upstream refuses, or gives no usable response after all tries.
        """
        slow_retries = None if call.slow_tries is None else call.slow_tries - 1
        policy = replace(self._policy, slow_retries=slow_retries)
        try:
            return with_retries(lambda: self._exchange(call, read), policy, lambda retry: self._log(retry, call))
        except RetriesExhausted as last:
            if isinstance(last.error, SlowResponse) and call.slow_tries is not None:
                raise last.error from None
            raise self._given_up(call, last) from None

    def fetch_json(self, call: Call) -> Any:
        """Send `call` and return its document; errors as for `fetch`."""
        return self.fetch(call, self.read_json)

    def read_json(self, response: requests.Response) -> Any:
        """Parse the body of a response.

        Raises:
            TransientError: the body is a web page or not whole.
        """
        return self.parse(self.read_body(response))

    def read_body(self, response: requests.Response) -> bytearray:
        """Receive the whole body of a response; it grows in place, so that it is in memory once and not twice."""
        content = bytearray()
        for piece in self._requester.body_of(response, _LARGEST_BODY):
            content += piece
        return content

    def pieces(self, response: requests.Response) -> Iterator[bytes]:
        """Yield the body of a response for a reader that holds none of it whole."""
        return self._requester.body_of(response, _LARGEST_STREAM)

    def parse(self, content: bytes | bytearray) -> Any:
        """Parse a body; errors as for `read_json`."""
        try:
            return msgspec.json.decode(content)
        except msgspec.DecodeError:
            pass
        # msgspec is strict: half of a surrogate pair, which JavaScript lets through, is no reason to lose a record.
        try:
            return json.loads(content)
        except ValueError:
            raise _not_json(content) from None

    def pause(self, attempt: int, reason: str, where: str) -> None:
        """Count and log a further try decided above this layer, and wait before it (`attempt` starts at 1)."""
        self.tally.add_retry(reason)
        seconds = self._policy.backoff_s(attempt)
        log.warning(
            "asking again", extra={"upstream": self.base_url, "where": where, "reason": reason, "wait_s": seconds}
        )
        time.sleep(seconds)

    def _exchange(self, call: Call, read: Callable[[requests.Response], T]) -> T:
        self._require_address()
        request = Request(f"{self.base_url}/{call.path}", self._read_timeout_s, body=call.body, params=call.params)
        with self._requester.exchange(request) as response:
            if response.headers.get("X-Synthetic", "").lower() == "true":
                self.synthetic = True
            self._check_status(response, call)
            return read(response)

    def _require_address(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{self.base_url!r} is not a web address: check {self._setting}.")

    def _check_status(self, response: requests.Response, call: Call) -> None:
        """Raise unless the status is one whose body is worth reading."""
        status = response.status_code
        if status == 200:
            return
        self._refuse_redirect(response)
        # The beginning is enough, whatever comes after it.
        text = next(response.iter_content(_PIECE), b"").decode("utf-8", errors="replace")
        message = shortened(f"HTTP {status} {text}")
        is_page = text.lstrip().startswith("<")
        if status in (429, 503):
            after = retry_after_s(response.headers.get("Retry-After"))
            raise TransientError(f"http_{status}", message, retry_after_s=after)
        if status in (408, 504):
            raise SlowResponse(f"http_{status}", message)
        if status == 403 and is_page:
            raise TransientError("firewall_page", message)
        if status >= 500 or status == 401 or 300 <= status < 400:
            raise TransientError(f"http_{status}", message)
        raise Refused(f"{self.base_url}/{call.path} refuses the request for {call.where}: {message}")

    def _refuse_redirect(self, response: requests.Response) -> None:
        """Say what to configure where a portal has moved. A redirect elsewhere, to a login or a firewall, is transient.

        Nothing is followed: what is asked by POST would be asked by GET at most places that redirect.
        """
        target = redirect_of(response)
        if target is None:
            return
        if urlsplit(target).hostname == urlsplit(self.base_url).hostname:
            raise SourceError(
                f"{public_url(response.url)} redirects to {public_url(target)}, and a portal's redirects are not "
                f"followed. Set its address to where it answers itself: {self._setting}."
            )
        raise TransientError(f"http_{response.status_code}", f"it redirects to another host, {public_url(target)}")

    def _given_up(self, call: Call, last: RetriesExhausted) -> SourceError:
        error = last.error
        if error.retry_after_s > self._policy.retry_after_max_s:
            return SourceError(
                f"{self.base_url} asks to come back in {error.retry_after_s:.0f} seconds ({call.where}): {error}. "
                "Run the refresh again then; what was fetched so far is kept."
            )
        message = (
            f"{self.base_url}/{call.path} gave no usable response for {call.where} in {last.tries} tries; the last "
            f"error: {shortened(str(error)).rstrip('.')}. Run the refresh again later; what was fetched so far is kept."
        )
        if isinstance(error, NoResponse):
            return SourceUnreachable(message)
        return SourceBusy(message) if error.reason.startswith("http_") else SourceError(message)

    def _log(self, retry: Retry, call: Call) -> None:
        self.tally.add_retry(retry.error.reason)
        log.warning(
            "trying again",
            extra={
                "upstream": self.base_url,
                "path": call.path,
                "where": call.where,
                "reason": retry.error.reason,
                "error": shortened(str(retry.error)),
                "attempt": retry.failures,
                "wait_s": retry.wait_s,
            },
        )


def shortened(text: str) -> str:
    """Return an upstream's own text on one line, without markup, at most 300 characters."""
    plain = " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL | re.IGNORECASE).split())
    plain = public_text(plain)
    return plain if len(plain) <= _MOST_CHARACTERS else plain[: _MOST_CHARACTERS - 1] + "…"


def _not_json(content: bytes | bytearray) -> TransientError:
    if content.lstrip().startswith(b"<"):
        return TransientError("firewall_page", shortened(content.decode("utf-8", errors="replace")))
    end = content[-200:].decode("utf-8", errors="replace")
    return TransientError("truncated", f"the response is not whole JSON ({len(content)} bytes), it ends with {end!r}")
