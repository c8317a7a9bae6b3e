"""Runs that died: Dagster does not notice, takes them as running for ever, and a queue full of them starts no other."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Collection
from pathlib import Path

import dagster as dg

from warehouse.lock import is_held
from warehouse.run_record import RunRecord

log = logging.getLogger("icw.refresh")

LOCK_PATIENCE_S = 7200.0
"""How long (seconds) a run of Dagster waits for a refresh that somebody else has started."""

# How long (seconds) a run that lives may have been started without holding the lock: it imports the project, and waits.
_IMPORTING_S = 600
_STARTING_S = LOCK_PATIENCE_S + _IMPORTING_S

_GOING_ON = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def close_dead_runs(instance: dg.DagsterInstance, run_id: str, before: RunRecord | None) -> None:
    """Let Dagster know which runs are over. The caller is run `run_id` and holds the refresh lock: no other run lives.

    `before` is the record of the run before: it is over, however lately it was started. That Dagster's records cannot
    be written stops no refresh.
    """
    known = None if before is None else before.run_id
    with contextlib.suppress(Exception):
        started = dg.RunsFilter(job_name="refresh", statuses=_GOING_ON)
        for found in instance.get_run_records(started):
            run = found.dagster_run
            old = found.start_time is not None and time.time() - found.start_time > _STARTING_S
            if run.run_id == run_id or not (old or run.run_id == known):
                continue
            _close(instance, run)


def close_run_that_died(instance: dg.DagsterInstance, run: RunRecord) -> None:
    """Let Dagster know that the last run of a home died, by its record: it would keep its place before the queue."""
    found = instance.get_run_by_id(run.run_id)
    if found is not None and not found.is_finished:
        _close(instance, found)


def close_idle_runs(instance: dg.DagsterInstance, home: Path, idle_before: Collection[str]) -> tuple[str, ...]:
    """Let Dagster know of runs that died before they left a record; return the ids of those that seem to have done so.

    Nobody holds the refresh lock, and they have had time enough to take it. One that has just waited for another holder
    looks the same for a moment: closed is what was in `idle_before`, the answer of a call some time ago.
    """
    if is_held(home):
        return ()
    started = dg.RunsFilter(job_name="refresh", statuses=_GOING_ON)
    long_ago = time.time() - _IMPORTING_S
    idle = [
        record.dagster_run
        for record in instance.get_run_records(started)
        if record.start_time is not None and record.start_time < long_ago
    ]
    for run in idle:
        if run.run_id in idle_before:
            _close(instance, run)
    return tuple(run.run_id for run in idle if run.run_id not in idle_before)


def _close(instance: dg.DagsterInstance, run: dg.DagsterRun) -> None:
    instance.report_run_failed(run, "The process of this run ended without a word.")
    log.info("Closed run %s in Dagster: its process had ended", run.run_id, extra={"event": "dead_run"})
