"""`icw snapshots diff`: what differs between two snapshots."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.options import JsonOption
from dagster_project.screen import Screen, screen
from warehouse.errors import UsageError
from warehouse.home import require_outside
from warehouse.settings import load_settings
from warehouse.snapshots import catalog


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="The snapshot before: an id or the beginning of one.")],
    after: Annotated[
        str | None, typer.Argument(metavar="[B]", help="The snapshot after; by default the one in service.")
    ] = None,
    table: Annotated[str | None, typer.Option("--table", "-t", help="Show the columns of this table.")] = None,
    as_json: JsonOption = False,
    parquet: Annotated[
        Path | None,
        typer.Option(
            "--parquet", metavar="FILE", help="Write each row and value that differs to this file, as one long table."
        ),
    ] = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 where the snapshots differ.")] = False,
) -> None:
    """Show what differs between two snapshots: schema, rows by key, values, and what that means for collections.

    Exits with 0 whether they differ or not; with --exit-code, with 1 where they do.
    """
    from dagster_project.display import difference as display
    from warehouse.comparison.difference import comparison
    from warehouse.comparison.lines import lines
    from warehouse.snapshots import formats

    settings = load_settings()
    if parquet is not None:
        require_outside(parquet, settings.home)
    earlier, later = catalog.snapshot(settings.home, before), catalog.snapshot(settings.home, after)
    name = None if table is None else _table_of(earlier, later, table)
    with comparison(earlier, later, threads=settings.threads, memory_limit=settings.memory_limit) as (found, workspace):
        if parquet is not None:
            written = formats.write(lines(found, workspace, name), "parquet", parquet)
            Screen(stderr=True).print(f"{written:,} lines written to {parquet}.", highlight=False)
    if as_json:
        report = display.difference_report(found) if name is None else display.table_report(found, name)
        print(json.dumps(report, indent=2, ensure_ascii=False))
    elif name is None:
        display.difference(screen(), found)
    else:
        display.table_difference(screen(), found, name)
    if exit_code and (found.differs if name is None else display.table_differs(found, name)):
        raise typer.Exit(1)


def _table_of(before: catalog.Snapshot, after: catalog.Snapshot, name: str) -> str:
    """Return the name of a table that one of the snapshots has.

    Raises:
        UsageError: neither has it; it says which one is meant, where that can be told.
    """
    from warehouse.snapshots import dictionary

    try:
        return dictionary.table_named(after, name).name
    except UsageError:
        earlier = {table.name for table in before.manifest.tables}
        if name.lower() in earlier:
            return name.lower()
        raise
