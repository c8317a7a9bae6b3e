"""Homes with a snapshot for each of several nights, published as ever and dated afterwards."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.support.portal_nights import files_of, land_night
from tests.support.sample_build import PASSED, make_build
from warehouse.files import sha256_of
from warehouse.landing import Release
from warehouse.snapshots.catalog import Snapshot, point_current_at, snapshot
from warehouse.snapshots.publish import publish

FIRST = datetime(2026, 10, 1, 3, 30, tzinfo=UTC)


def night(home: Path, number: int, *, release: Release | None = None) -> Snapshot:
    """Publish the snapshot of a night, the 1st of October being night 0, and put it into service."""
    build = make_build(home.parent / "build", series=50, version=f"25.0.{number}", synthetic=release is not None)
    if release is not None:
        build = replace(build, releases=(release,))
    manifest = publish(build, [PASSED], home, {})
    return dated(home, snapshot(home, manifest.snapshot_id), FIRST + timedelta(days=number))


def dated(home: Path, found: Snapshot, made: datetime) -> Snapshot:
    """Let a snapshot have been made at another time, in every document that says so, and put it into service."""
    name = f"{'synthetic-' if found.manifest.synthetic else ''}{made:%Y%m%dT%H%M%SZ}-{found.id[-12:]}"
    folder = found.folder.with_name(name)
    os.rename(found.folder, folder)
    (home / "current").unlink()
    manifest = folder / "manifest.json"
    stated = json.loads(manifest.read_text()) | {"snapshot_id": name, "created_at": made.isoformat()}
    before = sha256_of(manifest)
    _overwrite(manifest, json.dumps(stated, indent=2))
    sums = folder / "SHA256SUMS"
    _overwrite(sums, sums.read_text().replace(before, sha256_of(manifest)))
    point_current_at(home, snapshot(home, name))
    return snapshot(home, name)


def landed_nights(home: Path, numbers: Sequence[int]) -> list[Snapshot]:
    """Land a small portal each night, and publish a snapshot that names what was landed."""
    return [night(home, number, release=land_night(home, number, files_of(number))[1]) for number in numbers]


def _overwrite(path: Path, text: str) -> None:
    path.chmod(0o644)
    path.write_text(text)
    path.chmod(0o444)
