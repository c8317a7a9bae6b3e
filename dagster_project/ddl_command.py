"""`icw export-ddl`: a snapshot as tables of another engine, as a script that creates, loads and checks them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.options import JsonOption, SnapshotOption
from dagster_project.screen import Screen, screen
from warehouse.ddl.names import EngineName
from warehouse.errors import UsageError
from warehouse.home import require_outside
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

_PRINTED = "-"


def export_ddl(
    engine: Annotated[EngineName, typer.Option("--for", help="The engine that runs the script.")],
    snapshot: SnapshotOption = None,
    location: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Where the engine finds the snapshot: what it was pushed to or exported into, gs://bucket/prefix. "
            "ClickHouse and Spark read this machine without it.",
        ),
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The schema, dataset or database to fill; by default imaging_commons, or imaging_commons_synthetic.",
        ),
    ] = None,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FOLDER", help="Write the script into this folder; - prints it.")
    ] = _PRINTED,
    as_json: JsonOption = False,
) -> None:
    """Write a script that loads a snapshot's Parquet files into another engine: types, descriptions, keys, a check."""
    from dagster_project.display.ddl import ddl_report
    from warehouse.ddl.script import load_script, write_script

    if as_json and output == _PRINTED:
        raise UsageError("--json reports on the script where it would be printed: name a folder for it with --output.")
    settings = load_settings()
    found = catalog.snapshot(settings.home, snapshot)
    script = load_script(found, engine, settings, location, schema)
    if output == _PRINTED:
        sys.stdout.write(script.text)
    else:
        require_outside(Path(output, script.name), settings.home)
        path = write_script(script, Path(output))
        if as_json:
            print(json.dumps(ddl_report(script, path), indent=2))
        else:
            screen().print(str(path), highlight=False, soft_wrap=True, markup=False)
    display.synthetic_notice(Screen(stderr=True), found)
