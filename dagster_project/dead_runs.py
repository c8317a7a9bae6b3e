"""Runs that died: Dagster does not notice, takes them as running for ever, and a queue full of them starts no other."""

from __future__ import annotations

import contextlib
import logging
import time

import dagster as dg

from warehouse.run_record import RunRecord

log = logging.getLogger("icw.refresh")

LOCK_PATIENCE_S = 7200.0
"""How long (seconds) a run of Dagster waits for a refresh that somebody else has started."""

# How long (seconds) a run that lives may have been started without holding the lock: it imports the project, and waits.
_STARTING_S = LOCK_PATIENCE_S + 600


def close_dead_runs(instance: dg.DagsterInstance, run_id: str, before: RunRecord | None) -> None:
    """Let Dagster know which runs are over. The caller is run `run_id` and holds the refresh lock: no other run lives.

    `before` is the record of the run before: it is over, however lately it was started. That Dagster's records cannot
    be written stops no refresh.
    """
    known = None if before is None else before.run_id
    with contextlib.suppress(Exception):
        started = dg.RunsFilter(
            job_name="refresh", statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]
        )
        for found in instance.get_run_records(started):
            run = found.dagster_run
            old = found.start_time is not None and time.time() - found.start_time > _STARTING_S
            if run.run_id == run_id or not (old or run.run_id == known):
                continue
            instance.report_run_failed(run, "The process of this run ended without a word; the next run noticed it.")
            log.info("Closed run %s in Dagster: its process had ended", run.run_id, extra={"event": "dead_run"})


def close_run_that_died(instance: dg.DagsterInstance, run: RunRecord | None) -> None:
    """Let Dagster know that the last run of a home died, by its record: it would keep its place before the queue."""
    if run is None or run.outcome != "died":
        return
    found = instance.get_run_by_id(run.run_id)
    if found is not None and not found.is_finished:
        instance.report_run_failed(found, "The process of this run ended without a word.")
