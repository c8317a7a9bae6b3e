"""Run a command as a process of its own and measure it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measurement:
    """Wall-clock seconds, the peak resident memory of the largest process in MB (1,000,000 bytes), and CPU seconds."""

    seconds: float
    peak_mb: float
    output: str
    cpu_seconds: float = 0.0


def measured(command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Measurement:
    """Run a command to its end, once all is on the disk that was written before.

    Raises:
        SystemExit: it failed; its output is in the message.
    """
    os.sync()
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        env=os.environ | dict(environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{output}")
    # Linux counts kibibytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Measurement(seconds, usage.ru_maxrss * unit / 1e6, output, usage.ru_utime + usage.ru_stime)
