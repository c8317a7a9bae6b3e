"""`icw status`: how a warehouse home is, for a person, a program and a monitor."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dagster_project import display, retention_commands
from dagster_project.options import JsonOption
from dagster_project.screen import screen
from warehouse.errors import UsageError
from warehouse.settings import load_settings
from warehouse.snapshots import catalog


def status(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Print one line and exit with 0 good, 8 degraded, 9 the last refresh failed, died or was interrupted, "
            "10 too old, 11 nothing in service, 12 a refresh runs for longer than --max-age.",
        ),
    ] = False,
    max_age: Annotated[
        str, typer.Option(metavar="DURATION", help="How old --check lets the last good refresh be: 90m, 36h, 2d.")
    ] = "36h",
    alert: Annotated[
        bool,
        typer.Option("--alert", help="With --check: tell the addresses of ICW_ALERTS where it is not as they know it."),
    ] = False,
    storage: Annotated[
        bool,
        typer.Option("--storage", help="Show bytes on the disk, why each snapshot is kept, what prune would free."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the current snapshot, how old each source is, what the audit said, and what became of the last refresh."""
    if alert and not check:
        raise UsageError("Use --alert with --check: it tells what that finds.")
    if storage:
        if check:
            raise UsageError("Use --storage or --check, not both.")
        retention_commands.storage(as_json)
        return
    from warehouse.freshness import duration, freshness
    from warehouse.run_record import last_run, now

    settings, longest = load_settings(), duration(max_age)
    home = settings.home
    run, snapshot = last_run(home), catalog.current(home)
    if check:
        if alert:
            from warehouse.alerts.runs import alert_of_state

            alert_of_state(settings, longest)
        found = freshness(run, None if snapshot is None else snapshot.id, longest, now())
        report = {"state": found.state, "exit_code": found.exit_code, "why": found.sentence}
        print(
            json.dumps(report | display.status_report(snapshot, run)) if as_json else f"{found.state}: {found.sentence}"
        )
        raise SystemExit(found.exit_code)
    if run is None:
        # It says what to do where there is nothing at all.
        snapshot = catalog.snapshot(home, None)
    if as_json:
        print(json.dumps(display.status_report(snapshot, run), indent=2))
    else:
        from warehouse.snapshots.findings import blocked_audit

        display.status(screen(), snapshot, run, catalog.unreadable(home), blocked_audit(home, snapshot))
