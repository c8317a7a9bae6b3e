"""With ICW_GROUP_READABLE the group reads snapshots and the way to them, whatever the umask, and nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.snapshots.nights import night
from tests.support.sample_build import PASSED, make_build
from warehouse.snapshots.catalog import current, snapshot
from warehouse.snapshots.exporting import export
from warehouse.snapshots.group_access import let_group_read
from warehouse.snapshots.importing import import_snapshot
from warehouse.snapshots.publish import publish


@pytest.fixture(autouse=True)
def private() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def closed(folder: Path) -> list[Path]:
    """Return what of a folder the group cannot read or enter."""
    return [
        path
        for path in (folder, *folder.rglob("*"))
        if mode(path) & (0o050 if path.is_dir() else 0o040) != (0o050 if path.is_dir() else 0o040)
    ]


def test_by_default_the_umask_decides(home: Path) -> None:
    assert mode(night(home, 0).folder) == 0o700


def test_a_published_snapshot_is_open_before_it_is_in_service(home: Path) -> None:
    manifest = publish(make_build(home.parent / "build"), [PASSED], home, {}, group_readable=True)
    assert closed(snapshot(home, manifest.snapshot_id).folder) == []


def test_the_way_to_the_snapshots_is_open_and_the_rest_is_not(home: Path) -> None:
    found = night(home, 0)
    (home / "dagster").mkdir(mode=0o777)
    (home / "dagster").chmod(0o755)
    home.chmod(0o2700)
    let_group_read(home)
    assert (closed(found.folder), mode(home), mode(home / "snapshots")) == ([], 0o2750, 0o750)
    assert current(home) == found
    assert {path.name for path in home.iterdir() if not path.is_symlink() and mode(path) & 0o070} == {"snapshots"}
    assert all(mode(path) & 0o222 == 0 for path in found.folder.rglob("*") if path.is_file())


def test_an_imported_snapshot_is_open(home: Path, tmp_path: Path) -> None:
    found = night(home, 0)
    export(found, tmp_path / "out")
    done = import_snapshot(tmp_path / "other", tmp_path / "out", group_readable=True)
    assert closed(done.snapshot.folder) == []
