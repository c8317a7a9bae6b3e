"""The site of a snapshot over HTTP, on loopback only: its pages, and nothing else of the disk."""

from __future__ import annotations

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from warehouse.errors import UsageError

ADDRESS = "127.0.0.1"

# A name that leads to loopback is no reason to answer: pages of others could read this one under a name of theirs.
_OWN_NAMES = frozenset({ADDRESS, "localhost"})

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; connect-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""What every answer carries. Each page narrows the policy further, to the digest of its own script."""


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of the pages in a folder on loopback; port 0 takes a free one. The pages are read once.

    Raises:
        UsageError: the port cannot be had.
    """
    pages = {f"/{page.name}": page.read_bytes() for page in sorted(folder.glob("*.html"))}
    pages["/"] = pages["/index.html"]

    class Handler(_Handler):
        content = pages

    try:
        made = ThreadingHTTPServer((ADDRESS, port), Handler)
    except OSError as error:
        raise UsageError(
            f"Port {port} of {ADDRESS} cannot be had ({error.strerror}). Name another with --port; 0 takes a free one."
        ) from error
    made.daemon_threads = True
    return made


class _Handler(BaseHTTPRequestHandler):
    content: Mapping[str, bytes]

    def do_GET(self) -> None:
        """Answer with a page."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of a page."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        is_meant = urlsplit(f"//{self.headers.get('Host', '')}").hostname in _OWN_NAMES
        body = self.content.get(urlsplit(self.path).path) if is_meant else None
        self.send_response(404 if body is None else 200)
        answer = b"There is no such page." if body is None else body
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"text/{'plain' if body is None else 'html'}; charset=utf-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if with_body:
            self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of requests: the terminal shows the address."""
