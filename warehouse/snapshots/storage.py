"""What a home takes on the disk, by kind of file, and why each snapshot is kept. Reads names and sizes, no contents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from warehouse.snapshots.catalog import DATABASE, TABLES, snapshots_folder
from warehouse.snapshots.databases import FOLDER
from warehouse.snapshots.disk import Space, files_below, freed_by_removing, space_of
from warehouse.snapshots.prune import PrunePlan, plan_prune
from warehouse.snapshots.retention import Decision, Rules, decisions

_KINDS: tuple[tuple[str, Callable[[tuple[str, ...]], bool]], ...] = (
    ("tables of snapshots (Parquet)", lambda parts: parts[0] == "snapshots" and TABLES in parts),
    ("DuckDB files of snapshots", lambda parts: parts[0] == "snapshots" and parts[-1] == DATABASE),
    ("documents of snapshots", lambda parts: parts[0] == "snapshots"),
    ("DuckDB files that were made again", lambda parts: parts[0] == FOLDER),
    ("landed objects", lambda parts: parts[:2] == ("landing", "objects")),
    ("manifests and staging of the landing", lambda parts: parts[0] == "landing"),
    ("profiles", lambda parts: parts[0] == "profiles"),
    ("all else (builds, Dagster, documentation)", lambda parts: True),
)


@dataclass(frozen=True)
class SnapshotSpace:
    """One snapshot: why it is kept, the bytes of its files, and those that are free when it alone is removed."""

    decision: Decision
    space: Space
    alone: int


@dataclass(frozen=True)
class Storage:
    """What a home holds: bytes by kind (a file with several names counts for the first kind that has it), and in all.

    `prune` is what `icw snapshots prune --landing` would do by the rules of the settings; None where none is set.
    """

    kinds: tuple[tuple[str, Space], ...]
    total: Space
    snapshots: tuple[SnapshotSpace, ...]
    prune: PrunePlan | None


def storage_of(home: Path, rules: Rules) -> Storage:
    """Return what a home takes on the disk.

    Raises:
        UsageError: what is in service cannot be read, or another snapshot cannot so that no prune can be planned.
        IntegrityError: a citation, the choices or a load manifest cannot be read.
    """
    by_kind: dict[str, list[Path]] = {name: [] for name, _ in _KINDS}
    counted: set[tuple[int, int]] = set()
    spaces = dict.fromkeys(by_kind, Space(0, 0))
    everything = list(files_below(home))
    for path in everything:
        parts = path.relative_to(home).parts
        by_kind[next(name for name, is_of_kind in _KINDS if is_of_kind(parts))].append(path)
    for name, files in by_kind.items():
        found = space_of(files)
        spaces[name] = Space(found.apparent, space_of(path for path in files if _is_new(path, counted)).used)
    root = snapshots_folder(home)
    return Storage(
        kinds=tuple((name, space) for name, space in spaces.items() if by_kind[name]),
        total=space_of(everything),
        snapshots=tuple(
            SnapshotSpace(
                entry,
                space_of(files_below(root / entry.snapshot.id)),
                freed_by_removing(files_below(root / entry.snapshot.id)),
            )
            for entry in decisions(home, rules)
        ),
        prune=None if rules.are_none else plan_prune(home, rules, landing=True),
    )


def _is_new(path: Path, counted: set[tuple[int, int]]) -> bool:
    """Return whether no name of this file has been counted, and count it."""
    try:
        held = path.stat()
    except FileNotFoundError:
        return False
    key = (held.st_dev, held.st_ino)
    is_new = key not in counted
    counted.add(key)
    return is_new
