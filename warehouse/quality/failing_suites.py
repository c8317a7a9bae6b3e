"""A suite that fails itself: an error that says so, never a pass, while the other suites judge all the same."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from warehouse.errors import StorageError, WarehouseError
from warehouse.public_text import public_text
from warehouse.quality.verdicts import Asset, Verdict, could_not_run

log = logging.getLogger("icw.quality")

HitBy = Callable[[duckdb.Error], StorageError | None]
"""What tells whether the bounds on memory and disk caused an error of DuckDB."""

# What DuckDB says of SQL that does not fit the data, or of itself; the others are about files, memory and disks.
_OF_THE_SUITE = (duckdb.ProgrammingError, duckdb.DataError, duckdb.NotSupportedError, duckdb.InternalError)

_LONGEST = 300


@contextmanager
def could_fail(suite: str, subject: str, asset: Asset, hit_by: HitBy) -> Iterator[list[Verdict]]:
    """Yield a list that holds one error once the block has failed for a reason that lies in the suite.

    Errors that a person must act on, files that cannot be read and a lack of memory go on their way. The log says how
    long the block took.
    """
    failed: list[Verdict] = []
    started = time.perf_counter()
    try:
        yield failed
        took = {"suite": suite, "subject": subject, "seconds": time.perf_counter() - started}
        log.debug("suite ran", extra={"event": "suite_ran", **took})
    except WarehouseError:
        raise
    except Exception as error:
        if isinstance(error, OSError) or (isinstance(error, duckdb.Error) and not _is_of_the_suite(error, hit_by)):
            raise
        log.exception("the suite %s could not run", suite, extra={"event": "suite_failed", "subject": subject})
        failed.append(could_not_run(suite, subject, asset, reason(error)))


def _is_of_the_suite(error: duckdb.Error, hit_by: HitBy) -> bool:
    is_of_a_file = isinstance(error, duckdb.InvalidInputException) and "parquet" in str(error).lower()
    if is_of_a_file or hit_by(error) is not None:
        return False
    return isinstance(error, _OF_THE_SUITE)


def reason(error: Exception) -> str:
    """Return the kind of an error and the first line of what it says, without credentials."""
    words = public_text(str(error).partition("\n")[0])
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    return said if len(said) <= _LONGEST else said[: _LONGEST - 3] + "..."
