"""After a run that ended well the home is tidied; what fails is a warning in its record and changes nothing of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.portal_nights import FIRST_NIGHT, files_of, land_night
from tests.support.sample_build import PASSED, make_build
from warehouse.errors import SourceError, UsageError
from warehouse.housekeeping import keep_house, keeping_house
from warehouse.landing import Landing
from warehouse.lock import refresh_lock
from warehouse.run_record import end_run, last_run, recording
from warehouse.settings import Settings, load_settings
from warehouse.snapshots.catalog import Snapshot, snapshot, snapshots
from warehouse.snapshots.publish import publish


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    return tmp_path / "home"


def published(home: Path, number: int) -> Snapshot:
    """Land a small portal of a night and publish a snapshot that was built from it."""
    _, release = land_night(home, number, files_of(number))
    build = replace(make_build(home.parent / "build", series=20 + number, synthetic=True), releases=(release,))
    return snapshot(home, publish(build, [PASSED], home, {}).snapshot_id)


@contextmanager
def good_run(settings: Settings, run_id: str) -> Iterator[None]:
    with refresh_lock(settings.home, run_id), keeping_house(settings, run_id), recording(settings.home, run_id):
        yield
        end_run(settings.home, "published", 0, snapshots(settings.home)[-1].id)


def loads(home: Path) -> list[str]:
    return [release.version for release in Landing(home).releases("midrc")]


def old(path: Path, *, is_folder: bool = False) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir() if is_folder else path.write_text("half of it")
    os.utime(path, (0, 0))
    return path


def test_a_load_without_a_snapshot_goes_after_its_days_but_for_the_newest(home: Path) -> None:
    published(home, 0)
    land_night(home, 1, files_of(1))
    land_night(home, 2, files_of(2))
    day = timedelta(days=1)
    settings = Settings(home=home, landing_days=5)
    keep_house(settings, "run", (FIRST_NIGHT + 6 * day - timedelta(hours=1)).timestamp())
    assert loads(home) == ["night-0", "night-1", "night-2"]
    keep_house(settings.model_copy(update={"landing_days": 0}), "run", (FIRST_NIGHT + 99 * day).timestamp())
    assert loads(home) == ["night-0", "night-1", "night-2"]
    keep_house(settings, "run", (FIRST_NIGHT + 99 * day).timestamp())
    assert loads(home) == ["night-0", "night-2"]
    assert len(snapshots(home)) == 1


@pytest.mark.parametrize("code", [0, 8])
def test_house_is_kept_after_a_good_run_and_a_degraded_one(home: Path, code: int) -> None:
    published(home, 0)
    land_night(home, 1, files_of(1))
    published(home, 2)
    with refresh_lock(home, "run"), keeping_house(Settings(home=home), "run"), recording(home, "run"):
        end_run(home, "published", code, snapshots(home)[-1].id)
    assert loads(home) == ["night-0", "night-2"]


def test_a_run_that_failed_removes_nothing(home: Path) -> None:
    published(home, 0)
    land_night(home, 1, files_of(1))
    published(home, 2)
    left = old(home / "quality" / ".incidents.json.1-1.tmp")
    with (
        pytest.raises(SourceError),
        refresh_lock(home, "run"),
        keeping_house(Settings(home=home), "run"),
        recording(home, "run"),
    ):
        raise SourceError("No source could be refreshed.")
    assert loads(home) == ["night-0", "night-1", "night-2"]
    assert left.exists()


def test_temporary_files_go_after_a_day(home: Path) -> None:
    published(home, 0)
    gone = [
        old(home / ".last_run.json.1-1.tmp"),
        old(home / "pins" / ".x.json.1-1.tmp"),
        old(home / "profiles" / "idc" / ".25.parquet.1-1.tmp"),
        old(home.parent / "tmp" / "icw-audit-abc", is_folder=True),
    ]
    fresh = home / "pins" / ".y.json.1-1.tmp"
    fresh.write_text("being written")
    others = [
        old(home / "cohorts" / "mine.tmp"),
        old(home.parent / "tmp" / "icw-notebook", is_folder=True),
        old(home.parent / "tmp" / "other-audit-abc", is_folder=True),
    ]
    keep_house(Settings(home=home), "run", time.time())
    assert [path for path in gone if path.exists()] == []
    assert all(path.exists() for path in (fresh, *others))


def test_snapshots_go_only_where_that_is_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        published(home, number)
    keep_house(Settings(home=home, keep_last=1), "run", time.time())
    assert len(snapshots(home)) == 3
    keep_house(Settings(home=home, keep_last=1, prune_after_refresh=True), "run", time.time())
    assert len(snapshots(home)) == 1
    assert loads(home) == ["night-2"]
    monkeypatch.setenv("ICW_PRUNE_AFTER_REFRESH", "true")
    with pytest.raises(UsageError, match=r"ICW_PRUNE_AFTER_REFRESH cannot be used: no rule says what to keep"):
        load_settings()


def test_what_cannot_be_done_is_a_warning_in_the_record(home: Path) -> None:
    broken = published(home, 0)
    published(home, 1)
    (broken.folder / "manifest.json").chmod(0o644)
    (broken.folder / "manifest.json").write_text("{")
    left = old(home / "pins" / ".x.json.1-1.tmp")
    with good_run(Settings(home=home), "run"):
        pass
    run = last_run(home)
    assert run is not None
    assert (run.outcome, run.exit_code) == ("published", 0)
    assert len(run.housekeeping) == 1
    assert "landed loads without use could not be removed" in run.housekeeping[0]
    assert not left.exists()
