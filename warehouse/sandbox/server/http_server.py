"""The HTTP server on loopback: reading requests, sending replies, and faults below HTTP.

What belongs here: connections and their threads, bodies, and what happens to a reply on the wire: a hang, a connection
reset, a body that ends early. Which service answers and with what is decided by the application.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl, urlsplit

from warehouse.sandbox.exchange import FileSlice, Reply, Request, discard
from warehouse.sandbox.guppy.service import MAX_BODY
from warehouse.sandbox.server.control import PREFIX
from warehouse.sandbox.server.faults import Fault
from warehouse.sandbox.server.request_log import RequestEntry, RequestLog
from warehouse.sandbox.server.services import service_and_path

_LOG = logging.getLogger("icw.sandbox")
_CHUNK = 1 << 18


class Application(Protocol):
    """The source of the replies: the sandbox."""

    requests: RequestLog

    def answer(self, request: Request, entry: RequestEntry) -> tuple[Reply, Fault | None]:
        """Return the reply of a service, and the fault that affects it if any; complete the log entry."""
        ...

    def control(self, request: Request) -> Reply:
        """Return the reply to a request below `/_sandbox/`."""
        ...


class SandboxServer(ThreadingHTTPServer):
    """The HTTP server of a sandbox on loopback; `stopping` releases the requests that hang."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], application: Application) -> None:
        super().__init__(address, _Handler)
        self.application = application
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Register the connection, so that an idle one does not outlive the server."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Close the port and all connections, and wait for their threads."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log the error; a client that closes the connection is not an error of the sandbox."""
        if isinstance(sys.exception(), OSError):
            _LOG.debug("A connection ended early.", exc_info=True)
        else:
            _LOG.error("A request could not be answered.", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server_version = "ImagingCommonsSandbox"
    sys_version = ""

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        _LOG.debug(format, *args)

    def _serve(self) -> None:
        server = cast(SandboxServer, self.server)
        application = server.application
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        if parts.path.startswith(PREFIX):
            request = self._read(parts.path, parts.query, headers)
            self._send(application.control(request))
            return
        agent = headers.get("user-agent", "")
        with application.requests.recording(service_and_path(parts.path)[0], self.command, self.path, agent) as entry:
            request = self._read(parts.path, parts.query, headers)
            entry.bytes_received = len(request.body)
            reply, fault = application.answer(request, entry)
            kind = fault.kind if fault is not None else None
            if fault is not None and kind in ("hang", "request_timed_out"):
                server.stopping.wait(fault.seconds)
            if reply.harmful is not None or kind in ("hang", "connection_reset"):
                discard(reply)
                self._reset()
                return
            entry.status = reply.status
            cut = reply.length // 2 if kind == "truncated_body" else None
            entry.bytes_sent = 0 if self.command == "HEAD" else reply.length if cut is None else cut
            application.requests.answered(entry)
            self._send(reply, cut)

    def _read(self, path: str, query: str, headers: dict[str, str]) -> Request:
        length = int(headers.get("content-length") or 0)
        body = self.rfile.read(min(length, MAX_BODY + 1))
        if length > MAX_BODY:
            self.close_connection = True
        return Request(self.command, path, dict(parse_qsl(query)), headers, body)

    def _send(self, reply: Reply, cut: int | None = None) -> None:
        """Write the reply, of the body only the first `cut` bytes if given."""
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(reply.length))
        self.send_header("X-Synthetic", "true")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        length = reply.length if cut is None else cut
        if isinstance(reply.body, bytes):
            self.wfile.write(reply.body[:length])
        else:
            self._send_file(reply.body, length)
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True

    def _send_file(self, body: FileSlice, length: int) -> None:
        with body.path.open("rb") as file:
            if body.temporary:
                # The open file stays readable; nothing is left whatever happens while it is sent.
                body.path.unlink()
            file.seek(body.start)
            while length > 0 and (chunk := file.read(min(_CHUNK, length))):
                self.wfile.write(chunk)
                length -= len(chunk)

    def _reset(self) -> None:
        """Close the connection with a TCP reset."""
        self.close_connection = True
        # With a linger time of 0 the last close sends a reset; it happens when the handler closes its files.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
