"""The program `icw`: heeds interrupts before anything else, then loads the command line and runs it."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from warehouse.interrupts import Interrupts


def program() -> NoReturn:
    """Run the command line and end the process with its exit code; an interrupt ends it in one sentence."""
    interrupts = Interrupts(_note)
    interrupts.heed()
    with interrupts.guarding():
        from dagster_project.cli import app, main
        from warehouse.process import run_and_leave

        def run() -> None:
            with interrupts.guarding():
                app(obj=interrupts)

        run_and_leave(lambda: main(run))


def _note(number: signal.Signals) -> str:
    """Keep that the refresh of this process was interrupted, if it runs one, and say what that means."""
    how = "Ctrl-C" if number == signal.SIGINT else number.name
    if "warehouse.run_record" in sys.modules:
        from warehouse.run_record import interrupted_run
        from warehouse.settings import load_settings

        stage = interrupted_run(load_settings().home, 128 + number)
        if stage is not None:
            return (
                f"The refresh was interrupted ({how}) while {stage}. Nothing is half published: `icw status` says what "
                "is in service. Run `icw refresh` again; it goes on from what is landed."
            )
    return f"Interrupted ({how})."
