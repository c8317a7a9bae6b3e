"""The messages between the HTTP server and the services: one request and its reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Request:
    """One HTTP request; `path` follows the prefix of the service, the names of `headers` are lower-case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class FileSlice:
    """A body in a file: `length` bytes from `start`. A `temporary` file is removed after it is sent."""

    path: Path
    start: int
    length: int
    temporary: bool = False


@dataclass(frozen=True)
class Reply:
    """One HTTP reply, and the classification of its request.

    `places` and `record_types` classify the request (see `warehouse.sandbox.server.faults`). `harmful` is why the
    request would have ended the real server process: the connection is then closed without an answer.
    """

    status: int
    body: bytes | FileSlice
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    places: frozenset[str] = frozenset()
    record_types: frozenset[str] = frozenset()
    harmful: str | None = None

    @property
    def length(self) -> int:
        """The length of the body in bytes."""
        return len(self.body) if isinstance(self.body, bytes) else self.body.length


def discard(reply: Reply) -> None:
    """Remove the temporary file of a reply that is not sent."""
    if isinstance(reply.body, FileSlice) and reply.body.temporary:
        reply.body.path.unlink(missing_ok=True)


def html(status: int, title: str, text: str) -> Reply:
    """Return an HTML page, as web frameworks and firewalls answer."""
    page = (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n</head>\n'
        f"<body>\n<pre>{text}</pre>\n</body>\n</html>\n"
    )
    return Reply(status, page.encode(), "text/html; charset=utf-8")
