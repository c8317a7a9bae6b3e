"""A table of several snapshots is one file on the disk, and damage to it neither hides nor spreads."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.support.sample_build import PASSED, make_build
from warehouse import files
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish
from warehouse.snapshots.verification import is_sound, verify_snapshot

TABLES = ("dim_collection", "fct_series")


def published(home: Path, folder: Path, **changes: object) -> Snapshot:
    manifest = publish(make_build(folder, **changes), [PASSED], home, {})  # type: ignore[arg-type]
    return snapshot(home, manifest.snapshot_id)


def table(found: Snapshot, name: str) -> Path:
    return found.tables_folder / f"{name}.parquet"


def rot(path: Path) -> None:
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.seek(200)
        byte = file.read(1)
        file.seek(200)
        file.write(bytes([byte[0] ^ 1]))
    path.chmod(0o444)


def faults_of(found: Snapshot) -> set[str]:
    return {check.path.name for check in verify_snapshot(found) if check.found != "sound"}


def test_only_a_table_that_changed_takes_room(home: Path, tmp_path: Path) -> None:
    first = published(home, tmp_path / "one", version="24.2.2")
    second = published(home, tmp_path / "two", version="25.0.5")

    assert table(first, "dim_collection").samefile(table(second, "dim_collection"))
    assert not table(first, "fct_series").samefile(table(second, "fct_series"))
    assert not first.database.samefile(second.database)
    assert is_sound(first)
    assert is_sound(second)
    for name in TABLES:
        assert table(second, name).stat().st_mode & 0o222 == 0
    assert not list(home.rglob("*.link"))


def test_a_shared_table_outlives_the_snapshot_that_it_came_from(home: Path, tmp_path: Path) -> None:
    first = published(home, tmp_path / "one", version="24.2.2")
    second = published(home, tmp_path / "two", version="25.0.5")
    for path in sorted(first.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()

    assert is_sound(second)


def test_damage_is_reported_under_each_snapshot_and_not_passed_on(
    home: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = published(home, tmp_path / "one", version="23.5.0")
    second = published(home, tmp_path / "two", version="24.2.2")
    rot(table(first, "dim_collection"))
    third = published(home, tmp_path / "three", version="25.0.5")

    assert faults_of(first) == faults_of(second) == {"dim_collection.parquet"}
    assert faults_of(third) == set()
    assert not table(third, "dim_collection").samefile(table(first, "dim_collection"))
    assert caplog.text.count("nothing is shared with it") == 1

    fourth = published(home, tmp_path / "four", version="25.1.0")
    assert table(fourth, "dim_collection").samefile(table(third, "dim_collection"))


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP])
def test_without_hard_links_each_snapshot_has_its_own_file(
    home: Path, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No file system without hard links can be mounted in a test; this is what one answers.
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "link", refuse)
    first = published(home, tmp_path / "one", version="24.2.2")
    second = published(home, tmp_path / "two", version="25.0.5")

    assert not table(first, "dim_collection").samefile(table(second, "dim_collection"))
    assert is_sound(second)
