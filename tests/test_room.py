"""A build that the disk has no room for is refused before it writes, in a sentence that says what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.sample_build import PASSED, make_build, release
from warehouse.errors import StorageError
from warehouse.room import bytes_needed, free_bytes, require_room
from warehouse.settings import Settings
from warehouse.snapshots.catalog import current
from warehouse.snapshots.publish import publish


def test_a_first_build_is_estimated_by_what_is_landed() -> None:
    landed = release("23.5.0")
    assert bytes_needed([], None) == 50_000_000
    assert bytes_needed([landed], None) == 50_000_000 + 20 * 74_097_726


def test_a_later_build_is_estimated_by_the_snapshot_in_service(tmp_path: Path) -> None:
    publish(make_build(tmp_path / "build"), [PASSED], tmp_path / "home", {})
    served = current(tmp_path / "home")
    assert served is not None
    taken = served.manifest.duckdb_file.bytes + sum(table.parquet_bytes for table in served.manifest.tables)
    same, twice = release("23.5.0"), [release("23.5.0"), release("23.5.1")]
    assert bytes_needed([same], served) == 50_000_000 + 2 * taken
    assert bytes_needed(twice, served) == 50_000_000 + 4 * taken
    assert bytes_needed([], served) == 50_000_000 + 2 * taken


def test_too_little_room_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    home = tmp_path / "not" / "there" / "yet"
    free = free_bytes(home)
    require_room(Settings(home=home, min_free=0), [])
    with pytest.raises(
        StorageError, match=r"needs about .* GB on the disk .* are free\. Nothing was written"
    ) as refused:
        require_room(Settings(home=home, min_free=free + 10**9), [])
    assert refused.value.exit_code == 6
    assert "icw snapshots prune" in str(refused.value)
    assert not list(tmp_path.iterdir())


def test_another_engine_needs_room_for_its_own_tables(tmp_path: Path) -> None:
    landed, free = [release("23.5.0")], free_bytes(tmp_path)
    # Enough for DuckDB; what an engine has besides is far more than what others may free meanwhile.
    left = free - bytes_needed(landed, None) - 100_000_000
    require_room(Settings(home=tmp_path, min_free=left), landed)
    with pytest.raises(StorageError, match=r"needs about"):
        require_room(Settings(home=tmp_path, min_free=left, engine="sail"), landed)


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no second file system to look at")
def test_it_is_the_file_system_of_the_home_that_counts() -> None:
    held = os.statvfs("/dev/shm")
    assert abs(free_bytes(Path("/dev/shm/icw-home")) - held.f_bavail * held.f_frsize) < 1_000_000_000
    assert free_bytes(Path("/dev/shm/icw-home")) <= held.f_blocks * held.f_frsize
