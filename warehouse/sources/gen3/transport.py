"""HTTP to one Gen3 commons: politeness, bounded retries with jitter, and what the answers mean.

Belongs here: everything between a call and a parsed JSON document, for Guppy, Indexd and the metadata service alike.
What a document says is the business of the clients above.
"""

from __future__ import annotations

import json
import logging
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests
import tenacity
from requests.adapters import HTTPAdapter
from requests.utils import get_auth_from_url

from warehouse.errors import SourceError, SourceUnreachable, UsageError
from warehouse.public_text import public_text, public_url
from warehouse.settings import Settings
from warehouse.sources.http.first_contact import make_contact
from warehouse.sources.http.session import UpstreamSession, pieces_of, redirect_of

log = logging.getLogger("icw.sources.gen3.guppy")

T = TypeVar("T")

_WORDS = 300
_PIECE = 1 << 16
# Bytes, after decompression: a page is steered to a few megabytes, the census of a million ids takes a hundred.
_LARGEST_BODY = 128 << 20
_LARGEST_STREAM = 1 << 30


class PassingTrouble(Exception):
    """An answer that a later try may better. `reason` is the kind under which retries are counted."""

    def __init__(self, reason: str, words: str, retry_after: float = 0.0) -> None:
        super().__init__(public_text(words))
        self.reason = reason
        self.words = public_text(words)
        self.retry_after = retry_after


class NoAnswer(PassingTrouble):
    """Nothing came back: refused, reset, or the name is unknown."""


class SlowAnswer(PassingTrouble):
    """The upstream or the connection ran out of time: a smaller question may do."""


@dataclass(frozen=True)
class Call:
    """One request: what is asked, `where` it belongs in the words of an error message, and how often slowness is borne.

    `slow_tries` bounds the tries that end in `SlowAnswer`; None means as many as for any other trouble.
    """

    path: str
    where: str
    body: Mapping[str, Any] | None = None
    params: Mapping[str, str | int] | None = None
    slow_tries: int | None = None


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
        """Count the bytes of one answer (after decompression)."""
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


def shortened(words: str) -> str:
    """Return an upstream's own words on one line, without markup, at most 300 characters."""
    text = " ".join(re.sub(r"<(script|style).*?</\1>|<[^>]*>", " ", words, flags=re.DOTALL | re.IGNORECASE).split())
    text = public_text(text)
    return text if len(text) <= _WORDS else text[: _WORDS - 1] + "…"


class Transport:
    """Asks one base address, at most `guppy_requests_in_flight` requests at a time, and tries again what may pass.

    `synthetic` turns true as soon as an answer carries the header `X-Synthetic: true`.
    """

    def __init__(self, base_url: str, settings: Settings) -> None:
        self.base_url = public_url(base_url).rstrip("/")
        self.in_flight = settings.guppy_requests_in_flight
        self.tally = Tally()
        self.synthetic = False
        self._settings = settings
        self._slots = threading.BoundedSemaphore(self.in_flight)
        self._not_before = 0.0
        self._contacted = False
        self._session = UpstreamSession(settings.user_agent)
        self._session.headers["Accept"] = "application/json"
        credentials = get_auth_from_url(base_url)
        self._session.auth = credentials if any(credentials) else None
        adapter = HTTPAdapter(pool_maxsize=self.in_flight)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._jitter = random.Random()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def fetch(self, call: Call, read: Callable[[requests.Response], T]) -> T:
        """Send `call` and return what `read` makes of the answer; GET without a body, POST with one.

        `read` gets an answer with status 200 whose body is not consumed yet, and may raise `PassingTrouble`.

        Raises:
            SlowAnswer: the call's `slow_tries` are spent.
            SourceUnreachable: no answer at all after all tries.
            SourceError: the upstream refuses, or gives no usable answer after all tries.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: self._may_pass(error, call, retrying.statistics)),
            stop=tenacity.stop_after_attempt(self._settings.retries + 1),
            wait=self._wait,
            before_sleep=lambda state: self._note(state, call),
            reraise=True,
        )
        try:
            return retrying(self._exchange, call, read)
        except SlowAnswer as error:
            if call.slow_tries is not None:
                raise
            raise self._given_up(call, error, retrying.statistics["attempt_number"]) from None
        except PassingTrouble as error:
            raise self._given_up(call, error, retrying.statistics["attempt_number"]) from None

    def fetch_json(self, call: Call) -> Any:
        """Send `call` and return its answer, parsed; errors as for `fetch`."""
        return self.fetch(call, self.read_json)

    def read_json(self, response: requests.Response) -> Any:
        """Parse the body of an answer.

        Raises:
            PassingTrouble: the body is a web page or not whole.
        """
        return self.parse(self.read_body(response))

    def read_body(self, response: requests.Response) -> bytearray:
        """Receive the whole body of an answer; it grows in place, so that it is in memory once and not twice."""
        content = bytearray()
        for piece in pieces_of(response, _LARGEST_BODY):
            content += piece
        self.tally.add_bytes(len(content))
        return content

    def pieces(self, response: requests.Response) -> Iterator[bytes]:
        """Yield and count the body of an answer for a reader that holds none of it whole."""
        for piece in pieces_of(response, _LARGEST_STREAM):
            self.tally.add_bytes(len(piece))
            yield piece

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
        seconds = self._back_off(attempt)
        log.warning(
            "asking again", extra={"upstream": self.base_url, "where": where, "reason": reason, "wait_s": seconds}
        )
        time.sleep(seconds)

    def _exchange(self, call: Call, read: Callable[[requests.Response], T]) -> T:
        with self._slots:
            self._contact()
            time.sleep(max(0.0, self._not_before - time.monotonic()))
            self.tally.add_request()
            timeout = (self._settings.connect_timeout_s, self._settings.guppy_read_timeout_s)
            method = "GET" if call.body is None else "POST"
            try:
                with self._session.request(
                    method,
                    f"{self.base_url}/{call.path}",
                    json=call.body,
                    params=call.params,
                    timeout=timeout,
                    stream=True,
                ) as response:
                    self._judge(response, call)
                    return read(response)
            except requests.ConnectTimeout as error:
                raise NoAnswer("no_connection", str(error)) from None
            except requests.Timeout as error:
                raise SlowAnswer("timeout", str(error)) from None
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
                if "timed out" in str(error).lower():
                    raise SlowAnswer("timeout", str(error)) from None
                raise NoAnswer("connection", str(error)) from None
            except requests.exceptions.ContentDecodingError as error:
                raise PassingTrouble("truncated", str(error)) from None
            except requests.RequestException as error:
                raise SourceError(f"{self.base_url}/{call.path} cannot be asked for {call.where}: {error}") from None

    def _contact(self) -> None:
        """Look once whether the host can be reached at all; a name with many dead addresses costs minutes otherwise."""
        if self._contacted:
            return
        parts = urlsplit(self.base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{self.base_url!r} is not a web address: check ICW_MIDRC_URL and ICW_BIH_URL.")
        if self._session.proxy_for(self.base_url):
            return
        try:
            make_contact(
                parts.hostname,
                parts.port or (443 if parts.scheme == "https" else 80),
                self._settings.connect_timeout_s,
            )
        except OSError as error:
            raise NoAnswer("no_connection", f"{parts.hostname} cannot be reached: {error}") from None
        self._contacted = True

    def _judge(self, response: requests.Response, call: Call) -> None:
        """Raise unless the status is one whose body is worth reading."""
        if response.headers.get("X-Synthetic", "").lower() == "true":
            self.synthetic = True
        status = response.status_code
        if status == 200:
            return
        self._refuse_redirect(response)
        # A few words are enough, whatever comes after them.
        text = next(response.iter_content(_PIECE), b"").decode("utf-8", errors="replace")
        words = shortened(f"HTTP {status} {text}")
        is_page = text.lstrip().startswith("<")
        if status in (429, 503):
            after = seconds_to_wait(response.headers.get("Retry-After"))
            if after > self._settings.guppy_retry_after_max_s:
                raise SourceError(
                    f"{self.base_url} asks to come back in {after:.0f} seconds ({call.where}): {words}. "
                    "Run the refresh again then; what was fetched so far is kept."
                )
            self._not_before = max(self._not_before, time.monotonic() + after)
            raise PassingTrouble(f"http_{status}", words, after)
        if status in (408, 504):
            raise SlowAnswer(f"http_{status}", words)
        if status >= 500 or status in (401, 403) or 300 <= status < 400:
            if status == 403 and not is_page:
                raise self._refused(call, words)
            raise PassingTrouble("firewall_page" if status == 403 else f"http_{status}", words)
        raise self._refused(call, words)

    def _refuse_redirect(self, response: requests.Response) -> None:
        """Say what to configure where a portal has moved. A redirect elsewhere is a login or a firewall, and may pass.

        Nothing is followed: what is asked by POST would be asked by GET at most places that redirect.
        """
        target = redirect_of(response)
        if target is None:
            return
        if urlsplit(target).hostname == urlsplit(self.base_url).hostname:
            raise SourceError(
                f"{public_url(response.url)} redirects to {public_url(target)}, and a portal's redirects are not "
                "followed. Set its address to where it answers itself: ICW_MIDRC_URL or ICW_BIH_URL."
            )
        raise PassingTrouble(f"http_{response.status_code}", f"it redirects to another host, {public_url(target)}")

    def _refused(self, call: Call, words: str) -> SourceError:
        return Refused(f"{self.base_url}/{call.path} refuses the request for {call.where}: {words}")

    def _given_up(self, call: Call, error: PassingTrouble, tries: int) -> SourceError:
        message = (
            f"{self.base_url}/{call.path} gave no usable answer for {call.where} in {tries} tries; its last words: "
            f"{shortened(error.words).rstrip('.')}. Run the refresh again later; what was fetched so far is kept."
        )
        return SourceUnreachable(message) if isinstance(error, NoAnswer) else SourceError(message)

    def _may_pass(self, error: BaseException, call: Call, statistics: Mapping[str, Any]) -> bool:
        if isinstance(error, SlowAnswer) and call.slow_tries is not None:
            return statistics.get("attempt_number", 1) < call.slow_tries
        return isinstance(error, PassingTrouble)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        after = error.retry_after if isinstance(error, PassingTrouble) else 0.0
        return max(after, self._back_off(state.attempt_number))

    def _back_off(self, attempt: int) -> float:
        longest = min(self._settings.retry_wait_max_s, self._settings.retry_wait_s * 2.0 ** (attempt - 1))
        return longest * self._jitter.uniform(0.5, 1.0)

    def _note(self, state: tenacity.RetryCallState, call: Call) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, PassingTrouble):
            self.tally.add_retry(error.reason)
            log.warning(
                "trying again",
                extra={
                    "upstream": self.base_url,
                    "path": call.path,
                    "where": call.where,
                    "reason": error.reason,
                    "words": shortened(error.words),
                    "attempt": state.attempt_number,
                },
            )


class Refused(SourceError):
    """The upstream understood the request and will not answer it: trying again would not help."""

    @property
    def names_unknown_field(self) -> bool:
        """Whether the server says that it does not know what was asked for (graphql-js, FieldsOnCorrectTypeRule)."""
        return "Cannot query field" in str(self)


def _not_json(content: bytes | bytearray) -> PassingTrouble:
    if content.lstrip().startswith(b"<"):
        return PassingTrouble("firewall_page", shortened(content.decode("utf-8", errors="replace")))
    end = content[-200:].decode("utf-8", errors="replace")
    return PassingTrouble("truncated", f"the answer is not whole JSON ({len(content)} bytes), it ends with {end!r}")


def seconds_to_wait(retry_after: str | None) -> float:
    """Return the seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return 0.0
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0
