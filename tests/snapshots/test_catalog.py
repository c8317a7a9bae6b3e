"""Finding snapshots: by id, by its beginning, the current one; and passing over what is none."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from warehouse.errors import StorageError, UsageError
from warehouse.snapshots.catalog import (
    Snapshot,
    current,
    point_current_at,
    remove_unfinished,
    snapshot,
    snapshots,
    with_tables_digest,
)

NEWER = timedelta(days=1)


@pytest.fixture
def full_home(published: Snapshot, tmp_path: Path) -> Path:
    """A home with twelve snapshots, one a day; the fourth is current."""
    home = tmp_path / "home"
    for day in range(12):
        copy_as(published, home, f"2026010{day:x}T000000Z-abc", day)
    point_current_at(home, snapshot(home, "20260103"))
    return home


def copy_as(original: Snapshot, home: Path, name: str, day: int) -> Path:
    folder = home / "snapshots" / name
    shutil.copytree(original.folder, folder)
    created_at = original.manifest.created_at + day * NEWER
    manifest = original.manifest.model_copy(update={"snapshot_id": name, "created_at": created_at})
    (folder / "manifest.json").unlink()
    (folder / "manifest.json").write_text(manifest.model_dump_json())
    return folder


def test_snapshots_come_oldest_first(full_home: Path, published: Snapshot) -> None:
    copy_as(published, full_home, "20990101T000000Z-but-made-first", -1)

    found = [entry.id for entry in snapshots(full_home)]

    assert found == ["20990101T000000Z-but-made-first", *(f"2026010{day:x}T000000Z-abc" for day in range(12))]


def test_a_snapshot_knows_its_files(full_home: Path) -> None:
    found = snapshot(full_home, None)

    assert found.id == "20260103T000000Z-abc"
    assert found.folder == full_home / "snapshots" / found.id
    assert found.database.is_file()
    assert (found.tables_folder / "fct_series.parquet").is_file()


@pytest.mark.parametrize("name", [None, "current", "20260103T000000Z-abc", "20260103"])
def test_a_snapshot_is_found_by_each_of_its_names(full_home: Path, name: str | None) -> None:
    assert snapshot(full_home, name).id == "20260103T000000Z-abc"


def test_an_id_that_begins_another_one_is_found(full_home: Path, published: Snapshot) -> None:
    copy_as(published, full_home, "20260103T000000Z-abcdef", 0)

    assert snapshot(full_home, "20260103T000000Z-abc").id == "20260103T000000Z-abc"
    with pytest.raises(UsageError) as caught:
        snapshot(full_home, "20260103")
    assert str(caught.value) == (
        "More than one snapshot begins with '20260103': 20260103T000000Z-abc, 20260103T000000Z-abcdef."
    )


@pytest.mark.parametrize("name", ["2027", "", "../snapshots", "/etc", "*"])
def test_an_unknown_name_lists_what_exists(full_home: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        snapshot(full_home, name)

    assert str(caught.value) == (
        f"There is no snapshot {name!r} in {full_home}: there are 2 older ones, "
        + ", ".join(f"2026010{day:x}T000000Z-abc" for day in range(2, 12))
        + " (current: 20260103T000000Z-abc)."
    )


@pytest.mark.parametrize("name", [None, "current", "20260103"])
def test_a_home_without_snapshots_says_what_to_do(tmp_path: Path, name: str | None) -> None:
    assert snapshots(tmp_path) == []
    assert current(tmp_path) is None
    with pytest.raises(UsageError, match="nothing has been published there yet; `icw refresh` does"):
        snapshot(tmp_path, name)


def test_unfinished_and_foreign_folders_are_passed_over(full_home: Path, published: Snapshot) -> None:
    root = full_home / "snapshots"
    copy_as(published, full_home, ".20260201T000000Z.tmp", 0)
    (root / "notes").mkdir()
    (root / "file.txt").write_text("x")
    (root / "broken").mkdir()
    (root / "broken" / "manifest.json").write_text("{")
    copy_as(published, full_home, "renamed-by-hand", 0).rename(root / "other name")

    assert len(snapshots(full_home)) == 12


def test_only_the_snapshot_in_service_must_have_its_duckdb_file(full_home: Path, published: Snapshot) -> None:
    (copy_as(published, full_home, "without-database", 0) / "warehouse.duckdb").unlink()
    assert not snapshot(full_home, "without-database").has_database
    assert len(snapshots(full_home)) == 13

    snapshot(full_home, None).database.unlink()
    assert current(full_home) is None
    assert len(snapshots(full_home)) == 12


@pytest.mark.parametrize("target", ["snapshots/gone", "snapshots", "/", "current"])
def test_a_link_that_leads_nowhere_is_no_current_snapshot(full_home: Path, target: str) -> None:
    (full_home / "current").unlink()
    os.symlink(target, full_home / "current")

    assert current(full_home) is None
    with pytest.raises(UsageError, match="No snapshot is in service"):
        snapshot(full_home, None)


def test_a_manifest_of_a_later_program_can_be_read(full_home: Path) -> None:
    path = snapshot(full_home, None).folder / "manifest.json"
    path.write_text(path.read_text().replace('{"format_version":2,', '{"format_version":2,"doi":"10.5281/x",', 1))

    assert snapshot(full_home, None).manifest.format_version == 2


def test_current_moves_by_a_rename_and_leaves_nothing_else(full_home: Path) -> None:
    before = {path.name for path in full_home.iterdir()}

    point_current_at(full_home, snapshot(full_home, "20260109"))

    assert os.readlink(full_home / "current") == "snapshots/20260109T000000Z-abc"
    assert {path.name for path in full_home.iterdir()} == before


def test_a_current_that_is_a_folder_is_not_overwritten(full_home: Path) -> None:
    (full_home / "current").unlink()
    (full_home / "current").mkdir()

    with pytest.raises(StorageError, match="current"):
        point_current_at(full_home, snapshot(full_home, "20260109"))

    assert (full_home / "current").is_dir()


def test_litter_of_killed_processes_is_removed_and_nothing_else(full_home: Path) -> None:
    root = full_home / "snapshots"
    (root / ".20260101T000000Z.tmp" / "tables").mkdir(parents=True)
    (root / ".20260101T000000Z.tmp" / "tables" / "half.parquet").write_text("PAR1")
    os.symlink("snapshots/nothing", full_home / ".current.4711.tmp")
    (root / ".keep").write_text("")

    remove_unfinished(full_home)

    assert sorted(path.name for path in root.glob(".*")) == [".keep"]
    assert sorted(path.name for path in full_home.iterdir()) == ["current", "snapshots"]
    assert len(snapshots(full_home)) == 12


def test_snapshots_are_found_by_the_digest_of_their_tables(published: Snapshot) -> None:
    home = published.folder.parent.parent
    digest = published.manifest.tables_digest

    assert with_tables_digest(home, digest) == [published]
    assert with_tables_digest(home, digest[:12] + "0" * 52) == []
