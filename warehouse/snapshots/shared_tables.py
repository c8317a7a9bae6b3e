"""Files of tables that are the same in several snapshots are stored once: one file with a name in each of them.

The names are hard links, so that each snapshot stays a whole folder that can be copied, verified and removed by itself,
and the bytes stay until the last snapshot that has them is removed. A published file is read-only and never changed.
Where a disk damages such a file, it is damaged in each of these snapshots, and `icw verify` names it under each. A file
is therefore read and held against its digest before another snapshot takes it; a damaged one is passed over, so that
damage does not spread to what is published later.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from warehouse.files import linked, sha256_of, writing_to
from warehouse.snapshots.catalog import snapshots
from warehouse.snapshots.manifest import TableEntry

log = logging.getLogger("icw.snapshots")


def link_known_tables(home: Path, tables: Iterable[TableEntry], folder: Path) -> int:
    """Replace the written Parquet files in `folder` that a snapshot of the home holds by links; return their bytes.

    A file stays as it was written where no snapshot has its bytes, or the file system has no hard links.

    Raises:
        StorageError: the folder cannot be written.
    """
    wanted = tuple(file for table in tables for file in table.files)
    known: dict[str, list[Path]] = {file.sha256: [] for file in wanted}
    for snapshot in reversed(snapshots(home)):
        for held in (file for table in snapshot.manifest.tables for file in table.files):
            if held.sha256 in known:
                known[held.sha256].append(snapshot.tables_folder / held.path)
    saved = 0
    for file in wanted:
        same = _sound(known[file.sha256], file.sha256)
        if same is not None and _replaced(folder / file.path, same):
            saved += file.bytes
    log.info("%d bytes of tables are those of earlier snapshots", saved, extra={"event": "shared", "bytes": saved})
    return saved


def _sound(files: Iterable[Path], digest: str) -> Path | None:
    """Return the first of these files that has the digest. Several names of one file on the disk are read once."""
    read: set[tuple[int, int]] = set()
    for file in files:
        try:
            found = file.stat()
            if (found.st_dev, found.st_ino) in read:
                continue
            read.add((found.st_dev, found.st_ino))
            if sha256_of(file) == digest:
                return file
        except OSError:
            # It is gone or cannot be read: `icw verify` says so.
            pass
        log.error("%s is damaged or gone: nothing is shared with it (`icw verify --all`).", file)
    return None


def _replaced(written: Path, file: Path) -> bool:
    """Let `written` be a name of `file`, if that is possible; the file that was written is there until then."""
    name = written.with_name(f".{written.name}.link")
    with writing_to(written):
        if not linked(file, name):
            return False
        os.replace(name, written)
    return True
