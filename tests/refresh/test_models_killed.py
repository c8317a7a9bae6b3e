"""A refresh whose models are killed, as the system does when memory runs out."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.icw import ICW
from tests.support.small_bucket import Bucket, environment
from warehouse.errors import BuildFailed


def models_of(process: int) -> int | None:
    """The process that another one has started for the models, if it runs by now."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for child in Path(f"/proc/{process}/task/{process}/children").read_text().split():
            if b"model_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


@pytest.mark.full
def test_models_that_are_killed_end_the_refresh_with_what_can_be_done(bucket: Bucket, tmp_path: Path) -> None:
    bucket.publish("24.2.2")
    process = subprocess.Popen(
        [ICW, "refresh"],
        env=environment(bucket, tmp_path / "home", ICW_UPSTREAMS='["idc"]'),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    models = None
    while process.poll() is None and models is None:
        models = models_of(process.pid)
    assert models is not None, process.communicate()
    os.kill(models, signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == BuildFailed.exit_code
    (sentence,) = (line for line in said.splitlines() if line.startswith("icw: "))
    assert "The process that builds the star was ended from outside (SIGKILL)" in sentence
    assert "lower ICW_MEMORY_LIMIT or ICW_THREADS" in sentence
    assert "Traceback" not in said
