"""Where a snapshot comes from: a home, a folder, a zip file, or an address."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import IntegrityError, SyntheticDataWarning
from warehouse.files import sha256_of, writing_to
from warehouse.notebooks.opened_snapshot import SYNTHETIC_NOTICE, OpenedSnapshot
from warehouse.notebooks.session import Session
from warehouse.settings import Settings, load_settings
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import DATABASE, Snapshot, snapshots_folder

if TYPE_CHECKING:
    from warehouse.snapshots.exported import Export

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def open_snapshot(source: str | Path | None, home: str | Path | None) -> OpenedSnapshot:
    """Return a snapshot, open; see `warehouse.open`, which alone calls this."""
    settings = load_settings()
    if home is not None:
        settings = settings.model_copy(update={"home": Path(home).expanduser().absolute()})
    snapshot = OpenedSnapshot(_session(source, settings))
    if snapshot.is_synthetic:
        warnings.warn(SYNTHETIC_NOTICE, SyntheticDataWarning, stacklevel=3)
    return snapshot


def _session(source: str | Path | None, settings: Settings) -> Session:
    if isinstance(source, Path):
        return _at_path(source.expanduser(), settings)
    if source is not None and _ADDRESS.match(source):
        from warehouse.notebooks import remote

        return _in_own_home(lambda folder: remote.fetch(source, folder, settings), settings)
    if source is not None and ("/" in source or source.endswith(".zip")):
        return _at_path(Path(source).expanduser(), settings)
    return Session(catalog.snapshot(settings.home, source), settings, home=settings.home)


def _at_path(path: Path, settings: Settings) -> Session:
    from warehouse.snapshots.exported import export_at

    folder = path.resolve()
    home = folder.parent.parent
    if folder.parent == snapshots_folder(home):
        # A home makes a DuckDB file again that it has dropped, and keeps the citations of its snapshots.
        return Session(catalog.snapshot(home, folder.name), settings, home=home)
    with export_at(path) as export:
        if isinstance(export.root, Path) and (export.root / DATABASE).is_file():
            _require_published(export, export.root / DATABASE)
            return Session(Snapshot(export.root, export.manifest), settings)
        return _in_own_home(lambda snapshots: _copied(export, snapshots), settings)


def _require_published(export: Export, database: Path) -> None:
    published = export.sums.get(DATABASE)
    if sha256_of(database) != published:
        raise IntegrityError(
            f"{database} is not the file that was published with snapshot {export.manifest.snapshot_id}: its SHA-256 "
            "is another one. Copy the export anew."
        )


def _copied(export: Export, snapshots: Path) -> Snapshot:
    folder = snapshots / export.manifest.snapshot_id
    export.copy_to(folder)
    return Snapshot(folder, export.manifest)


def _in_own_home(fill: Callable[[Path], Snapshot], settings: Settings) -> Session:
    """Open what `fill` puts into the folder of snapshots of a temporary home, which goes when it is closed."""
    own = tempfile.TemporaryDirectory(prefix="icw-")
    try:
        with writing_to(Path(own.name)):
            snapshot = fill(snapshots_folder(Path(own.name)))
        return Session(snapshot, settings, own_folder=own)
    except BaseException:
        own.cleanup()
        raise
