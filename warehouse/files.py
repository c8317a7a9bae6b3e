"""Files as everything below the home is written: whole or not at all, flushed to disk, refused in a sentence."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import IntegrityError, StorageError

_CHUNK = 1 << 20

# No hard links at all, on another file system, too many of one file, or (Linux) not to the file of another user.
_NO_LINKS = frozenset({errno.EPERM, errno.EXDEV, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


@contextmanager
def writing_to(path: Path) -> Iterator[None]:
    """Turn an operating system's refusal to write below `path` into a `StorageError` that says what to do."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        advice = "Free some space or point ICW_HOME at a folder that can be written, then run the command again."
        if error.errno == errno.ENOENT:
            # No lack of space: what was there a moment ago is gone, or the home was taken away.
            advice = (
                "It was there, or was about to be: another program removed it, or the disk is not mounted any more. "
                "See that only icw writes below ICW_HOME, then run the command again."
            )
        raise StorageError(f"Cannot write to {error.filename or path}: {reason}. {advice}") from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 (hex) of a file, reading it in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def files_below(folder: Path, suffix: str) -> list[Path]:
    """Return the files below a folder whose names end so, sorted; none where there is no such folder.

    Raises:
        IntegrityError: it is no folder, or one that cannot be read: that is not the same as an empty one.
    """

    def refuse(error: OSError) -> None:
        raise IntegrityError(
            f"{error.filename or folder} cannot be read as a folder ({error.strerror or error}), so that nobody can "
            "say what it holds. Move away what is in its place, or let this user read it, then run the command again."
        ) from None

    if not os.path.lexists(folder):
        return []
    walked = os.walk(folder, onerror=refuse)
    return sorted(Path(parent, name) for parent, _, names in walked for name in names if name.endswith(suffix))


def linked(file: Path, name: Path) -> bool:
    """Give a file one more name, and return whether that was possible: not where the file system has no hard links.

    Both names are the same bytes on the disk: it is for files that are never changed.

    Raises:
        OSError: the folder of the name cannot be written for another reason, such as a full disk.
    """
    try:
        os.link(file, name)
    except OSError as error:
        if error.errno in _NO_LINKS:
            return False
        raise
    return True


def write_atomically(path: Path, text: str) -> None:
    """Write `text` so that `path` holds either its old content or the new one, even if the machine stops."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def write_unless_there(path: Path, text: str) -> bool:
    """Write a file that appears whole, and only if there is none of this name; returns whether it was written.

    Of several processes that do so at once, one writes: where the file system has no hard links, more than one may
    think so.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        try:
            written = linked(temporary, path)
        except FileExistsError:
            return False
        if not written and not path.exists():
            os.replace(temporary, path)
            written = True
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)
    return written


def is_locked(path: Path) -> bool:
    """Return whether any process holds an exclusive lock (flock) on a file or folder, as far as the file system knows.

    What is not there, or cannot be opened, is not locked.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
