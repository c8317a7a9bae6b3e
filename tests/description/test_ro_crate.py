"""The RO-Crate is valid by roc-validator, which needs an older rich and so an environment of its own."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.environments import python_with
from warehouse.snapshots.catalog import Snapshot

HERE = Path(__file__).parent
CONTEXT = HERE / "schemas" / "ro-crate-1.2-context.json"
VALIDATOR = "roc-validator==0.13.0"

pytestmark = [pytest.mark.full, pytest.mark.network]


@pytest.fixture(scope="module")
def python() -> Path:
    return python_with(VALIDATOR)


def issues(python: Path, folder: Path, cache: Path) -> list[str]:
    """Validate a folder; return what each failed check says."""
    command = [str(python), str(HERE / "validate_crate.py"), str(CONTEXT), str(cache), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    report = json.loads(cache.with_name(f"{cache.name}.json").read_text(encoding="utf-8"))
    assert report["passed"] == (done.returncode == 0), done.stdout + done.stderr
    assert report["statistics"]["total_checks"] > 60
    return [issue["message"] for issue in report["issues"]]


def test_the_crate_is_valid_and_a_broken_one_is_not(either: Snapshot, python: Path, tmp_path: Path) -> None:
    crate = tmp_path / "crate"
    shutil.copytree(either.folder, crate, copy_function=shutil.copyfile)
    assert issues(python, crate, tmp_path / "cache") == []
    (crate / "licences.json").unlink()
    assert issues(python, crate, tmp_path / "cache-of-broken")
