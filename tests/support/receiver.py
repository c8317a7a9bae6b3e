"""A receiver of alerts and heartbeats on loopback: it takes Apprise's JSON."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PASSWORD = "s3cretword"


class Receiver:
    """A receiver on loopback; `status` is what it answers, `heartbeats` the User-Agent of each request for nothing."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.heartbeats: list[str] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.messages.append(json.loads(body))
                self.send_response(receiver.status)
                self.end_headers()

            def do_GET(self) -> None:
                receiver.heartbeats.append(self.headers["User-Agent"])
                self.send_response(receiver.status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"json://user:{PASSWORD}@127.0.0.1:{self._server.server_address[1]}/hook"

    @property
    def heartbeat_address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/ping/{PASSWORD}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
