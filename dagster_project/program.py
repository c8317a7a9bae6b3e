"""The program `icw`: heeds interrupts before anything else, then loads the command line and runs it."""

from __future__ import annotations

import os
from typing import NoReturn

from warehouse.interrupts import Interrupts


def program() -> NoReturn:
    """Run the command line and end the process with its exit code; an interrupt ends it in one sentence."""
    interrupts = Interrupts()
    interrupts.heed()
    # Or pydantic searches all that is installed for plugins of its own, before the first model.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")
    with interrupts.guarding():
        from warehouse.process import loading, run_and_leave

        with loading():
            from dagster_project.cli import app
            from dagster_project.exit_status import run_with_exit_status
            from dagster_project.screen import bear_any_text

        bear_any_text()

        def run() -> None:
            with interrupts.guarding():
                app(obj=interrupts)

        run_and_leave(lambda: run_with_exit_status(run))
