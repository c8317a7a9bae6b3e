"""Take a snapshot that was exported into a home: every file proven by its digest before anybody can see it.

What is read is what an export writes: its folder, the folder of one snapshot, a bag, or a zip file of these. Only files
that the snapshot lists are read, so that nothing else comes in, and nothing is written outside of the home. The id is
that of the Parquet files: the rows of the DuckDB file are held against theirs. A table that the home has already is
shared. The caller holds the refresh lock.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.errors import IntegrityError, UsageError
from warehouse.files import sync_folder, writing_to
from warehouse.logical_digest import logical_digest_of_parquet
from warehouse.snapshots.catalog import (
    TABLES,
    Snapshot,
    current,
    point_current_at,
    remove_unfinished,
    require_current_readable,
    snapshots,
    snapshots_folder,
)
from warehouse.snapshots.exported import Export, export_at
from warehouse.snapshots.group_access import open_folder
from warehouse.snapshots.manifest import Manifest, logical_digest_of_tables
from warehouse.snapshots.shared_tables import link_known_tables
from warehouse.snapshots.tables import require_its_columns
from warehouse.snapshots.verification import SUMS, digests_in, verify_rows, verify_snapshot

log = logging.getLogger("icw.snapshots")


@dataclass(frozen=True)
class Imported:
    """The snapshot, whether it was `imported` or the home had it (`unchanged`), and if it is in service."""

    snapshot: Snapshot
    outcome: Literal["imported", "unchanged"]
    is_in_service: bool


def import_snapshot(home: Path, source: Path, *, group_readable: bool = False) -> Imported:
    """Put an exported snapshot among those of a home, whole or not at all.

    It comes into service only where nothing is in service yet. `group_readable` lets the group read it.

    Raises:
        UsageError: the source holds no snapshot, or one that does not belong in this home (made-up data among real
            data, or the other way round).
        IntegrityError: a file is not as it was published, or is missing; the home is as it was.
        StorageError: the home cannot be written.
    """
    require_current_readable(home)
    remove_unfinished(home)
    with export_at(source) as export:
        manifest, sums = export.manifest, export.sums
        _require_its_kind(home, manifest, source)
        final = snapshots_folder(home) / manifest.snapshot_id
        outcome: Literal["imported", "unchanged"] = "unchanged"
        if final.exists():
            _require_the_same(final, sums)
            _require_sound(Snapshot(final, manifest), f"{final} is there already, but")
        else:
            _copy(home, export, group_readable=group_readable)
            outcome = "imported"
    found = Snapshot(final, manifest)
    if current(home) is None and found.has_database and not manifest.retrospective:
        point_current_at(home, found)
    in_service = current(home)
    return Imported(found, outcome, in_service is not None and in_service.id == found.id)


def _copy(home: Path, export: Export, *, group_readable: bool) -> None:
    manifest = export.manifest
    folder = snapshots_folder(home)
    work = folder / f".{manifest.snapshot_id}.import.tmp"
    with writing_to(work):
        try:
            export.copy_to(work)
            copy = Snapshot(work, manifest)
            _require_sound(copy, f"The snapshot {manifest.snapshot_id} that was to be imported is not whole:")
            _require_one_content(copy)
            link_known_tables(home, manifest.tables, work / TABLES)
            for path in work.rglob("*"):
                if path.is_file():
                    path.chmod(0o444)
                    with path.open("rb") as file:
                        os.fsync(file.fileno())
            if group_readable:
                open_folder(work)
            for held in (path for path in work.rglob("*") if path.is_dir()):
                sync_folder(held)
            sync_folder(work)
            os.rename(work, folder / manifest.snapshot_id)
            sync_folder(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    log.info("imported %s", manifest.snapshot_id, extra={"event": "imported", "snapshot": manifest.snapshot_id})


def _require_the_same(final: Path, sums: Mapping[str, str]) -> None:
    """Raise IntegrityError where the home has another snapshot of this id: other documents, or another DuckDB file."""
    try:
        held = digests_in((final / SUMS).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        held = None
    if held != sums:
        raise IntegrityError(
            f"{final} is there already, and is not what was to be imported: their lists of digests differ. Nothing was "
            "imported. `icw verify` says whether the one in the home is whole."
        )


def _require_one_content(snapshot: Snapshot) -> None:
    """Hold the DuckDB file against the Parquet files, which alone the id of a snapshot is made of.

    Raises:
        IntegrityError: a table has other columns than the manifest says, or other rows in one of the two.
    """
    manifest = snapshot.manifest
    with duckdb.connect() as connection:
        for table in manifest.tables:
            try:
                require_its_columns(connection, table, snapshot.files_of(table))
            except duckdb.Error as error:
                raise IntegrityError(f"{table.name} cannot be read: {str(error).splitlines()[0]}") from None
    tables = tuple(
        table
        if table.logical_digest is not None
        else table.model_copy(update={"logical_digest": logical_digest_of_parquet(*snapshot.files_of(table))})
        for table in manifest.tables
    )
    whole = manifest.logical_digest or logical_digest_of_tables(tables)
    told = Snapshot(snapshot.folder, manifest.model_copy(update={"tables": tables, "logical_digest": whole}))
    fault = next((check for check in verify_rows(told) if check.is_fault), None)
    if fault is not None:
        raise IntegrityError(
            f"The snapshot {manifest.snapshot_id} that was to be imported contradicts itself: {fault.path.name} is "
            f"{fault.found} ({fault.detail}). Nothing was imported."
        )


def _require_its_kind(home: Path, manifest: Manifest, source: Path) -> None:
    others = [held for held in snapshots(home) if held.manifest.synthetic != manifest.synthetic]
    if others:
        kind, other = ("made-up", "real") if manifest.synthetic else ("real", "made-up")
        raise UsageError(
            f"{source} holds {kind} data ({manifest.snapshot_id}), and {home} {other} data ({others[-1].id}): they do "
            "not belong in one home. Set ICW_HOME to another folder."
        )


def _require_sound(snapshot: Snapshot, prefix: str) -> None:
    fault = next((check for check in verify_snapshot(snapshot) if check.is_fault), None)
    if fault is not None:
        detail = f": {fault.detail}" if fault.detail else ""
        raise IntegrityError(f"{prefix} {fault.path} is {fault.found}{detail}. Nothing was imported.")
