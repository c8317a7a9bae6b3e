"""HTTP for every source: one polite session, bounded retries, and downloads that resume.

What belongs here: how to ask, how long to wait, when to try again, how a large file gets to disk whole. What the
bytes mean belongs to the module of the upstream.

Everything that a person may want to follow is logged on `icw.sources.http`, each record readable by itself and with
an `event`: `download` (with `file`, `done_bytes` and `total_bytes`, which is None when the upstream does not say),
`retry`, `step` and `passed_over`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import TypeVar
from urllib.parse import urlsplit

import requests
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential_jitter

from warehouse.errors import IntegrityError, SourceError, SourceUnreachable, UsageError
from warehouse.public_text import public_url
from warehouse.settings import Settings
from warehouse.sources.http.download_report import DownloadReport
from warehouse.sources.http.first_contact import make_contact
from warehouse.sources.http.partial_file import PartialFile
from warehouse.sources.http.session import (
    RedirectRefused,
    Trust,
    UpstreamSession,
    pieces_of,
    redirect_of,
    too_large,
)

logger = logging.getLogger("icw.sources.http")

_PIECE = 1 << 16
# Bytes. The largest of the small answers (a listing, the tags, a page of the index) and of the files have less than a
# tenth of these.
_SMALL_ANSWER = 32 << 20
_LARGEST_FILE = 16 << 30
# A connection that keeps breaking but brings this much (bytes) each time is slow, not dead: the count of tries starts
# anew.
_PROGRESS_THAT_COUNTS = 1 << 20
# An upstream that does not answer at all is asked only once more, so that another channel gets its turn soon.
_FURTHER_TRIES_WHEN_SILENT = 1
_PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})

_Result = TypeVar("_Result")


class NotFound(SourceError):
    """The upstream answered that it has nothing at this address (404 or 410)."""


class _PassingFault(SourceUnreachable):
    """A fault that may be gone at the next try; after the last try it is an upstream that cannot be reached."""

    def __init__(self, message: str, *, silent: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.silent = silent
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class ExpectedDigest:
    """The SHA-256 (hex) that a download must have, where the file comes from and what states the digest, in words."""

    sha256: str
    origin: str
    stated_by: str


class Client:
    """One session with one upstream. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings, trust: Trust | None = None) -> None:
        self._settings = settings
        self._session = UpstreamSession(settings.user_agent, trust)
        self._contacted: set[tuple[str, int]] = set()
        self.retries = 0

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._session.close()

    def get(self, url: str, headers: dict[str, str] | None = None) -> requests.Response:
        """Ask for something small and return the whole answer.

        Raises:
            NotFound: there is nothing at this address.
            SourceUnreachable: no answer, or one that says "not now" or "not you", after the further tries.
            AnswerTooLarge: the answer is no small one.
            UsageError: the address is not one that can be asked.
        """
        return self._with_retries(lambda: self._get(url, headers or {}))

    def redirect_of(self, url: str) -> str | None:
        """Return where this address redirects to, or None if it does not. Raises as `get` does."""

        def ask() -> str | None:
            with self._send(url, {}, self._settings.answer_timeout_s, follow=False) as response:
                try:
                    return redirect_of(response)
                except RedirectRefused as error:
                    raise SourceUnreachable(str(error)) from None

        return self._with_retries(ask)

    def exists(self, url: str) -> bool:
        """Return whether there is a file at this address, by asking for its first bytes. Raises as `get` does."""

        def ask() -> None:
            with self._send(url, {"Range": "bytes=0-3"}, self._settings.answer_timeout_s) as response:
                refuse_web_page(response)

        try:
            self._with_retries(ask)
        except NotFound:
            return False
        return True

    def download(self, url: str, target: Path, expected: ExpectedDigest) -> None:
        """Fetch a large file to `target`, continuing what an earlier try or an earlier run has left of it.

        The bytes stream to `<target>.part`, are hashed on the way, and get the name `target` when their SHA-256 is the
        expected one. A file that was pieced together and has another digest may hold pieces of two versions of the
        file: it is fetched anew once.

        Raises:
            IntegrityError: the file is complete and has another digest; its bytes are removed.
            NotFound, SourceUnreachable: as `get`; what has arrived is kept for a later run.
            StorageError: the file cannot be written.
        """
        with PartialFile(target) as part:
            self._receive_all(url, part, expected)
            if part.sha256 != expected.sha256 and part.pieced_together:
                logger.info(
                    "The pieces of %s do not fit together; fetching it anew", target.name, extra={"event": "retry"}
                )
                part.restart()
                self._receive_all(url, part, expected)
            if part.sha256 != expected.sha256:
                part.discard()
                raise IntegrityError(
                    f"{target.name} from {expected.origin} is not the file that {expected.stated_by} describes: "
                    f"expected SHA-256 {expected.sha256}, found {part.sha256} over {part.size:,} bytes "
                    f"({public_url(url)}). Nothing was landed; run the command again to fetch the file anew, and tell "
                    "upstream if it happens again."
                )
            part.complete()

    def _receive_all(self, url: str, part: PartialFile, expected: ExpectedDigest) -> None:
        if part.size and part.sha256 == expected.sha256:
            return
        self._with_retries(lambda: self._receive(url, part), progress=lambda: part.size)

    def _get(self, url: str, headers: dict[str, str]) -> requests.Response:
        with self._send(url, headers, self._settings.answer_timeout_s) as response:
            try:
                body = b"".join(pieces_of(response, _SMALL_ANSWER))
            except requests.RequestException as error:
                raise _PassingFault(f"{public_url(url)} broke off: {_root_of(error)}") from error
        whole = requests.Response()
        whole.status_code, whole.reason, whole.url = response.status_code, response.reason, response.url
        whole.headers, whole.encoding, whole.raw = response.headers, response.encoding, BytesIO(body)
        return whole

    def _receive(self, url: str, part: PartialFile) -> None:
        headers = {"Accept-Encoding": "identity"}
        if part.size:
            headers["Range"] = f"bytes={part.size}-"
            if part.validator:
                headers["If-Range"] = part.validator
        with self._send(url, headers, self._settings.read_timeout_s) as response:
            refuse_web_page(response)
            total = _place(response, part)
            if total is not None and total > _LARGEST_FILE:
                raise too_large(url, _LARGEST_FILE)
            report = DownloadReport(part.target.name, total)
            report.progress(part.size)
            try:
                for piece in response.iter_content(_PIECE):
                    part.append(piece)
                    if part.size > _LARGEST_FILE:
                        part.restart()
                        raise too_large(url, _LARGEST_FILE)
                    report.progress(part.size)
            except requests.RequestException as error:
                raise _PassingFault(
                    f"{public_url(url)} broke off after {part.size:,} of {_or_unknown(total)} bytes"
                ) from error
        if total is not None and part.size != total:
            raise _PassingFault(f"{public_url(url)} ended after {part.size:,} of {total:,} bytes")
        report.end(part.size)

    def _send(self, url: str, headers: dict[str, str], timeout_s: float, *, follow: bool = True) -> requests.Response:
        self._contact(url)
        timeout = (self._settings.connect_timeout_s, timeout_s)
        try:
            if follow:
                response = self._session.follow(url, headers, timeout)
            else:
                response = self._session.get(url, headers=headers, timeout=timeout, stream=True)
        except requests.RequestException as error:
            raise _fault_of(url, error, timeout_s) from error
        except OSError as error:  # requests: a file of certificates that does not exist
            raise SourceUnreachable(f"{public_url(url)} cannot be asked: {error}") from error
        try:
            _judge(url, response)
        except SourceError:
            response.close()
            raise
        return response

    def _contact(self, url: str) -> None:
        peer = _peer_of(url)
        if peer in self._contacted or self._session.proxy_for(url):
            return
        try:
            make_contact(*peer, self._settings.connect_timeout_s)
        except OSError as error:
            raise _PassingFault(f"{public_url(url)} cannot be reached: {error}", silent=True) from None
        self._contacted.add(peer)

    def _with_retries(self, call: Callable[[], _Result], progress: Callable[[], int] = lambda: 0) -> _Result:
        settings = self._settings
        backoff = wait_exponential_jitter(
            settings.retry_wait_s, settings.retry_wait_max_s, jitter=settings.retry_wait_s
        )
        patience = _Patience(settings, progress)

        def note(state: RetryCallState) -> None:
            self.retries += 1
            logger.info(
                "Trying again in %.1f s: %s",
                state.upcoming_sleep,
                _fault(state),
                extra={
                    "event": "retry",
                    "attempt": state.attempt_number,
                    "retries": self.retries,
                    "wait_s": state.upcoming_sleep,
                },
            )

        retrying = Retrying(
            retry=retry_if_exception_type(_PassingFault),
            stop=patience.is_over,
            wait=lambda state: max(backoff(state), _fault(state).retry_after_s),
            before_sleep=note,
            reraise=True,
        )
        return retrying(call)


class _Patience:
    """How many further tries a call gets: few in silence, `retries` otherwise, counted anew after real progress."""

    def __init__(self, settings: Settings, progress: Callable[[], int]) -> None:
        self._settings = settings
        self._progress = progress
        self._mark = progress()
        self._tries_before_mark = 0

    def is_over(self, state: RetryCallState) -> bool:
        fault, done = _fault(state), self._progress()
        if done - self._mark >= _PROGRESS_THAT_COUNTS:
            self._mark, self._tries_before_mark = done, state.attempt_number - 1
        if fault.retry_after_s > self._settings.retry_wait_max_s:
            return True
        allowed = self._settings.retries
        if fault.silent:
            allowed = min(allowed, _FURTHER_TRIES_WHEN_SILENT)
        return state.attempt_number - self._tries_before_mark > allowed


def _peer_of(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        pass
    raise UsageError(f"{public_url(url)!r} is not a web address: check the setting that it comes from.")


def refuse_web_page(response: requests.Response) -> None:
    """Raise `SourceUnreachable` if the answer to a request for a file is an HTML page: a firewall or a login."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml"):
        raise SourceUnreachable(
            f"{public_url(response.url)} answered with a web page instead of the file (a firewall?)"
        )


def _fault(state: RetryCallState) -> _PassingFault:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, _PassingFault)
    return error


def _judge(url: str, response: requests.Response) -> None:
    status = response.status_code
    where = public_url(url)
    if status in (404, 410):
        raise NotFound(f"{where} does not exist")
    if status in _PASSING_STATUSES:
        raise _PassingFault(f"{where} answered with status {status}", retry_after_s=_retry_after_s(response))
    if status >= 400 and status != 416:
        raise SourceUnreachable(f"{where} answered with status {status} ({response.reason})")


def _place(response: requests.Response, part: PartialFile) -> int | None:
    """Bring the partial file in line with what the answer starts with; return the size of the whole file if known."""
    where = public_url(response.url)
    codings = {coding.strip().lower() for coding in response.headers.get("Content-Encoding", "").split(",")}
    if not codings <= {"", "identity"}:
        raise SourceUnreachable(f"{where} sends the file compressed on the way although its plain bytes were asked for")
    part.validator = _strong_validator(response)
    if response.status_code == 206:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
        if match and int(match[1]) == part.size:
            part.pieced_together = True
            return None if match[2] == "*" else int(match[2])
    if response.status_code in (206, 416):
        part.restart()
        raise _PassingFault(f"{where} did not continue where it was asked to")
    if part.size:
        part.restart()
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _strong_validator(response: requests.Response) -> str | None:
    tag = response.headers.get("ETag")
    return None if tag is None or tag.startswith("W/") else tag


def _retry_after_s(response: requests.Response) -> float:
    """Return the seconds that the answer asks to wait (RFC 9110: seconds or a date), 0 if it does not say."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _fault_of(url: str, error: requests.RequestException, timeout_s: float) -> SourceError | UsageError:
    where = public_url(url)
    if isinstance(error, RedirectRefused):
        return SourceUnreachable(str(error))
    if isinstance(error, ValueError):  # requests: InvalidURL, MissingSchema, InvalidSchema, InvalidHeader
        return UsageError(f"{where!r} is not a web address: check the setting that it comes from.")
    if isinstance(error, requests.exceptions.SSLError):
        return SourceUnreachable(f"{where} cannot be trusted: {_root_of(error)}")
    if isinstance(error, requests.ReadTimeout):
        return _PassingFault(f"{where} did not answer within {timeout_s:g} s", silent=True)
    if isinstance(error, requests.TooManyRedirects):
        return SourceUnreachable(f"{where} redirects in a circle")
    silent = isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError))
    return _PassingFault(f"{where} cannot be reached: {_root_of(error)}", silent=silent)


def _root_of(error: BaseException) -> str:
    """Return the innermost reason of a chained error, in words."""
    root = error
    while (inner := root.__cause__ or root.__context__) is not None:
        root = inner
    return getattr(root, "strerror", None) or str(root) or type(root).__name__


def _or_unknown(count: int | None) -> str:
    return "an unknown number of" if count is None else f"{count:,}"
