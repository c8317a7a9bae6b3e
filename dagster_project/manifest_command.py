"""`icw manifest`: the images behind a query, as a list for the tool that fetches them."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.answer_commands import CiteOption, cited_answer
from dagster_project.options import JsonOption, SnapshotOption
from dagster_project.screen import Screen
from warehouse.downloads.forms import ManifestName
from warehouse.errors import UsageError
from warehouse.home import require_outside
from warehouse.settings import load_settings
from warehouse.snapshots import catalog, query

# Linux bounds an argument to 131,072 bytes, and a UID has up to 64 characters.
_FIT_A_COMMAND_LINE = 2000


def manifest(
    sql: Annotated[
        str,
        typer.Option("--sql", metavar="QUERY", help="One SELECT that returns series_key or file_key."),
    ],
    name: Annotated[
        ManifestName,
        typer.Option(
            "--for",
            help="s5cmd and idc: series of IDC; gen3: files of the portal; drs: identifiers of either; csv: a table.",
        ),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the manifest to this file instead of printing it.")
    ] = None,
    snapshot: SnapshotOption = None,
    cite: CiteOption = False,
    as_json: JsonOption = False,
) -> None:
    """List what a query chooses for the tool that downloads it; size, licences and gaps go to standard error."""
    from warehouse.downloads.choosing import chosen_by

    if as_json and output is None:
        raise UsageError("--json prints the totals where the manifest would go: name a file for that with --output.")
    settings = load_settings()
    found = catalog.snapshot(settings.home, snapshot)
    if output is not None:
        require_outside(output, settings.home)
    console = Screen(stderr=True)
    display.absence_notice(console, {"warehouse": found}, sql, {}, strict=False)
    with contextlib.ExitStack() as stack:
        choice = stack.enter_context(chosen_by(found, sql, name, settings))
        form, totals = choice.form, choice.totals()
        if totals.records == 0:
            several = f"{totals.chosen:,} different {choice.key}, which {form.lacks}"
            returned = several if totals.chosen else f"no {choice.key}"
            raise UsageError(f"There is nothing to list for {name}: the query returns {returned}.")
        if cite:
            listed = choice.records_listed
            cited = cited_answer(settings, found, choice.question, {}, {}, output, form.format, listed)
            result = stack.enter_context(cited)
        else:
            result = stack.enter_context(choice.manifest())
        query.write_result(result, form.format, output or sys.stdout.buffer, header=form.header)
    if name == "idc" and totals.records > _FIT_A_COMMAND_LINE:
        console.print(
            f"{totals.records:,} identifiers may not fit into a command line. `idc download` reads the manifest for "
            "s5cmd, too: --for s5cmd.",
            style="bold yellow",
            highlight=False,
            soft_wrap=True,
        )
    if as_json:
        print(totals.model_dump_json(indent=2))
    else:
        display.manifest_totals(console, totals, form.lacks)
    display.synthetic_notice(console, found)
