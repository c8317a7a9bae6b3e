"""Where Dagster keeps its records of runs: SQLite in the home, or Postgres; brought up to date when they are opened.

They are for Dagster's UI. A refresh for which they cannot be had goes on without: the snapshot, `icw status` and the
alerts need none of them.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dagster as dg
from alembic.util import CommandError

from dagster_project.failures import as_warehouse_error, is_refused_write
from warehouse.errors import StorageError, UsageError
from warehouse.public_text import public_text, public_url
from warehouse.settings import Settings

log = logging.getLogger("icw.refresh")

POSTGRES_VARIABLE = "ICW_DAGSTER_POSTGRES_URL"

# Dagster reads the variable itself, in each of its processes: the address and its password stand in no file.
_IN_POSTGRES = f"""\
storage:
  postgres:
    postgres_url:
      env: {POSTGRES_VARIABLE}
"""

# Seconds; a server that does not answer at all would be waited for for minutes.
_CONNECT_TIMEOUT_S = 5


def storage_section(settings: Settings) -> str:
    """Return the part of `dagster.yaml` that says where the records are; none where they are in the home.

    Raises:
        UsageError: they are to be in Postgres, and the package for it is not installed.
    """
    if not settings.dagster_postgres_url.get_secret_value():
        return ""
    if importlib.util.find_spec("dagster_postgres") is None:
        raise UsageError(
            f"{POSTGRES_VARIABLE} is set, and the package dagster-postgres is not installed: install this project "
            "with its extra `postgres`, or take the setting away."
        )
    return _IN_POSTGRES


@contextlib.contextmanager
def opened_or_without(folder: Path, settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open Dagster's records for a refresh; where they cannot be had, ones in memory, with a warning.

    The caller holds the refresh lock.

    Raises:
        StorageError: the disk refuses to be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            instance = stack.enter_context(opened(folder, settings))
        except StorageError as error:
            cause = error.__cause__
            if cause is not None and is_refused_write(cause):
                # A disk that is full takes no snapshot either.
                raise as_warehouse_error(cause, folder, None) from error
            log.warning(
                "%s The refresh goes on; this run shows in `icw status`, and not in Dagster's UI.",
                error,
                extra={"event": "records"},
            )
            instance = stack.enter_context(dg.DagsterInstance.ephemeral(settings={"telemetry": {"enabled": False}}))
        yield instance


@contextlib.contextmanager
def opened(folder: Path, settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Open Dagster's records, with their tables as this version of Dagster has them. The caller holds the refresh lock.

    Raises:
        StorageError: Postgres does not answer, or the records are damaged or those of a newer Dagster.
    """
    with contextlib.ExitStack() as stack:
        try:
            _require_answer(settings)
            instance = stack.enter_context(dg.DagsterInstance.from_config(str(folder)))
            _bring_up_to_date(instance)
        except CommandError:
            raise StorageError(
                f"Dagster's records in {_place(folder, settings)} are those of a newer Dagster. "
                "Go back to the newer version of this project, or move them away: Dagster begins new ones."
            ) from None
        except Exception as error:
            raise StorageError(
                f"Dagster's records in {_place(folder, settings)} cannot be used ({_reason(error, settings)})."
            ) from error
        yield instance


def _require_answer(settings: Settings) -> None:
    """Connect to Postgres once, where that is set, without the patience of Dagster's own attempts."""
    if url := settings.dagster_postgres_url.get_secret_value():
        import psycopg2

        psycopg2.connect(url, connect_timeout=_CONNECT_TIMEOUT_S).close()


def _bring_up_to_date(instance: dg.DagsterInstance) -> None:
    """Do what `dagster instance migrate` does, where the tables are those of an older Dagster."""
    storages = (instance.run_storage, instance.event_log_storage, instance.schedule_storage)
    versions = [found for storage in storages if storage is not None and (found := storage.alembic_version())]
    if any(kept != known for kept, known in versions):
        log.info("Bringing Dagster's records up to date", extra={"event": "step"})
        instance.upgrade()


def _place(folder: Path, settings: Settings) -> str:
    url = settings.dagster_postgres_url.get_secret_value()
    return public_url(url) if url else str(folder)


def _reason(error: Exception, settings: Settings) -> str:
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    reason = public_text(lines[0]) if lines else type(error).__name__
    password = urlsplit(settings.dagster_postgres_url.get_secret_value()).password
    for secret in {password, unquote(password)} if password else ():
        reason = reason.replace(secret, "...")
    return reason
