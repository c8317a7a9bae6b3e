from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import SCALE, SEED
from warehouse.sandbox.server import Sandbox


def test_two_sandboxes_of_one_population_do_not_disturb_each_other(population: Path) -> None:
    with Sandbox(population, SCALE, SEED) as first:
        with Sandbox(population, SCALE, SEED) as second:
            assert first.root_url != second.root_url
        response = requests.post(
            f"{first.portal_url}/guppy/download", json={"type": "case", "fields": ["_case_id"]}, timeout=9
        )
        assert response.status_code == 200
    assert not list(population.glob("running-*"))


def test_what_a_killed_run_left_is_removed(population: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = population / f"running-{ended.pid}-left"
    left.mkdir()
    with Sandbox(population, SCALE, SEED):
        assert not left.exists()


def test_leaving_the_context_releases_requests_that_hang(population: Path) -> None:
    with Sandbox(population, SCALE, SEED) as sandbox:
        url = f"{sandbox.root_url}/_sandbox/faults"
        requests.post(url, json={"kind": "hang", "seconds": 3600}, timeout=9)
        with pytest.raises(requests.Timeout):
            requests.get(f"{sandbox.portal_url}/index/_stats", timeout=0.2)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=9)


def test_serving_lasts_until_it_is_interrupted(population: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = (
        "from pathlib import Path; from warehouse.sandbox.server import serve; "
        f"serve(Path({str(population)!r}), {SCALE}, {SEED}, port={port})"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        url = f"http://127.0.0.1:{port}/portal/guppy/_version"
        for _ in range(600):
            try:
                assert requests.get(url, timeout=9).json()["synthetic"] is True
                break
            except requests.ConnectionError:
                time.sleep(0.05)
        else:
            pytest.fail("The sandbox did not start.")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
