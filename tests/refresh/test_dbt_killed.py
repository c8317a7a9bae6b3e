"""A refresh whose dbt is killed, as the system does when memory runs out."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.refresh.conftest import ICW, Bucket, environment
from warehouse.errors import BuildFailed


def dbt_of(process: int) -> int | None:
    """The dbt process that another one has started, if it runs by now."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            if b"dbt_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


@pytest.mark.full
def test_a_dbt_that_is_killed_ends_the_refresh_with_what_can_be_done(bucket: Bucket, tmp_path: Path) -> None:
    bucket.publish("24.2.2")
    process = subprocess.Popen(
        [ICW, "refresh"],
        env=environment(bucket, tmp_path / "home", ICW_UPSTREAMS='["idc"]'),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    dbt = None
    while process.poll() is None and dbt is None:
        dbt = dbt_of(process.pid)
    assert dbt is not None, process.communicate()
    os.kill(dbt, signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == BuildFailed.exit_code
    (sentence,) = (line for line in said.splitlines() if line.startswith("icw: "))
    assert "dbt was ended from outside (SIGKILL)" in sentence
    assert "lower ICW_MEMORY_LIMIT or ICW_THREADS" in sentence
    assert "Traceback" not in said
