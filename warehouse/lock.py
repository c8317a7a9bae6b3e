"""The refresh lock: at most one process may write to a warehouse home. Readers never need it.

The lock is the kernel's (flock on `<home>/lock`), so that it ends with its process however that ends. What is written
into the file only says who holds it.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.errors import LockHeld
from warehouse.files import is_locked, writing_to
from warehouse.home import claim
from warehouse.process_identity import ProcessIdentity

log = logging.getLogger("icw.lock")

# A holder writes its name just after it got the lock; whoever comes in between waits this long for the name.
_PATIENCE_S = 1.0

# Whoever waits for a holder that is at work looks again after this long.
_LOOK_AGAIN_S = 0.5

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

# A service starts its runs with a whole program or document as an argument; its beginning tells which it is.
_LONGEST_COMMAND = 120


class LockHolder(BaseModel):
    """The process that holds (or held) the lock: which run it is, since when, and the beginning of what was typed."""

    model_config = ConfigDict(frozen=True)

    run_id: str = ""
    process: ProcessIdentity
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
def refresh_lock(home: Path, run_id: str = "", wait_s: float = 0.0) -> Iterator[None]:
    """Hold the refresh lock of a warehouse home for the body of a `with`; makes the home if need be.

    `run_id` is what others are told of the holder; `wait_s` is how long (seconds) to wait for it. Not re-entrant: a
    second attempt fails in the same process, too. A lock that a dead process left is taken over.

    Raises:
        LockHeld: a live process holds the lock; the message says which.
        UsageError: the folder is somebody else's.
        StorageError: the home cannot be written.
    """
    path = _path(home)
    claim(home)
    with writing_to(path):
        # Closed on exec (Python's default for new descriptors): a program that is started in the body does not get it.
        lock = _Lock(os.open(path, os.O_RDWR | os.O_CREAT, 0o644))
    try:
        with writing_to(path):
            _take(lock, path, run_id, wait_s)
        try:
            yield
        finally:
            lock.write("")
    finally:
        lock.close()


def is_held_for(home: Path, run_id: str) -> bool:
    """Return whether this very process holds the lock of the home for this run."""
    holder = _holder(_path(home))
    return holder is not None and (holder.run_id, holder.process) == (run_id, ProcessIdentity.of_this_process())


def is_held(home: Path) -> bool:
    """Return whether any process holds the lock of the home, on whatever host, as far as the file system knows."""
    return is_locked(_path(home))


def _path(home: Path) -> Path:
    return home / "lock"


def _take(lock: _Lock, path: Path, run_id: str, wait_s: float) -> None:
    assert lock.descriptor is not None
    # Whoever holds it without a name of a living process has just taken it, or only looks whether it is held.
    started = time.monotonic()
    while not _locked(lock.descriptor):
        holder = _holder(path)
        is_named = holder is not None and holder.process.is_alive() is not False
        if time.monotonic() - started >= max(wait_s, 0.0 if is_named else _PATIENCE_S):
            raise LockHeld(_refusal(path, holder))
        time.sleep(_LOOK_AGAIN_S if is_named else 0.02)
    left = _holder(path)
    if left is not None:
        log.warning(
            "took over the lock that process %d left behind when it ended (%s)",
            left.process.pid,
            left.command,
            extra={"event": "stale_lock", "pid": left.process.pid, "host": left.process.host},
        )
    me = LockHolder(
        run_id=run_id,
        process=ProcessIdentity.of_this_process(),
        started_at=datetime.now(UTC).replace(microsecond=0),
        command=_in_one_line(shlex.join(sys.argv)),
    )
    try:
        lock.write(me.model_dump_json() + "\n")
    except OSError as error:
        # The kernel's lock holds without the name. Only a run that is to be told by it cannot do without: what frees
        # space must get through where there is none.
        if run_id or error.errno not in _NO_SPACE:
            raise


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refusal(path: Path, holder: LockHolder | None) -> str:
    if holder is None:
        who = "a process that has not said its name"
    else:
        process = holder.process
        elsewhere = "" if process.host == ProcessIdentity.of_this_process().host else f" on {process.host}"
        run = f"run {holder.run_id[:8]}, " if holder.run_id else ""
        since = f"since {holder.started_at:%Y-%m-%d %H:%M:%S} UTC"
        who = f"{run}process {process.pid}{elsewhere}, {since} ({holder.command})"
    return (
        f"Another refresh is writing to {path.parent}: {who}. "
        "Wait until it has finished, or stop it, then run the command again."
    )


def _in_one_line(command: str) -> str:
    words = "".join(letter if letter.isprintable() else " " for letter in command)
    words = " ".join(words.split())
    return words if len(words) <= _LONGEST_COMMAND else words[: _LONGEST_COMMAND - 3] + "..."


def _holder(path: Path) -> LockHolder | None:
    try:
        return LockHolder.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None
