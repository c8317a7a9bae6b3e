"""What Linux says of processes and of all that come from them, read from /proc: CPU, memory, bytes written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def require_proc() -> None:
    """Stop where there is no /proc to read.

    Raises:
        SystemExit: this is not Linux.
    """
    if not Path("/proc/self/smaps_rollup").exists():
        raise SystemExit("What processes cost is read from /proc, which only Linux has.")


def tree(roots: Sequence[int]) -> list[int]:
    """Return the ids of processes and of all that come from them."""
    parents = {int(path.name): _stat(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    found = list(roots)
    for process in found:
        found += [child for child, stat in parents.items() if stat and int(stat[1]) == process]
    return found


def runs(process: int) -> bool:
    """Return whether a process is there and has not ended."""
    stat = _stat(process)
    return bool(stat) and stat[0] != "Z"


def cpu_with_children(processes: Sequence[int]) -> float:
    """Return the seconds that processes, and the children they have waited for, have computed."""
    return sum(sum(map(int, stat[11:15])) for process in processes if (stat := _stat(process))) / _TICKS


def cpu(process: int) -> float:
    """Return the seconds that a process alone has computed; 0 where it is gone."""
    return sum(map(int, _stat(process)[11:13])) / _TICKS


def proportional_bytes(process: int) -> int:
    """Return the memory of a process, with its share of what it shares (PSS)."""
    return _field(process, "smaps_rollup", "Pss:") * 1024


def resident_bytes(process: int) -> int:
    """Return the memory of a process, with all of what it shares (RSS); 0 where it is gone."""
    stat = _stat(process)
    return int(stat[21]) * _PAGE if stat else 0


def written_bytes(processes: Sequence[int]) -> int:
    """Return the bytes that came to a disk: what SQLite's logs held which were removed before that did not."""
    return sum(
        _field(process, "io", "write_bytes:") - _field(process, "io", "cancelled_write_bytes:") for process in processes
    )


def _stat(process: int) -> list[str]:
    """Return the fields of a process's /proc/stat after its name; none where it is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _field(process: int, file: str, name: str) -> int:
    """Return the number behind a name in a file of /proc; 0 where the process is gone."""
    try:
        lines = Path(f"/proc/{process}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
