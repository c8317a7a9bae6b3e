"""`icw snapshots`: which there are, whether they are as they were published, how two differ, and building one again."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Annotated

import typer

from dagster_project import display
from dagster_project.diff_command import diff
from dagster_project.options import JsonOption
from dagster_project.retention_commands import pin, prune, unpin
from dagster_project.screen import Screen, screen
from dagster_project.share_commands import export, import_, push
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

if TYPE_CHECKING:
    from warehouse.snapshots.verification import FileCheck

snapshots_app = typer.Typer(help="The published snapshots, oldest first.")
snapshots_app.command()(diff)
snapshots_app.command()(prune)
snapshots_app.command()(pin)
snapshots_app.command()(unpin)
snapshots_app.command()(export)
snapshots_app.command("import")(import_)
snapshots_app.command()(push)


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
    logical: Annotated[
        bool, typer.Option("--logical", help="Read the rows, too: those of the Parquet and of the DuckDB file.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check that files are byte for byte what was landed and published; names each that is not.

    With --logical the rows of each table have the logical digest that the manifest states, too. The DuckDB file of an
    older snapshot may have been dropped: that is said, and no fault. Exits with 0 if all is as it was, and with 3 if
    anything is not. A damaged landed object is fetched anew by the next refresh.
    """
    from warehouse.snapshots.verification import checks, of_unreadable

    if name is not None and (landing or everything):
        raise UsageError("Name a snapshot, or use --landing or --all: not both.")
    if logical and landing:
        raise UsageError("Landed objects have no logical digest: leave out --landing or --logical.")
    settings = load_settings()
    home = settings.home
    counted, faults = 0, [of_unreadable(entry) for entry in catalog.unreadable(home)] if everything else []
    unstated: list[FileCheck] = []
    dropped: list[FileCheck] = []
    found = checks(
        home, name, landing, everything, logical, threads=settings.threads, memory_limit=settings.memory_limit
    )
    for check in found:
        if check.found == "unstated":
            unstated.append(check)
        elif check.found == "dropped":
            dropped.append(check)
        else:
            counted += 1
            if check.is_fault:
                faults.append(check)
    if as_json:
        print(json.dumps(display.verification_report(counted, faults, unstated, dropped), indent=2))
    else:
        display.verification(screen(), counted, faults, unstated, dropped)
    if faults:
        raise typer.Exit(IntegrityError.exit_code)


@snapshots_app.command()
def rebuild(
    name: Annotated[str, typer.Argument(metavar="ID", help="Snapshot, the beginning of its id, or current.")],
    as_json: JsonOption = False,
) -> None:
    """Build a snapshot again from what was landed for it, and compare the tables. Publishes nothing.

    Landed files of IDC that are gone are fetched again from the public channels, by version and digest; those of a
    portal cannot be. A table of other bytes is compared by its rows, and one of other rows down to the first of them.

    Exits with 0 if all tables have the same bytes or at least the same rows, and with 3 if one does not, or if
    something that the snapshot was built from cannot be had any more.
    """
    from dagster_project.progress import showing_progress
    from warehouse.lock import refresh_lock
    from warehouse.snapshots.rebuild import rebuild as rebuilt

    settings = load_settings()
    found = catalog.snapshot(settings.home, name)
    with refresh_lock(settings.home, str(uuid.uuid4())), showing_progress(Screen(stderr=True, quiet=as_json)):
        outcome = rebuilt(found, settings)
    if as_json:
        print(json.dumps(display.rebuild_report(outcome), indent=2))
    else:
        display.rebuild(screen(), outcome)
        display.synthetic_notice(Screen(stderr=True), found)
    if outcome.outcome == "differs":
        raise typer.Exit(IntegrityError.exit_code)
