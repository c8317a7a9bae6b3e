"""`icw cohort`: queries that choose series or files, saved by name and compared between snapshots."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.options import JsonOption, SnapshotOption
from dagster_project.screen import Screen, screen
from dagster_project.sql_arguments import form_of
from warehouse.errors import UsageError
from warehouse.home import require_outside
from warehouse.settings import load_settings
from warehouse.snapshots import catalog, query

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The cohort's name, e.g. chest-ct.")]

cohort_app = typer.Typer(no_args_is_help=True, help="Queries that choose images, saved by name, compared over nights.")


@cohort_app.command()
def save(
    name: NameArgument,
    sql: Annotated[
        str,
        typer.Option("--sql", metavar="QUERY", help="One SELECT that returns series_key or file_key."),
    ],
    snapshot: SnapshotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Save a query by name, with the snapshot, the totals and the digest of what it chooses there."""
    from dagster_project.display import cohorts as display
    from dagster_project.display import notices
    from warehouse.cohorts import store
    from warehouse.cohorts.saving import new_cohort

    settings = load_settings()
    found = catalog.snapshot(settings.home, snapshot)
    notices.absence_notice(Screen(stderr=True), {"warehouse": found}, sql, {}, strict=False)
    saved = new_cohort(name, sql, found, settings)
    path = store.save(settings.home, saved)
    if as_json:
        print(saved.text(), end="")
    else:
        display.cohort(screen(), saved, found)
    Screen(stderr=True).print(f"Saved: {path}", highlight=False, soft_wrap=True)


@cohort_app.command("list")
def list_cohorts(as_json: JsonOption = False) -> None:
    """List the cohorts of this home by name."""
    from dagster_project.display import cohorts as display
    from warehouse.cohorts import store

    home = load_settings().home
    found, broken = store.cohorts(home)
    stand = [(saved, store.snapshot_of(home, saved)) for saved in found]
    if as_json:
        print(json.dumps(display.cohort_list_report(stand, broken), indent=2))
    else:
        display.cohort_list(screen(), stand, broken)


@cohort_app.command()
def show(name: NameArgument, as_json: JsonOption = False) -> None:
    """Show a cohort as it was saved, and whether its snapshot is still there."""
    from dagster_project.display import cohorts as display
    from warehouse.cohorts import store

    home = load_settings().home
    saved = store.cohort(home, name)
    kept = store.snapshot_of(home, saved)
    if as_json:
        print(json.dumps(display.cohort_report(saved, kept), indent=2))
    else:
        display.cohort(screen(), saved, kept)


@cohort_app.command()
def diff(
    name: NameArgument,
    earlier: Annotated[
        str | None,
        typer.Option("--from", metavar="ID", help="The snapshot before; by default that of the save."),
    ] = None,
    later: Annotated[
        str | None, typer.Option("--to", metavar="ID", help="The snapshot after; by default the one in service.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write each record that differs to this file (.csv, .parquet, ...)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what changed in a cohort between two snapshots: records, revisions, licences, sizes."""
    from dagster_project.display import cohorts as display
    from dagster_project.display import notices
    from warehouse.cohorts import store
    from warehouse.cohorts.difference import compared
    from warehouse.cohorts.members import members_of

    settings, console = load_settings(), Screen(stderr=True)
    form = form_of(None, False, output)
    if output is not None:
        require_outside(output, settings.home)
    saved = store.cohort(settings.home, name)
    before = store.snapshot_of(settings.home, saved) if earlier is None else catalog.snapshot(settings.home, earlier)
    if before is None:
        raise UsageError(f"{display.gone(saved)} Name another snapshot to compare with: --from ID.")
    after = catalog.snapshot(settings.home, later)
    with tempfile.TemporaryDirectory(prefix="icw-cohort-") as folder:
        for snapshot in (before, after):
            notices.absence_notice(console, {"warehouse": snapshot}, saved.sql, {}, strict=False)
        then = members_of(saved, before, settings, Path(folder, "before.parquet"))
        now = members_of(saved, after, settings, Path(folder, "after.parquet"))
        with compared(then, now, settings, Path(folder)) as comparison:
            found = comparison.difference
            if output is not None and form != "table":
                written = query.write_result(comparison.lines(), form, output)
                console.print(f"{written:,} lines written to {output}.", highlight=False)
    if as_json:
        print(json.dumps({"name": name} | found.model_dump(mode="json"), indent=2))
    else:
        display.difference(screen(), saved, found)
    notices.synthetic_notice(console, after, before)


@cohort_app.command()
def remove(name: NameArgument) -> None:
    """Remove a cohort; snapshots and citations stay."""
    from warehouse.cohorts import store

    store.remove(load_settings().home, name)
    Screen(stderr=True).print(f"Removed: {name}", highlight=False)
