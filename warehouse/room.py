"""Is there room on the disk for a build? Asked before anything of it is written, so that no disk is left half filled.

What a build writes is estimated from what the snapshot in service takes, in proportion to the landed bytes that it
reads; without one, from these bytes alone. The build's own database, the DuckDB file and the Parquet tables of the new
snapshot are there at the same time. Another engine than DuckDB has its own tables there before that, which go as soon
as DuckDB has them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from warehouse.errors import StorageError
from warehouse.files import writing_to
from warehouse.landing import Release
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, current

_BYTES_A_LANDED_BYTE = 20
"""IDC 25.0.5 with the sandbox at 1 %, 85 MB landed, took 1,331 MB at its peak (15.6 times; November 2026)."""

_TIMES_A_SNAPSHOT = 2.0
"""The same peak was 1.63 times the snapshot that came of it (817 MB)."""

_BYTES_A_LANDED_BYTE_OF_AN_ENGINE = 20
"""Tables and shuffles of Spark took 9.6 times for IDC 25.0.5, and 14.1 times for ten times its series
(tests/bench/scale/README.md); what is handed over to it lies beside them."""

_OF_NOTHING = 50_000_000
"""The build of nothing, its statements and the documents of a snapshot, however little is landed (20 MB)."""


def require_room(settings: Settings, releases: Iterable[Release], *, to_fetch: int = 0) -> None:
    """Refuse a build of these releases for which the file system of the home has too little room.

    `to_fetch` is how many bytes a fetch before it is likely to land.

    Raises:
        StorageError: it says how much the build needs and how much there is. Nothing was written.
    """
    releases = list(releases)
    needed = bytes_needed(releases, current(settings.home)) + to_fetch + settings.min_free
    if settings.engine != "duckdb":
        needed += _landed_bytes(releases) * _BYTES_A_LANDED_BYTE_OF_AN_ENGINE
    free = free_bytes(settings.home)
    if free < needed:
        raise StorageError(
            f"The build needs about {_gigabytes(needed)} on the disk of {settings.home} (with "
            f"{_gigabytes(settings.min_free)} that stay free, ICW_MIN_FREE), and {_gigabytes(free)} are free. Nothing "
            "was written, and what is in service stays. Remove old snapshots (`icw status --storage`, `icw snapshots "
            "prune`), or move the home to a larger disk, then run the command again."
        )


def bytes_needed(releases: Iterable[Release], in_service: Snapshot | None) -> int:
    """Return about how many bytes a build of these releases takes on the disk until its snapshot is published."""
    landed = _landed_bytes(releases)
    by_landed = _OF_NOTHING + landed * _BYTES_A_LANDED_BYTE
    if in_service is None:
        return by_landed
    manifest = in_service.manifest
    taken = manifest.duckdb_file.bytes + sum(table.parquet_bytes for table in manifest.tables)
    described = sum(dataset.bytes for entry in manifest.sources for dataset in entry.datasets)
    # A snapshot of fewer sources, or of a smaller release, says less of this build.
    growth = max(1.0, landed / described) if described else 1.0
    return _OF_NOTHING + int(taken * _TIMES_A_SNAPSHOT * growth)


def _landed_bytes(releases: Iterable[Release]) -> int:
    return sum(load.bytes for release in releases for load in release.loads)


def free_bytes(home: Path) -> int:
    """Return the bytes that this user may still write on the file system of a home, or of the folder to hold it.

    Raises:
        StorageError: it cannot be told.
    """
    folder = next(path for path in (home, *home.parents) if path.exists())
    with writing_to(folder):
        held = os.statvfs(folder)
    return held.f_bavail * held.f_frsize


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB"
