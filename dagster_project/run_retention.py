"""Dagster's records of old runs, removed: each has a file of its own with some five megabytes of events.

What stays, however old: a run that is not over, the last that succeeded, and those that hold what Dagster shows of an
asset or a check today (its last materialization, observation and evaluation). Verdicts, figures and incidents are kept
by the library, and outlive the runs.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import dagster as dg
import sqlalchemy
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from warehouse.housekeeping import ended_well, note_undone
from warehouse.settings import Settings

log = logging.getLogger("icw.housekeeping")

# Runs are asked for and removed a few at a time: a first removal after years must not read all of them at once.
_AT_ONCE = 50


@contextlib.contextmanager
def removing_old_runs_afterwards(instance: dg.DagsterInstance, settings: Settings, run_id: str) -> Iterator[None]:
    """Remove the records of old runs after a run that the block is, if it ended well. The caller holds the lock.

    That this fails is a warning, and stands in the record of the run.
    """
    try:
        yield
    finally:
        if settings.run_days and ended_well(settings.home, run_id):
            try:
                remove_old_runs(instance, timedelta(days=settings.run_days), time.time())
            except Exception as error:
                note_undone(settings.home, f"Dagster's records of old runs could not be removed: {error}")


def remove_old_runs(instance: dg.DagsterInstance, age: timedelta, now: float) -> tuple[str, ...]:
    """Remove the runs that were over `age` before `now` (seconds since 1970), with all that Dagster keeps of them.

    Returns their ids, the oldest first. A process that is killed in between leaves parts that the next call removes.
    """
    before = now - age.total_seconds()
    removed: list[str] = []
    keep = _runs_on_show(instance)
    ended = dg.RunsFilter(statuses=list(FINISHED_STATUSES), created_before=datetime.fromtimestamp(before, UTC))
    cursor: str | None = None
    while found := instance.get_run_records(ended, limit=_AT_ONCE, ascending=True, cursor=cursor):
        cursor = found[-1].dagster_run.run_id
        old = [
            record.dagster_run.run_id
            for record in found
            if (record.end_time or record.update_timestamp.timestamp()) < before
            and record.dagster_run.run_id not in keep
        ]
        # They go once all are found: after a run that is gone, Dagster finds no next page.
        removed += old
    for run_id in removed:
        # Its record goes after these: by it, a removal that was killed finds the run again.
        _remove_events(instance, run_id)
        instance.delete_run(run_id)
        _remove_file_of_events(instance, run_id)
    # Files that a removal left which was killed after the record had gone.
    for run_id in _left_without_a_run(instance, before):
        _remove_events(instance, run_id)
        instance.event_log_storage.delete_events(run_id)
        _remove_file_of_events(instance, run_id)
    if removed:
        log.info("removed Dagster's records of %d old runs", len(removed), extra={"event": "pruned"})
    return tuple(removed)


def _runs_on_show(instance: dg.DagsterInstance) -> set[str]:
    """Return the runs that hold what Dagster shows of assets and checks today, and the last one that succeeded."""
    keep: set[str] = set()
    for record in instance.get_asset_records():
        entry = record.asset_entry
        keep |= {event.run_id for event in (entry.last_materialization, entry.last_observation) if event is not None}
        keep |= {entry.last_run_id} if entry.last_run_id is not None else set()
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        table = AssetCheckExecutionsTable.c
        with storage.index_connection() as connection:
            latest = sqlalchemy.select(sqlalchemy.func.max(table.id)).group_by(table.asset_key, table.check_name)
            rows = connection.execute(sqlalchemy.select(table.run_id).where(table.id.in_(latest))).fetchall()
        keep |= {run_id for (run_id,) in rows if run_id}
    good = instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]), limit=1)
    return keep | {record.dagster_run.run_id for record in good}


def _remove_events(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove what `delete_run` of Dagster 1.13 leaves of a run: its output, and the evaluations of its checks."""
    cast("Any", instance.compute_log_manager).delete_logs(prefix=[run_id])
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        with storage.index_connection() as connection:
            table = AssetCheckExecutionsTable
            connection.execute(table.delete().where(table.c.run_id == run_id))


def _remove_file_of_events(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove the file that SQLite has for the events of one run. Other storages have none."""
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        file = storage.path_for_shard(run_id)
        for path in (f"{file}-wal", f"{file}-shm", file):
            Path(path).unlink(missing_ok=True)


def _left_without_a_run(instance: dg.DagsterInstance, before: float) -> list[str]:
    """Return the runs of which Dagster has a file of events from before a time, and no record."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return []
    return [
        run_id
        for run_id in sorted(storage.get_all_run_ids())
        if os.stat(storage.path_for_shard(run_id)).st_mtime < before and not instance.has_run(run_id)
    ]
