"""`icw site`: the path of the pages, and the pages on loopback with nothing else of the disk."""

from __future__ import annotations

import http.client
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.icw import ICW
from warehouse.errors import UsageError
from warehouse.site.serving import ADDRESS, HEADERS, server
from warehouse.snapshots.catalog import Snapshot


@pytest.fixture(scope="module")
def port(snapshot: Snapshot) -> Iterator[int]:
    with server(snapshot.site.parent, 0) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True).start()
        yield serving.server_port
        serving.shutdown()


def answer(port: int, path: str, *, method: str = "GET", host: str | None = None) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
    try:
        connection.request(method, path, headers={} if host is None else {"Host": host})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


@pytest.mark.parametrize("name", ["", "index.html", "explore.html", "cite.html?x=1"])
def test_pages_are_served_with_every_header(port: int, snapshot: Snapshot, name: str) -> None:
    status, headers, body = answer(port, f"/{name}")
    page = name.partition("?")[0] or "index.html"
    assert (status, body) == (200, (snapshot.site.parent / page).read_bytes())
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert dict(HEADERS).items() <= headers.items()
    assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/../manifest.json", "/%2e%2e/manifest.json", "/manifest.json", "//etc/passwd", "/x"])
def test_nothing_else_is_served(port: int, path: str) -> None:
    status, headers, body = answer(port, path)
    assert (status, body) == (404, b"There is no such page.")
    assert dict(HEADERS).items() <= headers.items()


def test_another_name_for_loopback_gets_nothing(port: int) -> None:
    assert answer(port, "/", host="attacker.example")[0] == 404
    assert answer(port, "/", host=f"localhost:{port}")[0] == 200


def test_only_reading_is_answered(port: int) -> None:
    status, _, body = answer(port, "/", method="HEAD")
    assert (status, body) == (200, b"")
    assert answer(port, "/", method="POST")[0] == 501


def test_a_port_that_is_taken_is_one_sentence(port: int, snapshot: Snapshot) -> None:
    with pytest.raises(UsageError, match=f"Port {port} of 127.0.0.1 cannot be had"):
        server(snapshot.site.parent, port)


def icw(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = os.environ | {"ICW_HOME": str(home)}
    return subprocess.run([ICW, *arguments], env=settings, capture_output=True, text=True, timeout=60, check=False)


def test_the_command_prints_the_path(home: Path, snapshot: Snapshot, tmp_path: Path) -> None:
    done = icw(home, "site")
    assert (done.returncode, done.stdout) == (0, f"{snapshot.site}\n")
    done = icw(home, "site", "--snapshot", snapshot.id, "--output", str(tmp_path / "pages"))
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'pages' / 'index.html'}\n")
    assert (tmp_path / "pages" / "index.html").read_bytes() == snapshot.site.read_bytes()


def test_the_command_serves_until_it_is_interrupted(home: Path) -> None:
    settings = os.environ | {"ICW_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    command = [ICW, "site", "serve", "--port", "0"]
    with subprocess.Popen(command, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith(f"http://{ADDRESS}:")
        assert answer(int(address.rstrip("/").rpartition(":")[2]), "/gaps.html")[0] == 200
        process.send_signal(2)
        assert process.wait(timeout=30) == 0
