"""Are the files of a home byte for byte what was landed and published? Reads everything, changes nothing.

A landed object bears its SHA-256 as its name; a snapshot lists its files in `SHA256SUMS`, whose own digests of the
manifest and the tables are held against the manifest. A file that several snapshots share is checked for each. The
DuckDB file of a snapshot that is not in service may have been dropped; one that was made again has a digest of its own.
On request the rows are read, too: those of the Parquet files and of the DuckDB file have the logical digests that the
manifest states.
"""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import duckdb
import pyarrow as pa

from warehouse.build.count_history import COUNTS_FOLDERS
from warehouse.errors import IntegrityError, UsageError
from warehouse.files import sha256_of
from warehouse.landing import Landing
from warehouse.logical_digest import logical_digest, logical_digest_of_parquet
from warehouse.registry import SOURCE_NAMES
from warehouse.snapshots import catalog, databases
from warehouse.snapshots.catalog import Snapshot, Unreadable
from warehouse.snapshots.manifest import TableEntry, logical_digest_of_tables
from warehouse.sql_text import literal, quoted

log = logging.getLogger("icw.snapshots")

SUMS = "SHA256SUMS"

_SUM = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>.+)")


_BATCH_ROWS = 65_536


@dataclass(frozen=True)
class FileCheck:
    """One file and what was found: it is as it was written, dropped on purpose, damaged, missing, or nobody's.

    `unstated`: its rows were to be read, and the snapshot is from before logical digests were taken.
    """

    part: str
    path: Path
    found: Literal["sound", "dropped", "damaged", "missing", "unexpected", "unstated"]
    detail: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether something is the matter with the file."""
        return self.found not in ("sound", "dropped", "unstated")


def verify_landing(landing: Landing, sources: tuple[str, ...]) -> Iterator[FileCheck]:
    """Check every object that a load manifest of these sources names; each object once.

    Raises:
        IntegrityError: a load manifest cannot be read.
    """
    seen: set[str] = set()
    for source in sources:
        for release in landing.releases(source):
            for entry in (entry for load in release.loads for entry in load.objects):
                if entry.sha256 in seen:
                    continue
                seen.add(entry.sha256)
                path = landing.object_path(entry.sha256)
                yield _check(f"landing: {entry.name} of {source} {release.version}", path, entry.sha256)


def verify_snapshot(snapshot: Snapshot) -> Iterator[FileCheck]:
    """Check every file of a published snapshot, and that it has no others."""
    part = f"snapshot {snapshot.id}"
    path = snapshot.folder / SUMS
    stated = _sums(path)
    if stated is None:
        yield FileCheck(part, path, "damaged" if path.exists() else "missing", "no list of digests")
        stated = {}
    known = _known(snapshot)
    for name, digest in sorted({**stated, **known}.items()):
        if stated and stated.get(name) != digest:
            yield FileCheck(part, path, "damaged", f"it has another digest of {name} than the manifest")
        if name == snapshot.database.name and not snapshot.has_database and not catalog.is_in_service(snapshot):
            yield FileCheck(part, snapshot.database, "dropped", "it is made again from the Parquet files on demand")
            continue
        yield _check(part, snapshot.folder / name, digest)
    for again in databases.made_again(snapshot):
        yield _check_made_again(part, again)
    files = (found for found in sorted(snapshot.folder.rglob("*")) if not found.is_dir())
    for found in files:
        if found.relative_to(snapshot.folder).as_posix() not in {*stated, *known, SUMS}:
            yield FileCheck(part, found, "unexpected")


def verify_rows(snapshot: Snapshot, *, threads: int = 2, memory_limit: str = "1GB") -> Iterator[FileCheck]:
    """Check that the rows of each table, in its Parquet file and in the DuckDB file, have its logical digest.

    `threads` and `memory_limit` bound DuckDB. A snapshot from before logical digests were taken is one check,
    `unstated`.
    """
    part = f"rows of snapshot {snapshot.id}"
    manifest = snapshot.manifest
    if manifest.logical_digest is None:
        yield FileCheck(part, snapshot.folder, "unstated", "it was published before logical digests were taken")
        return
    if manifest.logical_digest != logical_digest_of_tables(manifest.tables):
        yield FileCheck(
            part, snapshot.folder / catalog.MANIFEST, "damaged", "its logical digest is not that of its tables"
        )
    for table in manifest.tables:
        files = snapshot.files_of(table)
        path = files[0] if len(files) == 1 else files[0].parent
        try:
            yield _rows_check(part, path, table, logical_digest_of_parquet(*files))
        except FileNotFoundError:
            gone = next((file for file in files if not file.exists()), path)
            yield FileCheck(part, gone, "missing", f"no rows of {table.name}")
        except (OSError, pa.ArrowException, UsageError) as error:
            yield FileCheck(part, path, "damaged", f"the rows of {table.name} cannot be read: {_first_line(error)}")
    if not snapshot.has_database:
        dropped = not catalog.is_in_service(snapshot)
        yield FileCheck(part, snapshot.database, "dropped" if dropped else "missing", "no rows of any table")
        return
    # By default what does not fit in memory would be written into the folder of whoever asks.
    overflow = str(Path(tempfile.gettempdir(), f"icw-verify-{os.getpid()}"))
    config = {"threads": threads, "memory_limit": memory_limit, "temp_directory": overflow}
    try:
        with duckdb.connect(config=config) as connection:
            connection.execute("set enable_progress_bar = false")
            connection.execute(f"attach {literal(str(snapshot.database))} as published (read_only)")
            for table in manifest.tables:
                yield _database_check(connection, part, snapshot.database, table)
    except duckdb.Error as error:
        yield FileCheck(part, snapshot.database, "damaged", f"it cannot be read: {_first_line(error)}")


def _database_check(connection: duckdb.DuckDBPyConnection, part: str, database: Path, table: TableEntry) -> FileCheck:
    """Check the rows of a table in the attached file `published`."""
    columns = ", ".join(quoted(column.name) for column in table.columns)
    order = ", ".join(f"{quoted(column)} asc nulls last" for column in table.order_by)
    query = f"select {columns} from published.main.{quoted(table.name)} order by {order}"
    try:
        return _rows_check(part, database, table, logical_digest(connection.sql(query).to_arrow_reader(_BATCH_ROWS)))
    except (duckdb.Error, pa.ArrowException, OSError, UsageError) as error:
        return FileCheck(part, database, "damaged", f"the rows of {table.name} cannot be read: {_first_line(error)}")


def _rows_check(part: str, path: Path, table: TableEntry, digest: str) -> FileCheck:
    if digest == table.logical_digest:
        return FileCheck(part, path, "sound")
    return FileCheck(part, path, "damaged", f"the rows of {table.name} are not those that were published")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def is_sound(snapshot: Snapshot) -> bool:
    """Return whether every file of a snapshot is as it was published. Where one is not, the log names it.

    A file that somebody has laid beside them changes none.
    """
    faults = [check for check in verify_snapshot(snapshot) if check.found in ("damaged", "missing")]
    for fault in faults:
        log.error("%s is %s: %s is not put into service.", fault.path, fault.found, snapshot.id)
    return not faults


def of_unreadable(entry: Unreadable) -> FileCheck:
    """Return what is found of a snapshot that cannot be read as one."""
    return FileCheck(f"snapshot {entry.folder.name}", entry.folder, "damaged", entry.reason)


def _check_made_again(part: str, path: Path) -> FileCheck:
    """Hold a DuckDB file that was made again against the digest that was written beside it."""
    try:
        digest = path.with_name(databases.DIGEST).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        digest = "none"
    found = _check(part, path, digest)
    if found.is_fault:
        return replace(found, detail=f"remove {path.parent}: it is made again on demand")
    return found


def _check(part: str, path: Path, digest: str) -> FileCheck:
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        return FileCheck(part, path, "missing")
    except OSError as error:
        return FileCheck(part, path, "damaged", f"cannot be read: {error.strerror or error}")
    return FileCheck(part, path, "sound" if found == digest else "damaged")


def _sums(path: Path) -> dict[str, str] | None:
    try:
        return digests_in(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def digests_in(text: str) -> dict[str, str] | None:
    """Return the digests by name that a text in the form of `SHA256SUMS` states, or None where it is none."""
    matches = [_SUM.fullmatch(line) for line in text.splitlines()]
    if not matches or None in matches:
        return None
    return {match["name"]: match["digest"] for match in matches if match is not None}


def stated_digests(snapshot: Snapshot) -> dict[str, str]:
    """Return the digests by name that a snapshot states of its files, in its list and in its manifest alike.

    Raises:
        IntegrityError: the list cannot be read, or does not agree with the manifest.
    """
    stated, known = _sums(snapshot.folder / SUMS), _known(snapshot)
    if stated is None or any(stated.get(name) != digest for name, digest in known.items()):
        raise IntegrityError(
            f"{snapshot.folder / SUMS} cannot be read, or does not agree with the manifest "
            f"(`icw verify {snapshot.id}`)."
        )
    return stated


def _known(snapshot: Snapshot) -> dict[str, str]:
    tables = {
        f"{catalog.TABLES}/{file.path}": file.sha256 for table in snapshot.manifest.tables for file in table.files
    }
    return {**tables, snapshot.database.name: snapshot.manifest.duckdb_file.sha256}


def checks(
    home: Path,
    name: str | None,
    landing: bool,
    everything: bool,
    logical: bool = False,
    *,
    threads: int = 2,
    memory_limit: str = "1GB",
) -> Iterator[FileCheck]:
    """Check the files of one snapshot (None is the current one), of the landing, or of everything in a home.

    With `logical` the rows of the snapshots, too.

    Raises:
        UsageError: there is no such snapshot, or it was published before logical digests were taken.
    """
    chosen = [] if landing and not everything else catalog.snapshots(home) if everything else None
    if chosen is None:
        chosen = [catalog.snapshot(home, name)]
        if logical and chosen[0].manifest.logical_digest is None:
            raise UsageError(
                f"The snapshot {chosen[0].id} was published before logical digests were taken: its rows have none to "
                f"be held against. `icw snapshots verify {chosen[0].id}` compares its bytes, which says more."
            )
    if landing or everything:
        yield from verify_landing(Landing(home), (*SOURCE_NAMES, *COUNTS_FOLDERS))
    for snapshot in chosen:
        yield from verify_snapshot(snapshot)
        if logical:
            yield from verify_rows(snapshot, threads=threads, memory_limit=memory_limit)
