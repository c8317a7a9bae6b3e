"""Running the refresh job inside this process, against the instance whose runs the Dagster UI shows."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import dagster as dg

from warehouse.errors import StorageError, WarehouseError
from warehouse.landing import writing_to
from warehouse.settings import Settings
from warehouse.sources.idc import ResolvedRelease

_REFUSED_WRITES = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)

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
        "ops": {"idc_release": {"config": {**asdict(release), "passed_over": list(release.passed_over)}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        try:
            result = defs.resolve_job_def("refresh").execute_in_process(run_config=configuration, instance=instance)
        except Exception as error:
            raise _as_warehouse_error(error, folder) from error
    return result.run_id


def _as_warehouse_error(error: BaseException, folder: Path) -> BaseException:
    """Find the library's own error, or a disk that refuses writes, behind what Dagster raised."""
    causes = list(_causes(error))
    own = next((cause for cause in causes if isinstance(cause, WarehouseError)), None)
    if own is not None:
        return own
    refused = next((cause for cause in causes if _is_refused_write(cause)), None)
    if refused is not None:
        return StorageError(
            f"The records of the run cannot be written below {folder}: {refused}. "
            "Free some space or point ICW_HOME at a folder that can be written, then run the command again."
        )
    return error


def _is_refused_write(cause: BaseException) -> bool:
    if isinstance(cause, OSError):
        return cause.errno in _REFUSED_WRITES
    return isinstance(cause, sqlite3.OperationalError) and "disk" in str(cause)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what led to it, once each: Dagster raises errors again, so that the chain has cycles."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__
