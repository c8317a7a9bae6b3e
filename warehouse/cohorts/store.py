"""The cohorts of a home: `cohorts/<name>.json`, each written once. No refresh and no prune touches them.

A cohort pins nothing: the snapshot that it was saved on may be pruned, and the record says what that was made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.cohorts import record
from warehouse.cohorts.record import Cohort, require_name
from warehouse.errors import SourceError, UsageError
from warehouse.files import files_below, write_unless_there, writing_to
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot


@dataclass(frozen=True)
class Unreadable:
    """A file among the cohorts that is none, and why."""

    path: Path
    reason: str


def folder(home: Path) -> Path:
    """Return the folder of a home that holds its cohorts."""
    return home / "cohorts"


def save(home: Path, cohort: Cohort) -> Path:
    """Keep a new cohort; returns its file. Of several processes that save one name, one does.

    Raises:
        UsageError: the name is none, or is taken.
        StorageError: the home cannot be written.
    """
    path = _path(home, cohort.name)
    with writing_to(path):
        path.parent.mkdir(exist_ok=True)
        if write_unless_there(path, cohort.sealed().text()):
            return path
    raise UsageError(
        f"There is a cohort {cohort.name} already. Choose another name, or remove it first: "
        f"icw cohort remove {cohort.name}"
    )


def cohort(home: Path, name: str) -> Cohort:
    """Return the cohort of this name.

    Raises:
        UsageError: there is none, or it is of a newer format.
        IntegrityError: its record is damaged or was altered.
    """
    path = _path(home, name)
    if not path.is_file():
        raise _unknown(home, name)
    return record.read(path)


def cohorts(home: Path) -> tuple[list[Cohort], list[Unreadable]]:
    """Return the cohorts of a home by name, and the files that are none.

    Raises:
        IntegrityError: the folder cannot be read.
    """
    found: list[Cohort] = []
    broken: list[Unreadable] = []
    for path in _files(home):
        try:
            found.append(record.read(path))
        except (SourceError, UsageError) as error:
            broken.append(Unreadable(path, str(error)))
    return found, broken


def remove(home: Path, name: str) -> None:
    """Remove a cohort, also one whose record is damaged.

    Raises:
        UsageError: there is none.
        StorageError: the home cannot be written.
    """
    path = _path(home, name)
    if not path.is_file():
        raise _unknown(home, name)
    with writing_to(path):
        path.unlink(missing_ok=True)


def snapshot_of(home: Path, saved: Cohort) -> Snapshot | None:
    """Return the snapshot that a cohort was saved on, or another one with the same tables; None where both are gone."""
    same = catalog.with_tables_digest(home, saved.snapshot.tables_digest)
    return next((found for found in same if found.id == saved.snapshot.id), same[-1] if same else None)


def _path(home: Path, name: str) -> Path:
    require_name(name)
    return folder(home) / f"{name}.json"


def _files(home: Path) -> list[Path]:
    return [
        path
        for path in files_below(folder(home), ".json")
        if path.parent == folder(home) and not path.name.startswith(".")
    ]


def _unknown(home: Path, name: str) -> UsageError:
    known = ", ".join(path.stem for path in _files(home)) or "none"
    return UsageError(f"There is no cohort {name} in {home}. Saved: {known}.")
