"""Are the Parquet files of a table, one or several, as they were published?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.files import sha256_of
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry


@dataclass(frozen=True)
class WrongFile:
    """A file that is not as it was published. Digests are SHA-256 (hex); `found` is None where it cannot be read.

    `reason` says why it cannot be read.
    """

    path: Path
    published: str
    found: str | None
    reason: str = ""


def wrong_file(snapshot: Snapshot, table: TableEntry) -> WrongFile | None:
    """Return the first file of a table that is not as it was published, or None: all are read and hashed."""
    for file, path in zip(table.files, snapshot.files_of(table), strict=True):
        try:
            found = sha256_of(path)
        except OSError as error:
            return WrongFile(path, file.sha256, None, error.strerror or str(error))
        if found != file.sha256:
            return WrongFile(path, file.sha256, found)
    return None
