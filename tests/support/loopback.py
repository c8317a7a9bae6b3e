"""A real HTTP server on the loopback interface: serves what it is given, misbehaves on demand, remembers who asked."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


@dataclass(frozen=True)
class Resource:
    body: bytes
    content_type: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    ranges: bool = True
    etag: bool = True

    @property
    def validator(self) -> str:
        return f'"{hashlib.md5(self.body).hexdigest()}"'


@dataclass
class Fault:
    """What goes wrong with the next `times` requests for a path.

    The answer has another `status`, or there is none at all until the event `mute` is set, or the body is cut after the
    byte `cut_at` of the whole file (with `hold`, the connection then stays open and silent until that event is set) and
    `then` is called.
    """

    times: int = 1
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: Callable[[int], int] | int | None = None
    mute: threading.Event | None = None
    hold: threading.Event | None = None
    then: Callable[[], object] = lambda: None

    def cut(self, start: int, size: int) -> int:
        if self.cut_at is None:
            return size
        return min(size, self.cut_at(start) if callable(self.cut_at) else self.cut_at)


@dataclass
class Request:
    """One request as it came in, and what was answered; `sent` counts the bytes of the body as they go out."""

    path: str
    range: str | None
    headers: dict[str, str]
    status: int = 0
    sent: int = 0


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients break off on purpose here: that is no news."""


class Loopback:
    """The server; `url` is its address without a trailing slash."""

    def __init__(self) -> None:
        self.resources: dict[str, Resource] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.requests: list[Request] = []
        self.held = threading.Event()
        loopback = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                loopback._answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = _QuietServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(
        self, path: str, body: bytes | str, content_type: str = "application/octet-stream", **more: object
    ) -> str:
        """Serve `body` at `path` (which starts with a slash and may hold a query) and return its address."""
        content = body.encode() if isinstance(body, str) else body
        self.resources[path] = Resource(content, content_type, **more)  # type: ignore[arg-type]
        return self.url + path

    def redirect(self, path: str, location: str) -> None:
        self.resources[path] = Resource(b"", headers={"Location": location}, status=302)

    def fail(self, path: str, fault: Fault) -> None:
        self.faults.setdefault(path, []).append(fault)

    def asked_for(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def sent(self, path: str) -> int:
        """Body bytes that were sent for this path, over all requests."""
        return sum(request.sent for request in self.asked_for(path))

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        path, wanted = handler.path, handler.headers.get("Range")
        # Noted before anything is answered: who reads the notes may be who gets the answer.
        request = Request(path, wanted, dict(handler.headers.items()))
        self.requests.append(request)
        resource = self.resources.get(path)
        fault = self._next_fault(path)
        if fault is not None and fault.mute is not None:
            handler.close_connection = True
            fault.mute.wait(30)
            return
        if fault is not None and fault.status is not None:
            resource = Resource(b"no", "text/plain", fault.headers, fault.status)
            fault = None
        if resource is None:
            resource = Resource(b"nothing here", "text/plain", status=404)
        body, start, status, headers = resource.body, 0, resource.status, dict(resource.headers)
        if resource.etag and status == 200:
            headers["ETag"] = resource.validator
        condition = handler.headers.get("If-Range")
        if wanted and status == 200 and resource.ranges and condition in (None, resource.validator):
            match = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted)
            assert match, wanted
            start, end = int(match[1]), int(match[2] or len(body) - 1)
            if start >= len(body):
                status, body = 416, b""
                headers["Content-Range"] = f"bytes */{len(resource.body)}"
            else:
                status, body = 206, body[start : end + 1]
                headers["Content-Range"] = f"bytes {start}-{start + len(body) - 1}/{len(resource.body)}"
        request.status = status
        handler.send_response(status)
        for name, value in {"Content-Type": resource.content_type, "Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        try:
            whole = start + len(body)
            stop = whole if fault is None else max(start, fault.cut(start, whole))
            for offset in range(start, stop, 1 << 14):
                piece = body[offset - start : min(offset + (1 << 14), stop) - start]
                request.sent += len(piece)
                handler.wfile.write(piece)
            if fault is not None and stop < whole:
                handler.close_connection = True
                if fault.hold is not None:
                    handler.wfile.flush()
                    self.held.set()
                    fault.hold.wait(30)
                fault.then()
        except OSError:  # the client has gone
            handler.close_connection = True

    def _next_fault(self, path: str) -> Fault | None:
        for fault in self.faults.get(path, []):
            if fault.times > 0:
                fault.times -= 1
                return fault
        return None
