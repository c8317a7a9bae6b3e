"""Running the refresh job inside this process, against the instance whose runs the Dagster UI shows."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.dead_runs import close_dead_runs
from dagster_project.event_log import with_one_engine_for_each_file, without_flushing_each_event
from dagster_project.failures import as_warehouse_error
from dagster_project.outcome import report_looks
from dagster_project.release_partitions import report_profiled
from warehouse.backfill import Backfilled
from warehouse.files import write_atomically, writing_to
from warehouse.process import loading
from warehouse.refresh import Plan
from warehouse.run_record import last_run, recorded_error
from warehouse.settings import Settings, load_settings

_WRITTEN_BY_ICW = "# Written by icw."

# Dagster's launcher for one machine does not look whether a run's process lives: what ends a dead run there is the
# limit of its time. Ten runs that seem to go on would keep the service from starting another.
_INSTANCE_SETTINGS = f"""\
{_WRITTEN_BY_ICW} Runs of the command line and of the schedule are kept here.
# To change anything, take the first line away: then icw leaves this file alone.
telemetry:
  enabled: false
nux:
  enabled: false
run_monitoring:
  enabled: true
  max_runtime_seconds: 43200
"""


def dagster_home(settings: Settings) -> Path:
    """Return Dagster's folder in the warehouse home, made if need be, with telemetry off and dead runs noticed.

    A configuration that an earlier icw wrote is renewed; one that somebody else wrote stays as it is.

    Raises:
        StorageError: the home cannot be written.
    """
    folder = settings.home / "dagster"
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "dagster.yaml"
        text = configuration.read_text(encoding="utf-8") if configuration.exists() else _WRITTEN_BY_ICW
        if text.startswith(_WRITTEN_BY_ICW) and text != _INSTANCE_SETTINGS:
            write_atomically(configuration, _INSTANCE_SETTINGS)
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
            without_flushing_each_event(),
            with_one_engine_for_each_file(),
            dg.DagsterInstance.from_config(str(folder)) as instance,
        ):
            run = last_run(settings.home)
            close_dead_runs(instance, run_id, None if run is None else run.previous)
            definitions(settings).resolve_job_def("refresh").execute_in_process(
                run_config=_configuration(plan, settings, run_id), instance=instance, run_id=run_id
            )
    except Exception as error:
        raise as_warehouse_error(error, folder, recorded_error(settings.home, run_id)) from error


def report_unchanged(settings: Settings) -> None:
    """Let Dagster know of a refresh that needed no run: its freshness would take the sources for unread otherwise.

    That Dagster's records cannot be written stops no refresh.
    """
    run = last_run(settings.home)
    with contextlib.suppress(Exception), dg.DagsterInstance.from_config(str(dagster_home(settings))) as instance:
        if run is not None:
            report_looks(instance, run)


def report_backfill(settings: Settings, found: Sequence[Backfilled]) -> None:
    """Let Dagster know of a backfill that the command line has run.

    That Dagster's records cannot be written stops no backfill; the next one reports what this one has not.
    """
    with contextlib.suppress(Exception), dg.DagsterInstance.from_config(str(dagster_home(settings))) as instance:
        report_profiled(instance, found)


def _configuration(plan: Plan, settings: Settings, run_id: str) -> dict[str, Any]:
    """Return the run's configuration: the options of the command line, and the findings of the plan.

    The environment holds the other settings; a run that is repeated from the UI asks the upstreams itself.
    """
    told = {
        "sources": settings.sources,
        "idc_version": settings.idc_version,
        "clinical": ",".join(settings.clinical),
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
