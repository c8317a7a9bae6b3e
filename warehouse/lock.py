"""The refresh lock: at most one process may write to a warehouse home. Readers never need it.

The lock is the kernel's (flock on `<home>/lock`), so that it ends with its process however that ends. What is written
into the file only says who holds it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.errors import LockHeld
from warehouse.landing import writing_to

log = logging.getLogger("icw.lock")

# A holder writes its name just after it got the lock; whoever comes in between waits this long for the name.
_PATIENCE_S = 1.0


class LockHolder(BaseModel):
    """The process that holds (or held) the lock: where it runs, since when, and what was typed."""

    model_config = ConfigDict(frozen=True)

    pid: int
    host: str
    started_at: datetime
    command: str


class _Lock:
    """An open and locked file. A forked child closes its copy, so that the lock stays with the process that took it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor: int | None = descriptor
        os.register_at_fork(after_in_child=self.close)

    def close(self) -> None:
        """Give up this process's copy of the file. The kernel releases the lock with the last copy."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def write(self, text: str) -> None:
        """Replace what the file says; does nothing in a forked child."""
        if self.descriptor is not None:
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, text.encode(), 0)


@contextmanager
def refresh_lock(home: Path) -> Iterator[None]:
    """Hold the refresh lock of a warehouse home for the body of a `with`; makes the home if need be.

    Not re-entrant: a second attempt fails in the same process, too. A lock that a dead process left is taken over.

    Raises:
        LockHeld: a live process holds the lock; the message says which.
        StorageError: the home cannot be written.
    """
    path = home / "lock"
    with writing_to(path):
        home.mkdir(parents=True, exist_ok=True)
        # Closed on exec (Python's default for new descriptors): a program that is started in the body does not get it.
        lock = _Lock(os.open(path, os.O_RDWR | os.O_CREAT, 0o644))
    try:
        with writing_to(path):
            _take(lock, path)
        try:
            yield
        finally:
            lock.write("")
    finally:
        lock.close()


def _take(lock: _Lock, path: Path) -> None:
    assert lock.descriptor is not None
    try:
        fcntl.flock(lock.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LockHeld(_refusal(path)) from None
    left = _holder(path)
    if left is not None:
        log.warning(
            "took over the lock that process %d left behind when it ended (%s)",
            left.pid,
            left.command,
            extra={"event": "stale_lock", "pid": left.pid, "host": left.host},
        )
    me = LockHolder(
        pid=os.getpid(),
        host=socket.gethostname(),
        started_at=datetime.now(UTC).replace(microsecond=0),
        command=shlex.join(sys.argv),
    )
    lock.write(me.model_dump_json() + "\n")


def _refusal(path: Path) -> str:
    deadline = time.monotonic() + _PATIENCE_S
    holder = _holder(path)
    while (holder is None or not _alive(holder)) and time.monotonic() < deadline:
        time.sleep(0.02)
        holder = _holder(path)
    if holder is None:
        who = "a process that has not said its name"
    else:
        elsewhere = f" on {holder.host}" if holder.host != socket.gethostname() else ""
        who = f"process {holder.pid}{elsewhere}, since {holder.started_at:%Y-%m-%d %H:%M:%S} UTC ({holder.command})"
    return (
        f"Another refresh is writing to {path.parent}: {who}. "
        "Wait until it has finished, or stop it, then run the command again."
    )


def _holder(path: Path) -> LockHolder | None:
    try:
        return LockHolder.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


def _alive(holder: LockHolder) -> bool:
    """Whether the process lives, as far as this host can tell; the name of a dead one is about to be replaced."""
    if holder.host != socket.gethostname():
        return True
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
