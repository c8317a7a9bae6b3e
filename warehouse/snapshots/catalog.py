"""Find published snapshots, and say which one is current.

Layout below the warehouse home:

    snapshots/<id>/          one published snapshot; never changed afterwards
    snapshots/.<time>.tmp/   one that is being written, or was when its process died
    current                  a link to snapshots/<id>, moved by one atomic rename

Reading needs no lock and no database: a folder is a snapshot when its manifest can be read and bears its name.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from warehouse.errors import UsageError
from warehouse.files import sync_folder, writing_to
from warehouse.snapshots.manifest import FORMAT_VERSION, Manifest, TableEntry

log = logging.getLogger("icw.snapshots")

MANIFEST = "manifest.json"
DATABASE = "warehouse.duckdb"
TABLES = "tables"
PROFILE_TABLE = "fct_profile"
PROFILE = "profile.parquet"
"""The profile of a snapshot beside its manifest: the same bytes as its table `PROFILE_TABLE`."""

SITE = "site"
"""The folder of the pages of a snapshot, for a browser; those of before there were any have none."""

_LISTED = 10


@dataclass(frozen=True)
class Snapshot:
    """One published snapshot: its folder and what its manifest says."""

    folder: Path
    manifest: Manifest

    @property
    def id(self) -> str:
        """The snapshot's name: when it was made and the beginning of its tables' digest."""
        return self.manifest.snapshot_id

    @property
    def database(self) -> Path:
        """The DuckDB file with all tables, in its schema main. It may have been dropped: see `databases`."""
        return self.folder / DATABASE

    @property
    def has_database(self) -> bool:
        """Whether the DuckDB file is there; only such a snapshot is put into service."""
        return self.database.is_file()

    @property
    def tables_folder(self) -> Path:
        """The folder with `<table>.parquet` of each table, or the folder `<table>` with its parts."""
        return self.folder / TABLES

    @property
    def site(self) -> Path:
        """The first page of its site. It is there unless the snapshot is from before, or the manifest says why not."""
        return self.folder / SITE / "index.html"

    def table(self, name: str) -> TableEntry | None:
        """The table of this name, or None where the snapshot has none."""
        return next((table for table in self.manifest.tables if table.name == name), None)

    def files_of(self, table: TableEntry) -> tuple[Path, ...]:
        """The Parquet files of a table in the order of its rows: one, or its parts."""
        return table_files(self.tables_folder, table)


@dataclass(frozen=True)
class Unreadable:
    """A folder that was published as a snapshot and cannot be read as one, and why."""

    folder: Path
    reason: str


def table_files(folder: Path, table: TableEntry) -> tuple[Path, ...]:
    """Return the Parquet files of a table in a folder of tables, in the order of its rows."""
    return tuple(folder / file.path for file in table.files)


def snapshots_folder(home: Path) -> Path:
    """Return the folder of a warehouse home that holds its snapshots."""
    return home / "snapshots"


def snapshots(home: Path) -> list[Snapshot]:
    """Return every published snapshot of a home, oldest first. Unfinished and foreign folders are passed over."""
    found = [_read(folder) for folder in _folders(home)]
    return sorted(
        (snapshot for snapshot in found if snapshot is not None),
        key=lambda snapshot: (snapshot.manifest.created_at, snapshot.id),
    )


def refreshed(home: Path) -> list[Snapshot]:
    """Return the snapshots that refreshes have published, oldest first: without those of past releases (a backfill).

    Only these are nights of the home: what goes into service, what rules of retention count, what came before what.
    """
    return [snapshot for snapshot in snapshots(home) if not snapshot.manifest.retrospective]


def unreadable(home: Path) -> list[Unreadable]:
    """Return what lies among the snapshots of a home and is none, by name: damaged, or of a newer release."""
    found = [(folder, _look(folder)) for folder in _folders(home)]
    return [Unreadable(folder, reason) for folder, reason in found if isinstance(reason, str)]


def current(home: Path) -> Snapshot | None:
    """Return the snapshot in service, or None when none has been published or it cannot be read."""
    folder = _in_service(home)
    return None if folder is None else _read(folder)


def is_in_service(snapshot: Snapshot) -> bool:
    """Return whether `current` leads to the folder of this snapshot, even where it cannot be read."""
    return _in_service(snapshot.folder.parents[1]) == snapshot.folder


def require_current_readable(home: Path) -> None:
    """Refuse to go on where a snapshot is in service that cannot be read: another one must not take its place unseen.

    Raises:
        UsageError: it names the snapshot and what is the matter with it.
    """
    folder = _in_service(home)
    found = None if folder is None else _look(folder)
    if isinstance(found, str) and folder is not None:
        raise UsageError(
            f"The snapshot in service in {home} cannot be read: {folder.name} {found}. Nothing takes its place without "
            f"a person's word. Restore it, or remove the link {home / 'current'}, then run the command again."
        )


def snapshot(home: Path, name: str | None) -> Snapshot:
    """Return the snapshot with this name: an id, the beginning of one, or `current` (the same as None).

    The folder is resolved once: a reader that keeps the answer stays with it when `current` moves on.

    Raises:
        UsageError: there is no such snapshot, or more than one begins like this; the message lists what exists.
    """
    if name is None or name == "current":
        found = current(home)
        if found is None:
            raise UsageError(f"No snapshot is in service in {home}: {_what_exists(home)}.")
        return found
    candidates = [folder for folder in _folders(home) if name and folder.name.startswith(name)]
    exact = [folder for folder in candidates if folder.name == name]
    matches = [match for match in map(_read, exact or candidates) if match is not None]
    if len(matches) > 1:
        raise UsageError(f"More than one snapshot begins with {name!r}: {_listed([match.id for match in matches])}.")
    if not matches:
        raise UsageError(f"There is no snapshot {name!r} in {home}: {_what_exists(home)}.")
    return matches[0]


def with_tables_digest(home: Path, tables_digest: str) -> list[Snapshot]:
    """Return the snapshots whose tables have this digest, oldest first."""
    # The digest's beginning is part of the id, so that only the manifests that matter are read.
    found = [_read(folder) for folder in _folders(home) if folder.name.endswith(f"-{tables_digest[:12]}")]
    return sorted(
        (match for match in found if match is not None and match.manifest.tables_digest == tables_digest),
        key=lambda match: (match.manifest.created_at, match.id),
    )


def point_current_at(home: Path, snapshot: Snapshot) -> None:
    """Put a snapshot into service: readers that open `current` from now on get it, the others keep what they have.

    Raises:
        UsageError: what is in service cannot be read (see `require_current_readable`), or the DuckDB file of the
            snapshot has been dropped.
        StorageError: the home cannot be written, or its `current` is not a link.
    """
    require_current_readable(home)
    if not snapshot.has_database:
        raise UsageError(
            f"Snapshot {snapshot.id} cannot be put into service: its {DATABASE} has been dropped, and one that is made "
            "again has other bytes than were published. Publish its tables again instead."
        )
    link = home / f".current.{os.getpid()}.tmp"
    with writing_to(home / "current"):
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        # A relative target, so that the home can be moved or mounted elsewhere.
        os.symlink(Path(snapshots_folder(home).name, snapshot.folder.name), link)
        os.replace(link, home / "current")
        sync_folder(home)
    log.info("current is %s", snapshot.id, extra={"event": "current", "snapshot": snapshot.id})


def remove_unfinished(home: Path) -> None:
    """Remove what a publish left behind whose process died. Only the holder of the refresh lock may do this.

    Raises:
        StorageError: the home cannot be written.
    """
    for folder in snapshots_folder(home).glob(".*.tmp"):
        log.info("removing an unfinished snapshot", extra={"event": "sweep", "folder": folder.name})
        with writing_to(folder):
            shutil.rmtree(folder)
    for link in home.glob(".current.*.tmp"):
        with writing_to(link):
            link.unlink()


def _folders(home: Path) -> list[Path]:
    root = snapshots_folder(home)
    if not root.is_dir():
        return []
    return sorted(folder for folder in root.iterdir() if not folder.name.startswith(".") and folder.is_dir())


def _in_service(home: Path) -> Path | None:
    """Return the folder that `current` leads to, whatever is in it."""
    try:
        return snapshots_folder(home) / (home / "current").resolve(strict=True).name
    except (OSError, RuntimeError):
        # Before Python 3.13 a link that leads to itself is a RuntimeError.
        return None


def _read(folder: Path) -> Snapshot | None:
    found = _look(folder)
    return found if isinstance(found, Snapshot) else None


def _look(folder: Path) -> Snapshot | str | None:
    """Return the snapshot in a folder, or what is the matter with it; None where it never was one."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        was_one = (folder / DATABASE).is_file() or (folder / TABLES).is_dir()
        return "is damaged: its manifest.json is missing" if was_one else None
    except (OSError, UnicodeDecodeError) as error:
        return f"is damaged: its manifest.json cannot be read ({type(error).__name__})"
    try:
        stated = json.loads(text)
        newer = isinstance(stated, dict) and int(stated.get("format_version", FORMAT_VERSION)) > FORMAT_VERSION
    except (ValueError, TypeError):
        return "is damaged: its manifest.json is no JSON that can be read"
    if newer:
        return f"has format {stated['format_version']}, which needs a newer release of this project"
    try:
        manifest = Manifest.model_validate(stated)
    except ValidationError as error:
        first = error.errors()[0]
        return f"is damaged: its manifest.json is not whole ({'.'.join(map(str, first['loc']))}: {first['msg']})"
    if manifest.snapshot_id != folder.name:
        return f"is damaged: its manifest.json is that of {manifest.snapshot_id}"
    if not (folder / DATABASE).is_file() and _in_service(folder.parents[1]) == folder:
        # That of a snapshot which is not in service may have been dropped, and can be made again.
        return f"is damaged: its {DATABASE} is missing"
    return Snapshot(folder=folder, manifest=manifest)


def _what_exists(home: Path) -> str:
    ids = [entry.id for entry in snapshots(home)]
    if broken := unreadable(home):
        return " and ".join(f"{entry.folder.name} {entry.reason}" for entry in broken[:_LISTED]) + (
            f"; there are {_listed(ids)} beside it" if ids else ""
        )
    if not ids:
        return "nothing has been published there yet; `icw refresh` does"
    in_service = current(home)
    return f"there are {_listed(ids)}" + (f" (current: {in_service.id})" if in_service is not None else "")


def _listed(ids: list[str]) -> str:
    """Name the newest few, oldest first."""
    older = len(ids) - _LISTED
    return (f"{older} older ones, " if older > 0 else "") + ", ".join(ids[-_LISTED:])
