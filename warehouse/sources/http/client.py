"""Small requests, and downloads of large files that resume.

Everything that a person may want to follow is logged on `icw.sources.http`, each record readable by itself and with
an `event`: `download` (with `file`, `done_bytes` and `total_bytes`, which is None when the upstream does not say),
`retry`, `step` and `passed_over`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import requests

from warehouse.errors import IntegrityError, SourceUnreachable
from warehouse.public_text import public_url
from warehouse.settings import Settings
from warehouse.sources.http.body import refuse_web_page, too_large
from warehouse.sources.http.download_progress import DownloadProgress
from warehouse.sources.http.errors import NoResponse, NotFound, TransientError
from warehouse.sources.http.partial_file import PartialFile
from warehouse.sources.http.requester import Request, Requester
from warehouse.sources.http.retry import RetriesExhausted, Retry, RetryPolicy, retry_after_s, with_retries
from warehouse.sources.http.session import Trust, UpstreamSession, redirect_of

logger = logging.getLogger("icw.sources.http")

_PIECE = 1 << 16
# Bytes. The largest of the small responses (a listing, the tags, a page of the index) and of the files have less than
# a tenth of these.
_LARGEST_SMALL_RESPONSE = 32 << 20
_LARGEST_FILE = 16 << 30
# An upstream that does not answer at all is asked only once more, so that another channel gets its turn soon.
_RETRIES_WHEN_SILENT = 1
_TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class ExpectedDigest:
    """The SHA-256 (hex) that a download must have, where the file comes from and what states the digest."""

    sha256: str
    origin: str
    stated_by: str


class Client:
    """One session with one upstream. Close it, or use it as a context manager."""

    def __init__(self, settings: Settings, trust: Trust | None = None) -> None:
        self._settings = settings
        self._policy = RetryPolicy(
            retries=settings.retries,
            wait_s=settings.retry_wait_s,
            wait_max_s=settings.retry_wait_max_s,
            retry_after_max_s=settings.retry_wait_max_s,
            silent_retries=_RETRIES_WHEN_SILENT,
        )
        self._requester = Requester(
            UpstreamSession(settings.user_agent, trust),
            connect_timeout_s=settings.connect_timeout_s,
            retry_after_max_s=settings.retry_wait_max_s,
        )

    @property
    def retries(self) -> int:
        """How many further tries this client has made."""
        return self._requester.tally.retries.total()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._requester.close()

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        """Ask for something small and return the whole response.

        Raises:
            NotFound: there is nothing at this address.
            SourceUnreachable: no response, or a refusal, after the retries.
            ResponseTooLarge: the response is no small one.
            UsageError: the address is not one that can be asked.
        """
        return self._with_retries(lambda: self._get(url, headers or {}))

    def redirect_of(self, url: str) -> str | None:
        """Return where this address redirects to, or None if it does not. Raises as `get` does."""

        def ask() -> str | None:
            with self._exchange(Request(url, self._settings.answer_timeout_s)) as response:
                return redirect_of(response)

        return self._with_retries(ask)

    def exists(self, url: str) -> bool:
        """Return whether there is a file at this address, by asking for its first bytes. Raises as `get` does."""
        try:
            self.size_of(url)
        except NotFound:
            return False
        return True

    def size_of(self, url: str) -> int | None:
        """Return the size (bytes) of the file at this address, None where the upstream does not say. Raises as `get`.

        It asks for the first bytes: where a file can be downloaded, not every upstream answers HEAD.
        """
        headers = {"Range": "bytes=0-3", "Accept-Encoding": "identity"}
        first_bytes = Request(url, self._settings.answer_timeout_s, headers=headers, follows_redirects=True)

        def ask() -> int | None:
            with self._exchange(first_bytes) as response:
                refuse_web_page(response)
                return _stated_size(response)

        return self._with_retries(ask)

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
        self._with_retries(lambda: self._receive(url, part), received_bytes=lambda: part.size)

    def _get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        request = Request(url, self._settings.answer_timeout_s, headers=headers, follows_redirects=True)
        with self._exchange(request) as response:
            body = b"".join(self._requester.body_of(response, _LARGEST_SMALL_RESPONSE))
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
        request = Request(url, self._settings.read_timeout_s, headers=headers, follows_redirects=True)
        with self._exchange(request) as response:
            refuse_web_page(response)
            total = _continue_from(response, part)
            if total is not None and total > _LARGEST_FILE:
                raise too_large(url, _LARGEST_FILE)
            progress = DownloadProgress(part.target.name, total)
            progress.received(part.size)
            try:
                for piece in response.iter_content(_PIECE):
                    part.append(piece)
                    if part.size > _LARGEST_FILE:
                        part.restart()
                        raise too_large(url, _LARGEST_FILE)
                    progress.received(part.size)
            except requests.RequestException as error:
                raise NoResponse(
                    "connection",
                    f"{public_url(url)} broke off after {part.size:,} of {_or_unknown(total)} bytes",
                ) from error
        if total is not None and part.size != total:
            raise NoResponse("truncated", f"{public_url(url)} ended after {part.size:,} of {total:,} bytes")
        progress.finished(part.size)

    @contextmanager
    def _exchange(self, request: Request) -> Iterator[requests.Response]:
        """Send a request and yield a response whose status is a good one, 416 included."""
        with self._requester.exchange(request) as response:
            _check_status(request.url, response)
            yield response

    def _with_retries(self, call: Callable[[], _Result], received_bytes: Callable[[], int] = lambda: 0) -> _Result:
        try:
            return with_retries(call, self._policy, self._before_retry, received_bytes)
        except RetriesExhausted as last:
            raise SourceUnreachable(str(last.error)) from last.error

    def _before_retry(self, retry: Retry) -> None:
        self._requester.tally.add_retry(retry.error.reason)
        logger.info(
            "Trying again in %.1f s: %s",
            retry.wait_s,
            retry.error,
            extra={"event": "retry", "attempt": retry.failures, "retries": self.retries, "wait_s": retry.wait_s},
        )


def _check_status(url: str, response: requests.Response) -> None:
    status = response.status_code
    where = public_url(url)
    if status in (404, 410):
        raise NotFound(f"{where} does not exist")
    if status in _TRANSIENT_STATUSES:
        after = retry_after_s(response.headers.get("Retry-After"))
        raise TransientError(f"http_{status}", f"{where} answered with status {status}", retry_after_s=after)
    if status >= 400 and status != 416:
        raise SourceUnreachable(f"{where} answered with status {status} ({response.reason})")


def _continue_from(response: requests.Response, part: PartialFile) -> int | None:
    """Let the partial file end where the response begins; return the size (bytes) of the whole file if known."""
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
        raise TransientError("wrong_range", f"{where} did not continue where it was asked to")
    if part.size:
        part.restart()
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _stated_size(response: requests.Response) -> int | None:
    """Return the size (bytes) of the whole file that a response states, of which it may hold a part."""
    if response.status_code == 206:
        total = response.headers.get("Content-Range", "").rpartition("/")[2]
    else:
        total = "" if "Content-Encoding" in response.headers else response.headers.get("Content-Length", "")
    return int(total) if total.isdecimal() else None


def _strong_validator(response: requests.Response) -> str | None:
    tag = response.headers.get("ETag")
    return None if tag is None or tag.startswith("W/") else tag


def _or_unknown(count: int | None) -> str:
    return "an unknown number of" if count is None else f"{count:,}"
