"""Take a snapshot that was exported into a home: every file proven by its digest before anybody can see it.

What is read is what an export writes: its folder, the folder of one snapshot, a bag, or a zip file of these. Only files
that the snapshot lists are read, so that nothing else comes in, and nothing is written outside of the home. The id is
that of the Parquet files: the rows of the DuckDB file are held against theirs. A table that the home has already is
shared. The caller holds the refresh lock.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
from pydantic import ValidationError

from warehouse.errors import IntegrityError, UsageError
from warehouse.files import sync_folder, writing_to
from warehouse.logical_digest import logical_digest_of_parquet
from warehouse.snapshots.catalog import (
    DATABASE,
    MANIFEST,
    TABLES,
    Snapshot,
    current,
    point_current_at,
    remove_unfinished,
    require_current_readable,
    snapshots,
    snapshots_folder,
)
from warehouse.snapshots.exporting import LATEST, PAYLOAD, copied
from warehouse.snapshots.manifest import FORMAT_VERSION, Manifest, digest_of_tables, logical_digest_of_tables
from warehouse.snapshots.shared_tables import link_known_tables
from warehouse.snapshots.tables import require_its_columns
from warehouse.snapshots.verification import SUMS, digests_in, verify_rows, verify_snapshot

log = logging.getLogger("icw.snapshots")

_ID = re.compile(r"(synthetic-)?\d{8}T\d{6}Z-[0-9a-f]{12}")
_NAME = re.compile(r"(site/|tables/([A-Za-z0-9_][A-Za-z0-9_-]*/)?)?[A-Za-z0-9_][A-Za-z0-9_.-]*")
_LARGEST_DOCUMENT = 200_000_000

# What zipfile raises while it reads a damaged or encrypted member.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError)


@dataclass(frozen=True)
class Imported:
    """The snapshot, whether it was `imported` or the home had it (`unchanged`), and if it is in service."""

    snapshot: Snapshot
    outcome: Literal["imported", "unchanged"]
    is_in_service: bool


def import_snapshot(home: Path, source: Path) -> Imported:
    """Put an exported snapshot among those of a home, whole or not at all.

    It comes into service only where nothing is in service yet.

    Raises:
        UsageError: the source holds no snapshot, or one that does not belong in this home (made-up data among real
            data, or the other way round).
        IntegrityError: a file is not as it was published, or is missing; the home is as it was.
        StorageError: the home cannot be written.
    """
    require_current_readable(home)
    remove_unfinished(home)
    with _opened(source) as root:
        manifest, sums = _described(root, source)
        _require_its_kind(home, manifest, source)
        final = snapshots_folder(home) / manifest.snapshot_id
        outcome: Literal["imported", "unchanged"] = "unchanged"
        if final.exists():
            _require_the_same(final, sums)
            _require_sound(Snapshot(final, manifest), f"{final} is there already, but")
        else:
            _copy(home, root, manifest, sums)
            outcome = "imported"
    found = Snapshot(final, manifest)
    if current(home) is None and found.has_database:
        point_current_at(home, found)
    in_service = current(home)
    return Imported(found, outcome, in_service is not None and in_service.id == found.id)


def _copy(home: Path, root: Path | zipfile.Path, manifest: Manifest, sums: dict[str, str]) -> None:
    folder = snapshots_folder(home)
    work = folder / f".{manifest.snapshot_id}.import.tmp"
    with writing_to(work):
        try:
            (work / TABLES).mkdir(parents=True)
            for name in (*sorted(sums), SUMS):
                (work / name).parent.mkdir(exist_ok=True)
                _copy_file(root, name, work / name, sums.get(name))
            copy = Snapshot(work, manifest)
            _require_sound(copy, f"The snapshot {manifest.snapshot_id} that was to be imported is not whole:")
            _require_one_content(copy)
            link_known_tables(home, manifest.tables, work / TABLES)
            for path in work.rglob("*"):
                if path.is_file():
                    path.chmod(0o444)
                    with path.open("rb") as file:
                        os.fsync(file.fileno())
            for held in (path for path in work.rglob("*") if path.is_dir()):
                sync_folder(held)
            sync_folder(work)
            os.rename(work, folder / manifest.snapshot_id)
            sync_folder(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    log.info("imported %s", manifest.snapshot_id, extra={"event": "imported", "snapshot": manifest.snapshot_id})


def _require_the_same(final: Path, sums: dict[str, str]) -> None:
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


def _copy_file(root: Path | zipfile.Path, name: str, target: Path, digest: str | None) -> None:
    source = root.joinpath(name)
    if not source.is_file():
        if name == DATABASE:
            # It was dropped before the export; the tables are all there.
            return
        raise IntegrityError(f"{source} is missing: the export is not whole. Nothing was imported.")
    try:
        with source.open("rb") as file, target.open("wb") as written:
            found = copied(file, written)  # type: ignore[arg-type]
    except _DAMAGE as error:
        raise IntegrityError(f"{source} is damaged ({error}). Nothing was imported.") from None
    if digest is not None and found != digest:
        raise IntegrityError(
            f"{source} is damaged: its SHA-256 is {found[:16]}, and {digest[:16]} was published. Nothing was imported. "
            "Copy the export anew."
        )


@contextmanager
def _opened(source: Path) -> Iterator[Path | zipfile.Path]:
    """Yield the folder with the manifest of the snapshot that a source holds."""
    if not source.exists():
        raise UsageError(f"There is no {source}. Name a folder or a zip file that `icw snapshots export` wrote.")
    if source.is_dir():
        yield _snapshot_in(source, source)
        return
    try:
        with zipfile.ZipFile(source) as archive:
            yield _snapshot_in(zipfile.Path(archive), source)
    except zipfile.BadZipFile as error:
        raise IntegrityError(f"{source} is no zip file that can be read: {error}. Nothing was imported.") from None


def _snapshot_in(root: Path | zipfile.Path, source: Path) -> Path | zipfile.Path:
    candidates = [root, root.joinpath(PAYLOAD)]
    latest = root.joinpath(LATEST)
    if latest.is_file():
        try:
            stated = json.loads(_text(latest))
            snapshot_id = str(stated["snapshot_id"])
        except (ValueError, KeyError, TypeError, *_DAMAGE):
            raise IntegrityError(f"{latest} cannot be read. Nothing was imported.") from None
        if not _ID.fullmatch(snapshot_id):
            raise IntegrityError(f"{latest} names no snapshot. Nothing was imported.")
        candidates += [root.joinpath(snapshot_id), root.joinpath(snapshot_id, PAYLOAD)]
    for folder in candidates:
        if folder.joinpath(MANIFEST).is_file():
            return folder
    raise UsageError(
        f"{source} holds no snapshot: there is no {MANIFEST} in it. Name what `icw snapshots export` wrote, or the "
        "folder of one snapshot in it."
    )


def _described(root: Path | zipfile.Path, source: Path) -> tuple[Manifest, dict[str, str]]:
    """Return the manifest of a snapshot and its list of digests, each held against the other.

    Raises:
        IntegrityError: one of them cannot be read, or they do not agree.
        UsageError: a newer release of this project wrote it.
    """
    try:
        stated = json.loads(_text(root.joinpath(MANIFEST)))
        newer = isinstance(stated, dict) and int(stated.get("format_version", FORMAT_VERSION)) > FORMAT_VERSION
        if newer:
            raise UsageError(
                f"The snapshot in {source} has format {stated['format_version']}, which needs a newer release of this "
                "project. Nothing was imported."
            )
        manifest = Manifest.model_validate(stated)
        sums = digests_in(_text(root.joinpath(SUMS)))
    except (ValueError, TypeError, KeyError, OSError, ValidationError, *_DAMAGE) as error:
        raise IntegrityError(
            f"The {MANIFEST} or {SUMS} in {source} cannot be read ({type(error).__name__}). Nothing was imported."
        ) from None
    faults = [
        *([] if _ID.fullmatch(manifest.snapshot_id) else ["its id has not the form of one"]),
        *([] if manifest.tables_digest == digest_of_tables(manifest.tables) else ["its tables_digest is another one"]),
        *([] if manifest.snapshot_id.endswith(manifest.tables_digest[:12]) else ["its id is not that of its tables"]),
        *([] if manifest.synthetic == manifest.snapshot_id.startswith("synthetic-") else ["its id hides its kind"]),
        *(f"it lists {name!r}" for name in sums or {} if not _NAME.fullmatch(name) or name == SUMS),
        *([] if sums is not None else [f"its {SUMS} cannot be read"]),
    ]
    if faults or sums is None:
        raise IntegrityError(
            f"The snapshot {manifest.snapshot_id[:60]!r} in {source} contradicts itself: {faults[0]}. Nothing was "
            "imported."
        )
    return manifest, sums


def _text(path: Path | zipfile.Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LARGEST_DOCUMENT)
    return content.decode("utf-8")  # type: ignore[union-attr]


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
