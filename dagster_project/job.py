"""Running the refresh job inside this process, against the instance whose runs the Dagster UI shows."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project.failures import as_warehouse_error
from warehouse.landing import writing_to
from warehouse.process import loading
from warehouse.refresh import Plan
from warehouse.settings import Settings

_INSTANCE_SETTINGS = """\
# Written by icw. Runs of the command line and of the schedule are kept here.
telemetry:
  enabled: false
"""


def dagster_home(settings: Settings) -> Path:
    """Return Dagster's folder in the warehouse home, with telemetry off, made if need be.

    Raises:
        StorageError: the home cannot be written.
    """
    folder = settings.home / "dagster"
    with writing_to(folder):
        folder.mkdir(parents=True, exist_ok=True)
        configuration = folder / "dagster.yaml"
        if not configuration.exists():
            configuration.write_text(_INSTANCE_SETTINGS, encoding="utf-8")
    return folder


def run_refresh_job(plan: Plan, settings: Settings) -> str:
    """Run the whole refresh job with what a plan knows already, and return Dagster's id of the run.

    Raises:
        WarehouseError: what stopped the run, as the library said it.
    """
    folder = dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(folder)
    with loading():
        from dagster_project.definitions import defs

    try:
        with dg.DagsterInstance.from_config(str(folder)) as instance:
            result = defs.resolve_job_def("refresh").execute_in_process(
                run_config=_configuration(plan, settings), instance=instance
            )
    except Exception as error:
        raise as_warehouse_error(error, folder) from error
    return result.run_id


def _configuration(plan: Plan, settings: Settings) -> dict[str, Any]:
    """Return the run's configuration: what the command line was told, and what the plan found out.

    The environment holds the other settings; a run that is repeated from the UI asks the upstreams itself.
    """
    told = {"sources": settings.sources, "idc_version": settings.idc_version}
    if settings.sandbox_url is not None:
        told["sandbox_url"] = settings.sandbox_url
    ops: dict[str, Any] = {
        f"{choice.source}_release": {"config": {"known": choice.model_dump(exclude={"source"}, exclude_none=True)}}
        for choice in plan.choices
    }
    if plan.idc is not None:
        resolved = asdict(plan.idc)
        ops.setdefault("idc_release", {"config": {}})["config"] |= {
            "version": resolved["version"],
            "channel": resolved["channel"],
            "passed_over": list(resolved["passed_over"]),
        }
    return {
        "ops": ops,
        "resources": {"warehouse": {"config": {"told": told}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
