"""Running the refresh job inside this process, against the instance whose runs the Dagster UI shows."""

from __future__ import annotations

import os
from pathlib import Path

import dagster as dg

from warehouse.errors import WarehouseError
from warehouse.landing import writing_to
from warehouse.settings import Settings
from warehouse.sources.idc import ResolvedRelease

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


def run_refresh_job(release: ResolvedRelease, settings: Settings) -> str:
    """Run the whole refresh job for an IDC release and return Dagster's id of the run.

    Raises:
        WarehouseError: what stopped the run, as the library said it.
    """
    folder = dagster_home(settings)
    os.environ["DAGSTER_HOME"] = str(folder)
    from dagster_project.definitions import defs

    configuration = {
        "ops": {"idc_release": {"config": {"version": release.version, "channel": release.channel}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        try:
            result = defs.resolve_job_def("refresh").execute_in_process(run_config=configuration, instance=instance)
        except Exception as error:
            raise _as_warehouse_error(error) from error
    return result.run_id


def _as_warehouse_error(error: BaseException) -> BaseException:
    """Find the library's own error behind what Dagster raised."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, WarehouseError):
            return cause
        cause = cause.__cause__ or cause.__context__
    return error
