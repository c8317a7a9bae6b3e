"""A bit that flips in a landed object, a published table or the DuckDB file is found, and nothing is built from it."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import small_release
from tests.support.sample_build import PASSED
from warehouse.build import Build, prepare
from warehouse.errors import IntegrityError, UsageError
from warehouse.landing import Landing, Release
from warehouse.registry import SOURCE_NAMES
from warehouse.settings import Settings
from warehouse.snapshots.catalog import (
    Snapshot,
    current,
    point_current_at,
    require_current_readable,
    snapshot,
    snapshots,
    unreadable,
)
from warehouse.snapshots.publish import publish
from warehouse.snapshots.verification import FileCheck, verify_landing, verify_snapshot

FLIPS = 100


def flip(path: Path, draw: random.Random) -> Callable[[], None]:
    """Flip one bit of a file, its size and times as before; return how to flip it back."""
    content = bytearray(path.read_bytes())
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    place, bit = draw.randrange(len(content)), 1 << draw.randrange(8)
    mode = path.stat().st_mode

    def write() -> None:
        content[place] ^= bit
        path.chmod(0o644)
        path.write_bytes(content)
        path.chmod(mode)
        os.utime(path, ns=times)

    write()
    return write


def faults(checks: object) -> list[FileCheck]:
    return [check for check in checks if check.found != "sound"]  # type: ignore[attr-defined]


@pytest.fixture
def landed(tmp_path: Path) -> tuple[Landing, Release]:
    return small_release.land(tmp_path)


@pytest.fixture
def mine(published: Snapshot, tmp_path: Path) -> Snapshot:
    """A copy of the published snapshot that may be spoiled, in service in a home of its own."""
    home = tmp_path / "spoiled"
    shutil.copytree(published.folder, home / "snapshots" / published.id)
    point_current_at(home, snapshot(home, published.id))
    return snapshot(home, None)


def test_what_is_as_it_was_written_has_no_fault(mine: Snapshot, landed: tuple[Landing, Release]) -> None:
    landing, release = landed
    objects = {entry.sha256 for load in release.loads for entry in load.objects}
    checks = list(verify_landing(landing, SOURCE_NAMES))
    assert (len(checks), faults(checks)) == (len(objects), [])
    checks = list(verify_snapshot(mine))
    assert {check.path.name for check in checks} >= {"warehouse.duckdb", "manifest.json", "quality.json", "README.md"}
    assert faults(checks) == []


def test_no_flipped_bit_of_a_landed_object_is_built_from(landed: tuple[Landing, Release], tmp_path: Path) -> None:
    landing, release = landed
    paths = [landing.object_path(entry.sha256) for load in release.loads for entry in load.objects]
    draw = random.Random(7)
    found = 0
    for _ in range(FLIPS):
        path = draw.choice(paths)
        back = flip(path, draw)
        assert [fault.path for fault in faults(verify_landing(landing, SOURCE_NAMES))] == [path]
        assert [landing.object_path(entry.sha256) for entry in landing.missing_objects(release)] == [path]
        with pytest.raises(IntegrityError, match=str(path)):
            prepare(tmp_path, landing, [release], Settings(home=tmp_path))
        back()
        found += 1
    print(f"landed objects: {found} of {FLIPS} single-bit flips found, none built from")
    assert not (tmp_path / "builds").exists()
    assert landing.missing_objects(release) == []


@pytest.mark.parametrize("kind", ["tables/*.parquet", "warehouse.duckdb", "*.*"])
def test_every_flipped_bit_of_a_snapshot_is_found(mine: Snapshot, kind: str) -> None:
    draw = random.Random(7)
    paths = sorted(path for path in mine.folder.glob(kind) if path.is_file())
    for _ in range(FLIPS):
        path = draw.choice(paths)
        back = flip(path, draw)
        assert path in [fault.path for fault in faults(verify_snapshot(mine))]
        back()
    print(f"{kind}: {FLIPS} of {FLIPS} single-bit flips found")
    assert faults(verify_snapshot(mine)) == []


def test_a_missing_file_a_foreign_one_and_a_list_that_was_altered_are_named(mine: Snapshot) -> None:
    mine.folder.chmod(0o755)
    (mine.folder / "README.md").unlink()
    (mine.folder / "notes.txt").write_text("mine")
    found = {fault.path.name: fault.found for fault in faults(verify_snapshot(mine))}
    assert found == {"README.md": "missing", "notes.txt": "unexpected"}
    sums = mine.folder / "SHA256SUMS"
    text = sums.read_text()
    sums.chmod(0o644)
    sums.write_text(text.replace(mine.manifest.duckdb_file.sha256, "0" * 64))
    assert "warehouse.duckdb" in next(fault.detail for fault in faults(verify_snapshot(mine)) if fault.path == sums)
    sums.unlink()
    assert ("missing", "no list of digests") in [(f.found, f.detail) for f in faults(verify_snapshot(mine))]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: text[:-200], "is damaged: its manifest.json is no JSON that can be read"),
        (lambda text: "", "is damaged: its manifest.json is no JSON that can be read"),
        (
            lambda text: text.replace('"tables_digest"', '"tablez_digest"'),
            "is not whole (tables_digest: Field required)",
        ),
        (
            lambda text: json.dumps({**json.loads(text), "format_version": 3}),
            "has format 3, which needs a newer release",
        ),
        (lambda text: json.dumps({"format_version": 7}), "has format 7, which needs a newer release"),
        (lambda text: json.dumps({**json.loads(text), "snapshot_id": "other"}), "its manifest.json is that of other"),
        (None, "is damaged: its manifest.json is missing"),
    ],
    ids=["cut", "empty", "field gone", "newer", "much newer", "another's", "gone"],
)
def test_a_snapshot_that_cannot_be_read_is_listed_and_nothing_takes_its_place(
    mine: Snapshot, spoil: Callable[[str], str] | None, reason: str
) -> None:
    home, path = mine.folder.parents[1], mine.folder / "manifest.json"
    text = path.read_text()
    mine.folder.chmod(0o755)
    path.unlink()
    if spoil is not None:
        path.write_text(spoil(text))
    assert snapshots(home) == []
    assert current(home) is None
    (found,) = unreadable(home)
    assert found.folder == mine.folder
    assert reason in found.reason
    with pytest.raises(UsageError, match="Nothing takes its place without a person's word") as refused:
        require_current_readable(home)
    assert reason in str(refused.value)
    with pytest.raises(UsageError, match="is in service"):
        snapshot(home, None)
    with pytest.raises(UsageError, match="Nothing takes its place"):
        point_current_at(home, mine)
    (home / "current").unlink()
    require_current_readable(home)


def test_a_damaged_snapshot_does_not_come_back_into_service(
    build: Build, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def publish_again() -> str:
        return publish(build, [PASSED], home, {}).snapshot_id

    first = publish_again()
    assert publish_again() == first
    (home / "snapshots" / first / "notes.txt").write_text("mine")
    assert publish_again() == first
    flip(home / "snapshots" / first / "tables" / "fct_series.parquet", random.Random(7))
    second = publish_again()
    assert second != first
    in_service = current(home)
    assert in_service is not None
    assert in_service.id == second
    assert "fct_series.parquet is damaged" in caplog.text
    assert faults(verify_snapshot(snapshot(home, second))) == []


def test_a_foreign_folder_is_no_damaged_snapshot(mine: Snapshot) -> None:
    home = mine.folder.parents[1]
    (home / "snapshots" / "notes").mkdir()
    assert unreadable(home) == []
