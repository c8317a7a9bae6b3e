"""Which process it was: a number that the system gives out again is no alibi, so its start is kept beside it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from pydantic import BaseModel, ConfigDict

# Of /proc/<pid>/stat, after the name: the state is the first field, the start (ticks since the boot) the twentieth.
# See proc_pid_stat(5).
_STATE, _START = 0, 19
_ENDED_STATES = ("Z", "X")


class ProcessIdentity(BaseModel):
    """One process of one host. `start` is the boot of the system and the tick of the start, where it says so."""

    model_config = ConfigDict(frozen=True)

    pid: int
    host: str
    start: str | None = None

    @classmethod
    def of_this_process(cls) -> ProcessIdentity:
        """Return the identity of the process that asks."""
        return cls(pid=os.getpid(), host=socket.gethostname(), start=_start_of(os.getpid()))

    def is_alive(self) -> bool | None:
        """Return whether the process still lives, or None where that cannot be told from this host."""
        if self.host != socket.gethostname():
            return None
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return self.start is None or self.start == _start_of(self.pid)


def _start_of(pid: int) -> str | None:
    """Return when a process started; None where it has ended, or where the system has no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return None if fields[_STATE] in _ENDED_STATES else f"{boot}:{fields[_START]}"
