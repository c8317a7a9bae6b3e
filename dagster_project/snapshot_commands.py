"""`icw snapshots`: which there are, and whether they are as they were published."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project import display
from dagster_project.options import JsonOption
from dagster_project.retention_commands import pin, prune, unpin
from dagster_project.screen import screen
from dagster_project.share_commands import export, import_
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

if TYPE_CHECKING:
    from warehouse.snapshots.verification import FileCheck

snapshots_app = typer.Typer(help="The published snapshots, oldest first.")
snapshots_app.command()(prune)
snapshots_app.command()(pin)
snapshots_app.command()(unpin)
snapshots_app.command()(export)
snapshots_app.command("import")(import_)


@snapshots_app.callback(invoke_without_command=True)
def snapshots(context: typer.Context, as_json: JsonOption = False) -> None:
    """List the published snapshots, oldest first."""
    if context.invoked_subcommand is not None:
        return
    home = load_settings().home
    found, current, unreadable = catalog.snapshots(home), catalog.current(home), catalog.unreadable(home)
    if as_json:
        print(json.dumps(display.snapshot_report(found, current, unreadable), indent=2))
    else:
        display.snapshot_list(screen(), found, current, unreadable)


@snapshots_app.command()
def verify(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="Snapshot; by default the one in service.")] = None,
    landing: Annotated[bool, typer.Option("--landing", help="Check the landed objects instead.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Check every snapshot and the landed objects.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that files are byte for byte what was landed and published; names each that is not.

    Exits with 0 if all are, and with 3 if any is not. The DuckDB file of an older snapshot may have been dropped: that
    is said, and no fault. A damaged landed object is fetched anew by the next refresh.
    """
    from warehouse.snapshots.verification import checks, of_unreadable

    if name is not None and (landing or everything):
        raise UsageError("Name a snapshot, or use --landing or --all: not both.")
    home = load_settings().home
    counted, faults = 0, [of_unreadable(entry) for entry in catalog.unreadable(home)] if everything else []
    dropped: list[FileCheck] = []
    for check in checks(home, name, landing, everything):
        if check.found == "dropped":
            dropped.append(check)
            continue
        counted += 1
        if check.is_fault:
            faults.append(check)
    if as_json:
        print(json.dumps(display.verification_report(counted, faults, dropped), indent=2))
    else:
        display.verification(screen(), counted, faults, dropped)
    if faults:
        raise typer.Exit(IntegrityError.exit_code)
