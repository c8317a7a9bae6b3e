"""Running the refresh job inside this process, against the instance whose runs the Dagster UI shows."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dagster_project.dead_runs import close_dead_runs
from dagster_project.event_log import with_connections_kept
from dagster_project.failures import as_warehouse_error
from dagster_project.records import POSTGRES_VARIABLE, opened, opened_or_without, storage_section
from dagster_project.release_partitions import report_profiled
from dagster_project.run_retention import removing_old_runs_afterwards
from warehouse.backfill import Backfilled
from warehouse.errors import LockHeld
from warehouse.files import write_atomically, writing_to
from warehouse.lock import refresh_lock
from warehouse.process import loading
from warehouse.refresh import Plan
from warehouse.run_record import last_run, recorded_error
from warehouse.settings import Settings, load_settings

log = logging.getLogger("icw.refresh")

_WRITTEN_BY_ICW = "# Written by icw."

# Dagster's launcher for one machine does not look whether a run's process lives: its code server does, and where that
# died with it the sensor `dead_runs`, then the limit of its time. One that seems to go on holds up the queue.
_INSTANCE_SETTINGS = f"""\
{_WRITTEN_BY_ICW} Runs of the command line and of the schedule are kept here.
# To change anything, take the first line away: then icw leaves this file alone.
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  max_runtime_seconds: 43200
retention:
  schedule:
    purge_after_days: 90
  sensor:
    purge_after_days:
      skipped: 7
      failure: 30
      success: 90
"""


def dagster_home(settings: Settings) -> Path:
    """Return Dagster's folder in the warehouse home, made if need be, with telemetry off and dead runs noticed.

    A configuration that an earlier icw wrote is renewed; one that somebody else wrote stays as it is.

    Raises:
        StorageError: the home cannot be written.
        UsageError: Dagster's records are to be in Postgres, and the package for it is not installed.
    """
    folder = settings.home / "dagster"
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "dagster.yaml"
        text = configuration.read_text(encoding="utf-8") if configuration.exists() else _WRITTEN_BY_ICW
        wanted = _INSTANCE_SETTINGS + storage_section(settings)
        if text.startswith(_WRITTEN_BY_ICW) and text != wanted:
            write_atomically(configuration, wanted)
        elif settings.dagster_postgres_url.get_secret_value() and POSTGRES_VARIABLE not in text:
            log.warning(
                "%s is set, and %s, which icw did not write, does not name it: Dagster's records stay where they are.",
                POSTGRES_VARIABLE,
                configuration,
                extra={"event": "records"},
            )
    return folder


def ready_records(settings: Settings) -> Path:
    """Return Dagster's folder, with the records in it as this version of Dagster has them, for a service that begins.

    Raises:
        StorageError: the home cannot be written, or the records cannot be used.
        UsageError: Dagster's records are to be in Postgres, and the package for it is not installed.
    """
    folder = dagster_home(settings)
    # A refresh that runs has brought the records up to date already.
    with contextlib.suppress(LockHeld), refresh_lock(settings.home), opened(folder, settings):
        pass
    return folder


def run_refresh_job(plan: Plan, settings: Settings, run_id: str) -> None:
    """Run the whole refresh job, as run `run_id`, with what a plan knows already. The caller holds the lock for it.

    Raises:
        WarehouseError: what stopped the run, as the library said it.
    """
    folder = dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(folder)
    with loading():
        from dagster_project.definitions import definitions

    try:
        with (
            with_connections_kept(),
            opened_or_without(folder, settings) as instance,
        ):
            run = last_run(settings.home)
            close_dead_runs(instance, run_id, None if run is None else run.previous)
            with removing_old_runs_afterwards(instance, settings, run_id):
                definitions(settings).resolve_job_def("refresh").execute_in_process(
                    run_config=_configuration(plan, settings, run_id), instance=instance, run_id=run_id
                )
    except Exception as error:
        raise as_warehouse_error(error, folder, recorded_error(settings.home, run_id)) from error


def report_backfill(settings: Settings, found: Sequence[Backfilled]) -> None:
    """Let Dagster know of a backfill that the command line has run. The caller holds the refresh lock.

    That Dagster's records cannot be written stops no backfill; the next one reports what this one has not.
    """
    with contextlib.suppress(Exception), opened(dagster_home(settings), settings) as instance:
        report_profiled(instance, found)


def _configuration(plan: Plan, settings: Settings, run_id: str) -> dict[str, Any]:
    """Return the run's configuration: the options of the command line, and the findings of the plan.

    The environment holds the other settings; a run that is repeated from the UI asks the upstreams itself.
    """
    told = {
        "sources": settings.sources,
        "idc_version": settings.idc_version,
        "clinical": ",".join(settings.clinical),
        "engine": settings.engine,
    }
    # Dagster keeps and shows what it is told: an address of the environment, which may hold a password, stays there.
    if settings.sandbox_url is not None and settings.sandbox_url != load_settings().sandbox_url:
        told["sandbox_url"] = settings.sandbox_url
    ops: dict[str, Any] = {
        f"{choice.source}_release": {"config": {"known": choice.model_dump(exclude={"source"}, exclude_none=True)}}
        for choice in plan.choices
    }
    for source, resolved in plan.resolved.items():
        ops.setdefault(f"{source}_release", {"config": {}})["config"] |= {
            "version": resolved.version,
            "channel": resolved.channel,
            "passed_over": list(resolved.passed_over),
        }
    return {
        "ops": ops,
        "resources": {"warehouse": {"config": {"told": told, "run_id": run_id}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
