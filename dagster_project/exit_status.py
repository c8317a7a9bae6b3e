"""How the program ends: an error that a person can act on is one sentence and an exit code of `warehouse.errors`."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from dagster_project.screen import Screen
from warehouse.errors import StorageError, WarehouseError


def run_with_exit_status(run: Callable[[], object]) -> None:
    """Run the command line; errors that a person can act on become one sentence and their exit code.

    A reader of the output that leaves (`icw tables | head -1`) ends it without a word and with exit code 1.
    """
    try:
        try:
            run()
        except SystemExit:
            sys.stdout.flush()
            raise
    except WarehouseError as error:
        _stop(error)
    except OSError as error:
        if error.errno == errno.EPIPE:
            _discard_output()
            raise SystemExit(1) from None
        if error.errno == errno.ENOSPC:
            _stop(StorageError(f"The output cannot be written: {error.strerror}. Free some space and try again."))
        if error.filename is not None:
            _stop(StorageError(f"{error.filename} cannot be used: {error.strerror}. Name another path."))
        raise


def _stop(error: WarehouseError) -> NoReturn:
    Screen(stderr=True, soft_wrap=True).print(f"icw: {error}", style="red", markup=False, highlight=False)
    _discard_output()
    raise SystemExit(error.exit_code)


def _discard_output() -> None:
    """Drop what standard output does not take: Python would try again when it ends, and complain in its own words."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
