"""Running a command and watching all that comes of it: a JVM is a child of a child, and outlives its parent."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from tests.bench.process_tree import cpu, resident_bytes, runs, tree

_EVERY_S = 0.25
# A folder may hold thousands of shuffle files.
_FOLDERS_EVERY_S = 1.0


@dataclass(frozen=True)
class Watched:
    """What a command cost with all that it started.

    Attributes:
        seconds: by the clock, until the last process had ended.
        cpu_seconds: user and system; the last quarter of a second of each process may be missing.
        peak_bytes: the most that all processes together held in memory, what two share counted twice.
        scratch_bytes: the most that the files below the watched folders took of the disk.
        others_cpu_seconds: what all else on the machine took of its processors meanwhile.
        failure: the end of what the command said, if it failed or was stopped; None if it ended well.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    scratch_bytes: int
    others_cpu_seconds: float
    failure: str | None


def watched(
    command: Sequence[str | Path], environment: Mapping[str, str], folders: Sequence[Path], most_seconds: float
) -> Watched:
    """Run a command until it and all that it started have ended, and stop it after `most_seconds`."""
    os.sync()
    started, busy_before = time.perf_counter(), _busy_cpu_seconds()
    computed: dict[int, float] = {}
    peak = scratch = 0
    looked = 0.0
    with TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        root = subprocess.Popen(
            [str(part) for part in command],
            env=os.environ | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        while True:
            root.poll()
            # One that its parent has left behind is no longer below the root.
            alive = [process for process in {*tree([root.pid]), *computed} if runs(process)]
            if not alive:
                break
            computed |= {process: max(cpu(process), computed.get(process, 0.0)) for process in alive}
            peak = max(peak, sum(map(resident_bytes, alive)))
            elapsed = time.perf_counter() - started
            if elapsed - looked >= _FOLDERS_EVERY_S:
                scratch, looked = max(scratch, sum(map(_bytes_below, folders))), elapsed
            if elapsed > most_seconds:
                # Whatever it started ends with it: a process of models ends with its caller.
                root.kill()
            time.sleep(_EVERY_S)
        seconds, busy = time.perf_counter() - started, _busy_cpu_seconds() - busy_before
        said.seek(0)
        last_words = " ".join(said.read()[-2000:].split())
    failure = None if root.wait() == 0 else last_words or "it said nothing"
    if seconds > most_seconds:
        failure = f"stopped after {most_seconds:,.0f} s"
    own = sum(computed.values())
    return Watched(seconds, own, peak, scratch, max(busy - own, 0.0), failure)


def _busy_cpu_seconds() -> float:
    """Return the seconds that the processors of the machine have worked since it started (`proc_stat(5)`)."""
    user, nice, system, _idle, _iowait, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _bytes_below(folder: Path) -> int:
    """Return the bytes that the files below a folder take of the disk; files may come and go meanwhile."""
    taken = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                taken += (Path(parent) / name).stat().st_blocks * 512
    return taken
