"""What is installed is what was locked, byte for byte, and what is known against it is told."""

from __future__ import annotations

import json
import re
import threading
import tomllib
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.support.vulnerabilities import ACCEPTED, accepted, audit

ROOT = Path(__file__).resolve().parents[1]

VULNERABILITY = "GHSA-aaaa-bbbb-cccc"


@pytest.fixture
def database() -> Iterator[str]:
    """A database of vulnerabilities on loopback that knows one, of requests; the address of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            known = {"vulns": [{"id": VULNERABILITY, "modified": "2026-01-01T00:00:00Z"}]}
            self._answer({"results": [known if one["package"]["name"] == "requests" else {} for one in asked]})

        def do_GET(self) -> None:
            ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]
            affected = [{"package": {"name": "requests", "ecosystem": "PyPI"}, "ranges": ranges}]
            self._answer({"id": VULNERABILITY, "modified": "2026-01-01T00:00:00Z", "affected": affected})

        def _answer(self, found: object) -> None:
            body = json.dumps(found).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_locked_package_has_the_hash_of_each_file() -> None:
    locked = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))["package"]
    assert len(locked) > 200
    for package in locked:
        if "editable" in package["source"]:
            continue
        files = [*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else ())]
        assert files, package["name"]
        assert all(file["hash"].startswith("sha256:") for file in files), package["name"]
        assert package["source"] == {"registry": "https://pypi.org/simple"}, package["name"]


@pytest.mark.parametrize("page", ["Makefile", "Containerfile"])
def test_nothing_is_installed_without_a_hash_but_the_project_itself(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ")
    commands = re.findall(r"pip install [^;&\n]*", text)
    assert commands
    for command in commands:
        assert "--require-hashes" in command or re.search(r"--no-deps --editable \.\s*$", command), command
    assert not re.findall(r"uv (?:sync|export) (?!--frozen)", text)


def test_the_installer_has_hashes() -> None:
    text = (ROOT / "installer.txt").read_text(encoding="utf-8")
    assert re.findall(r"^(\w+)==[\d.]+ \\$", text, re.MULTILINE) == ["uv"]
    assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) > 10


def test_a_known_vulnerability_fails_until_it_is_accepted_and_again_after_that_day(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    text = f"- {{id: {VULNERABILITY}, until: 2027-01-31, by: A. Developer, reason: Only its server is affected.}}"
    entries = accepted(text)
    address = ("--service-url", database)
    code, said = audit((), date(2026, 12, 1), *address)
    assert code == 1
    assert VULNERABILITY in said
    assert audit(entries, date(2027, 1, 31), *address)[0] == 0
    assert audit(entries, date(2027, 2, 1), *address)[0] == 1


def test_a_database_that_does_not_answer_is_no_silent_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    code, said = audit((), date(2026, 12, 1), "--service-url", "http://127.0.0.1:1/")
    assert code == 0
    assert said.startswith("NOT CHECKED: ")


@pytest.mark.parametrize("left_out", ["until", "by", "reason"])
def test_an_acceptance_without_day_author_or_reason_is_refused(left_out: str) -> None:
    entry = {"id": VULNERABILITY, "until": "2027-01-31", "by": "A. Developer", "reason": "None is reached."}
    with pytest.raises(ValidationError, match=left_out):
        accepted(json.dumps([{name: value for name, value in entry.items() if name != left_out}]))


def test_the_list_of_the_project_can_be_read() -> None:
    assert isinstance(accepted(ACCEPTED.read_text(encoding="utf-8")), tuple)
