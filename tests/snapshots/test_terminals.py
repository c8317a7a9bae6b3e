"""What `icw` prints on any terminal: in its encoding, and without what would steer it."""

from __future__ import annotations

import io
import os
import subprocess

import pytest

from dagster_project.screen import Screen
from tests.support.icw import ICW
from warehouse.snapshots.catalog import Snapshot


@pytest.mark.parametrize(
    "arguments",
    [
        ["status"],
        ["tables"],
        ["snapshots"],
        ["sql", "select 'é … ü' as a"],
        ["sql", "select é"],
        pytest.param(["status", "--json"], marks=pytest.mark.full),
    ],
)
def test_text_is_printed_whatever_the_encoding(published: Snapshot, arguments: list[str]) -> None:
    home = str(published.folder.parent.parent)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "ICW_HOME": home}
    done = subprocess.run([ICW, *arguments], env=environment, capture_output=True, check=False)
    assert "é" not in arguments[-1] or rb"\xe9" in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr
    assert done.returncode == (2 if arguments[-1] == "select é" else 0)


def test_csv_for_a_program_stays_utf_8(published: Snapshot) -> None:
    home = str(published.folder.parent.parent)
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "ICW_HOME": home}
    command = [ICW, "sql", "select 'é' as a", "--format", "csv"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert done.stdout.decode("utf-8").splitlines()[-1].strip('"') == "é"


@pytest.mark.parametrize("steering", ["\x1b[31m", "\r", "\x00", "\u202e", "\x9b"])
def test_no_text_steers_the_terminal(steering: str) -> None:
    screen = Screen(file=io.StringIO(), force_terminal=True, color_system=None)
    screen.print(f"before{steering}after", markup=False)
    assert isinstance(screen.file, io.StringIO)
    assert steering not in screen.file.getvalue()
    assert "after" in screen.file.getvalue()
