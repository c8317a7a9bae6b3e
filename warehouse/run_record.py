"""How the last refresh of a home ended: one small file, for the people and programs that look in the morning.

A snapshot says how it came about; this says what happened since, also when nothing was published.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.errors import Degraded, LockHeld, StorageError, UsageError, WarehouseError
from warehouse.landing import write_atomically, writing_to
from warehouse.snapshots.manifest import SourceFailure

Outcome = Literal["published", "unchanged", "restored", "failed"]


class RunRecord(BaseModel):
    """The end of one refresh. `snapshot_id` is what was in service then; `error` is what stopped a failed one."""

    model_config = ConfigDict(frozen=True)

    finished_at: datetime
    outcome: Outcome
    exit_code: int
    snapshot_id: str | None = None
    failures: tuple[SourceFailure, ...] = ()
    error: str | None = None


def record_run(home: Path, record: RunRecord) -> None:
    """Keep how a refresh ended.

    Raises:
        StorageError: the home cannot be written.
    """
    with writing_to(_path(home)):
        home.mkdir(parents=True, exist_ok=True)
        write_atomically(_path(home), record.model_dump_json(indent=2) + "\n")


def last_run(home: Path) -> RunRecord | None:
    """Return how the last refresh ended, or None where none has ended (or its record is damaged)."""
    try:
        return RunRecord.model_validate_json(_path(home).read_bytes())
    except (OSError, ValidationError):
        return None


def record_failure(home: Path, error: BaseException) -> None:
    """Keep that a refresh failed, and of what. A home that cannot be written has no record of it."""
    code = error.exit_code if isinstance(error, WarehouseError) else 1
    record = RunRecord(finished_at=now(), outcome="failed", exit_code=code, error=str(error) or type(error).__name__)
    with contextlib.suppress(StorageError):
        record_run(home, record)


@contextlib.contextmanager
def recording_failures(home: Path) -> Iterator[None]:
    """Keep a failure of the block, unless it says nothing of the warehouse: bad usage, or another refresh at work."""
    try:
        yield
    except (Degraded, LockHeld, UsageError):
        raise
    except Exception as error:
        record_failure(home, error)
        raise


def now() -> datetime:
    """Return the time (UTC), to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def _path(home: Path) -> Path:
    return home / "last_run.json"
