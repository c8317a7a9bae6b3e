"""Nights of a home as its disk sees them: all that grows, written by the functions that write it, with other dates.

A night lands a small portal, measures it, publishes a small snapshot of it, has the events of a run in Dagster's
storage, and opens an incident. Every tenth run is killed before it publishes and leaves what a killed run leaves. What
takes its time from the machine is dated afterwards.
"""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import dagster as dg

from dagster_project.job import dagster_home
from dagster_project.run_retention import remove_old_runs
from tests.support.portal_nights import land_night
from tests.support.sample_build import PASSED, WARNING, make_build
from warehouse.housekeeping import keep_house
from warehouse.profiles.store import profile_of
from warehouse.quality.incidents import keep_incidents
from warehouse.quality.verdicts import Finding
from warehouse.refresh import keep_counts, tidy
from warehouse.run_record import begin_run, end_run
from warehouse.settings import Settings
from warehouse.snapshots.databases import drop_databases
from warehouse.snapshots.disk import files_below, space_of
from warehouse.snapshots.publish import publish

FIRST = datetime(2026, 1, 1, 3, 30, tzinfo=UTC)
KILLED_EVERY = 10

BOUNDED = ("snapshots", "landing", "dagster", "quality", "all else")
"""What has a bound (incidents the last 5,000, manifests of counts some kB a night); profiles are kept for ever."""


@dg.asset
def table() -> dg.MaterializeResult:
    """A table as a run records it."""
    return dg.MaterializeResult(metadata={"dagster/row_count": 1})


@dg.asset_check(asset=table)
def judged() -> dg.AssetCheckResult:
    """A verdict as a run records it."""
    return dg.AssetCheckResult(passed=True)


def spend_night(settings: Settings, instance: dg.DagsterInstance, number: int) -> None:
    """Let a night pass, with the housekeeping at its end. The home has no other writer."""
    home, moment = settings.home, FIRST + timedelta(days=number)
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    run_id = dg.materialize([table, judged], instance=instance, run_config=quiet).run_id
    _date_run(home, run_id, moment)
    with patch("warehouse.run_record.now", lambda: moment), patch("warehouse.snapshots.publish.datetime") as clock:
        clock.now.return_value = moment
        begin_run(home, run_id)
        counted = f"select cast({1000 + number} as bigint) as file_count, cast({number} as bigint) as total_file_size"
        landing, release = land_night(home, number, {"indexd_stats": counted})
        profile_of(home, landing, release)
        opened = Finding(("idc", "idc_index"), False, "31 records", f"q-{number:010}", affected=31)
        keep_incidents(home, [WARNING.model_copy(update={"findings": (opened,)})], moment, synthetic=True)
        if number % KILLED_EVERY == KILLED_EVERY - 1:
            _leave_half_of_it(home, moment)
            return
        build = make_build(home / "builds" / "build", series=50, version=f"25.0.{number}", synthetic=True)
        manifest = publish(replace(build, releases=(release,)), [PASSED], home, {})
        keep_counts(home)
        tidy(home)
        drop_databases(home, settings.databases_kept)
        end_run(home, "published", 0, manifest.snapshot_id)
    keep_house(settings, run_id, moment.timestamp())
    remove_old_runs(instance, timedelta(days=settings.run_days), moment.timestamp())


def held(home: Path) -> dict[str, tuple[int, int]]:
    """Return the bytes on the disk and the files of a home, by kind."""
    files: dict[str, list[Path]] = {kind: [] for kind in (*BOUNDED, "profiles")}
    for path in files_below(home):
        top = path.relative_to(home).parts[0]
        files[top if top in files else "all else"].append(path)
    return {kind: (space_of(found).used, len(found)) for kind, found in files.items()}


def dagster_of(settings: Settings) -> dg.DagsterInstance:
    """Return Dagster's storage of a home, as a refresh makes it."""
    return dg.DagsterInstance.from_config(str(dagster_home(settings)))


def _date_run(home: Path, run_id: str, moment: datetime) -> None:
    """Let a run have been at another time: SQLite dates its record, and the file system its events."""
    with sqlite3.connect(home / "dagster" / "history" / "runs.db") as connection:
        connection.execute(
            "update runs set create_timestamp = ?, update_timestamp = ?, start_time = ?, end_time = ? where run_id = ?",
            (*[moment.strftime("%Y-%m-%d %H:%M:%S.%f")] * 2, *[moment.timestamp()] * 2, run_id),
        )
    for path in (home / "dagster" / "history" / "runs").glob(f"{run_id}.db*"):
        os.utime(path, (moment.timestamp(), moment.timestamp()))


def _leave_half_of_it(home: Path, moment: datetime) -> None:
    """Leave what a killed run leaves: a build, half a snapshot, temporary files."""
    half = home / "snapshots" / ".20260101T033000Z.tmp" / "warehouse.duckdb"
    build = home / "builds" / f"killed-{moment:%j}" / "build.duckdb"
    written = home / "quality" / f".incidents.json.{moment:%j}-1.tmp"
    for path in (half, build, written):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(200_000))
        os.utime(path, (moment.timestamp(), moment.timestamp()))
