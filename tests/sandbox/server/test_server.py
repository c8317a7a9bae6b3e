from __future__ import annotations

import os
import subprocess
import sys
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
    assert not list(population.glob(f"running-{os.getpid()}-*"))


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
