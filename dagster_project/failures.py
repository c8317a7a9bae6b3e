"""What a failed step means to the person who must act: the library's own error behind what Dagster raised."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from warehouse.errors import StorageError, WarehouseError

_REFUSED_WRITES = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO)


def as_warehouse_error(error: BaseException, folder: Path, recorded: WarehouseError | None) -> BaseException:
    """Find the library's own error, or a disk that refuses writes below `folder`, behind what Dagster raised.

    `recorded` is what stopped the run as its record has it: Dagster may have failed to keep it, and then raises that.
    """
    causes = list(_causes(error))
    own = next((cause for cause in causes if isinstance(cause, WarehouseError)), None)
    if own is not None:
        return own
    if recorded is not None:
        return recorded
    refused = next((cause for cause in causes if is_refused_write(cause)), None)
    if refused is not None:
        return StorageError(
            f"The records of the run cannot be written below {folder}: {getattr(refused, 'orig', refused)}. "
            "Free some space or point ICW_HOME at a folder that can be written, then run the command again."
        )
    lost = next((cause for cause in causes if isinstance(cause, DBAPIError)), None)
    if lost is not None:
        reason = str(lost.orig).strip().partition("\n")[0]
        return StorageError(
            f"Dagster's records were lost in the middle of the run ({reason}). Run the command again: it goes on from "
            "what is landed, and without those records if they cannot be had."
        )
    return error


def is_refused_write(cause: BaseException) -> bool:
    """Return whether an error is that of a disk which takes nothing more, or of a folder that may not be written."""
    if isinstance(cause, DBAPIError) and cause.orig is not None:
        cause = cause.orig
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
