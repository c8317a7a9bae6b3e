"""The DuckDB files of the snapshots of a home: dropped where nobody needs them, made again where somebody does.

The DuckDB file of a snapshot holds what its Parquet files hold, and is larger than they are together. When a snapshot
is published, those of older ones are dropped, but for the newest few, the one in service and the pinned ones. Whoever
asks an older snapshot gets the file made again, from Parquet files that are proven to be those that were published:
same tables, types and comments, but not the same bytes, so that it does not go back into the snapshot. Layout:

    databases/<snapshot id>/           the file that was made again, and its digest; removed by the next publish
    databases/.<snapshot id>.*.tmp/    one that is being made; its maker holds a lock on the folder

Where the home cannot be written, the place is a folder of the user's own below the system's folder for temporary files.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import IntegrityError, StorageError
from warehouse.files import is_locked, sha256_of, sync_folder, writing_to
from warehouse.snapshots.catalog import DATABASE, Snapshot, current, refreshed, snapshots
from warehouse.snapshots.pins import pins
from warehouse.snapshots.table_files import wrong_file

if TYPE_CHECKING:
    from warehouse.settings import Settings

log = logging.getLogger("icw.snapshots")

FOLDER = "databases"
DIGEST = "sha256"
"""The file with the digest (SHA-256, hex) of the DuckDB file beside it."""


def database_of(snapshot: Snapshot, settings: Settings | None = None) -> Path:
    """Return the DuckDB file of a snapshot; one that has been dropped is made again first, whole or not at all.

    Readers may do so at the same time: each sees a whole file. `settings` bound DuckDB.

    Raises:
        IntegrityError: a Parquet file of the snapshot is not as it was published.
        StorageError: there is no room for the file.
    """
    if snapshot.has_database:
        return snapshot.database
    for root in _roots(snapshot):
        path = root / snapshot.id / DATABASE
        if path.is_file() and (root == _root(snapshot) or _agrees(path)):
            return path
    root = next((folder for folder in _roots(snapshot) if _can_be_written(folder)), None)
    if root is None:
        raise StorageError(
            f"The DuckDB file of snapshot {snapshot.id} has been dropped, and can be made again neither in the home "
            f"nor below {tempfile.gettempdir()}: neither can be written. Read the Parquet files in "
            f"{snapshot.tables_folder} instead, which are all of its tables."
        )
    return _made_again(snapshot, root, settings)


def made_again(snapshot: Snapshot) -> list[Path]:
    """Return the DuckDB files that have been made again of a snapshot: in its home, and where that takes none."""
    paths = (root / snapshot.id / DATABASE for root in _roots(snapshot))
    return [path for path in paths if path.is_file()]


def drop_databases(home: Path, newest: int) -> list[Snapshot]:
    """Remove the DuckDB files that nothing keeps, and return their snapshots. The caller holds the refresh lock.

    Kept are those of the `newest` snapshots of refreshes, of the one in service, of pinned ones and of those from
    before logical digests were taken; and every one whose Parquet files are not as they were published, which the log
    says: it may be the only whole copy. What was made again is removed, too.

    Raises:
        StorageError: the home cannot be written.
    """
    found, in_service = snapshots(home), current(home)
    try:
        pinned = pins(home)
    except IntegrityError as error:
        # It saves room and can wait: a refresh does not fail for it.
        log.error("%s No DuckDB file is dropped until then.", error, extra={"event": "damaged"})
        return []
    dropped: list[Snapshot] = []
    kept = {snapshot.id for snapshot in refreshed(home)[-newest:]}
    for snapshot in (snapshot for snapshot in found if snapshot.id not in kept):
        # The documents of one from before logical digests do not say that its file may be gone.
        is_older = snapshot.manifest.logical_digest is None
        is_needed = is_older or snapshot.id in pinned or (in_service is not None and snapshot.id == in_service.id)
        if is_needed or not snapshot.has_database:
            continue
        fault = _fault(snapshot)
        if fault is not None:
            log.error("%s The DuckDB file of the snapshot is kept.", fault, extra={"event": "damaged"})
            continue
        with writing_to(snapshot.database):
            snapshot.database.unlink()
            sync_folder(snapshot.folder)
        log.info("dropped the DuckDB file of %s", snapshot.id, extra={"event": "dropped", "snapshot": snapshot.id})
        dropped.append(snapshot)
    for root in filter(None, (home / FOLDER, _own_folder())):
        _remove_made_again(root, {snapshot.id for snapshot in found})
    return dropped


def forget_database(home: Path, snapshot_id: str) -> None:
    """Remove the DuckDB file that was made again for a snapshot that is removed.

    Raises:
        StorageError: the home cannot be written.
    """
    for root in filter(None, (home / FOLDER, _own_folder())):
        if (root / snapshot_id).is_dir():
            _remove(root / snapshot_id)


def _root(snapshot: Snapshot) -> Path:
    return snapshot.folder.parents[1] / FOLDER


def _roots(snapshot: Snapshot) -> Iterator[Path]:
    """Yield where a file may be made again: in the home, else in a folder that nobody but this user can write to."""
    yield _root(snapshot)
    own = _own_folder()
    if own is not None:
        yield own


def _own_folder() -> Path | None:
    # Where every disk is full there is no folder for temporary files either, and that is an OSError.
    with suppress(OSError):
        own = Path(tempfile.gettempdir(), f"icw-{FOLDER}-{os.getuid()}")
        own.mkdir(mode=0o700, exist_ok=True)
        held = own.lstat()
        if held.st_uid == os.getuid() and not held.st_mode & 0o022 and own.is_dir() and not own.is_symlink():
            return own
    return None


def _agrees(path: Path) -> bool:
    """Return whether a file that was made again outside of a home is the one that was made."""
    try:
        return (path.parent / DIGEST).read_text(encoding="utf-8").strip() == sha256_of(path)
    except (OSError, UnicodeDecodeError):
        return False


def _can_be_written(root: Path) -> bool:
    try:
        root.mkdir(exist_ok=True)
    except OSError:
        return False
    return os.access(root, os.W_OK | os.X_OK)


def _made_again(snapshot: Snapshot, root: Path, settings: Settings | None) -> Path:
    import duckdb

    from warehouse.snapshots.tables import fill_database

    fault = _fault(snapshot)
    if fault is not None:
        raise IntegrityError(f"{fault} Its DuckDB file has been dropped and cannot be made again from such files.")
    log.info("Making the DuckDB file of %s again", snapshot.id, extra={"event": "step", "snapshot": snapshot.id})
    manifest, final = snapshot.manifest, root / snapshot.id
    with _work_folder(root, snapshot.id) as work, writing_to(work):
        try:
            made = fill_database(
                manifest.tables,
                snapshot.tables_folder,
                work / DATABASE,
                manifest.absent,
                threads=2 if settings is None else settings.threads,
                memory_limit="1GB" if settings is None else settings.memory_limit,
            )
        except duckdb.Error as error:
            raise IntegrityError(
                f"The DuckDB file of snapshot {snapshot.id} cannot be made again from {snapshot.tables_folder}: "
                f"{str(error).splitlines()[0]}"
            ) from None
        (work / DIGEST).write_text(made.sha256 + "\n", encoding="utf-8")
        for path in (work / DATABASE, work / DIGEST):
            path.chmod(0o444)
            with path.open("rb") as file:
                os.fsync(file.fileno())
        try:
            os.rename(work, final)
        except OSError as error:
            # Another reader has made it meanwhile.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        sync_folder(root)
    return final / DATABASE


@contextmanager
def _work_folder(root: Path, name: str) -> Iterator[Path]:
    """Make a folder to write into, locked as long as its maker lives; nothing is left of it unless it was renamed."""
    work = root / f".{name}.{os.getpid()}-{threading.get_native_id()}.tmp"
    with writing_to(work):
        work.mkdir()
        descriptor = os.open(work, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield work
    finally:
        os.close(descriptor)
        shutil.rmtree(work, ignore_errors=True)


def _remove_made_again(root: Path, ids: Collection[str]) -> None:
    """Remove what was made again of these snapshots, and what makers of it left behind that died."""
    for folder in sorted(root.glob("*/")) if root.is_dir() else ():
        of_one = folder.name in ids or (folder.name.startswith(".") and any(name in folder.name for name in ids))
        if of_one and not (folder.name.startswith(".") and is_locked(folder)):
            _remove(folder)


def _remove(folder: Path) -> None:
    """Hide a folder and delete it, so that nobody finds half of it."""
    hidden = folder if folder.name.startswith(".") else folder.with_name(f".{folder.name}.gone.tmp")
    with writing_to(folder):
        shutil.rmtree(hidden, ignore_errors=hidden != folder)
        if hidden != folder:
            os.rename(folder, hidden)
            shutil.rmtree(hidden)


def _fault(snapshot: Snapshot) -> str | None:
    """Return a sentence on the first Parquet file of a snapshot that is not as it was published, or None."""
    for table in snapshot.manifest.tables:
        if (wrong := wrong_file(snapshot, table)) is not None:
            return f"{wrong.path} is damaged or gone (`icw verify {snapshot.id}`)."
    return None
