"""`icw`, the one command: refresh the warehouse, see how it is, and read it.

Only what runs a job imports Dagster, inside the command, so that reading starts fast. Results go to standard
output; progress, warnings and errors to standard error. Exit codes are those of `warehouse.errors`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer
from rich.console import Console

from dagster_project import display
from warehouse.errors import UsageError, WarehouseError
from warehouse.settings import load_settings
from warehouse.snapshots import catalog, query

app = typer.Typer(
    name="icw",
    help="A citable warehouse of medical-imaging metadata.",
    epilog=(
        "Exit codes: 0 done or unchanged, 2 bad usage, 3 a source failed, 4 the audit failed, "
        "5 another refresh is running, 6 the warehouse home cannot be written, 7 the build failed."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", "-s", help="A snapshot's id or the beginning of it; by default the current.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def refresh(
    idc: Annotated[
        str | None,
        typer.Option("--idc", metavar="VERSION", help="IDC release: current, latest, 23.5.0 or v23 (its newest)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is new, build, audit and publish a snapshot."""
    from dagster_project.progress import showing_progress
    from warehouse import refresh as decisions
    from warehouse.lock import refresh_lock

    started = time.monotonic()
    settings = load_settings(idc_version=idc)
    with showing_progress(Console(stderr=True, quiet=as_json)):
        with refresh_lock(settings.home):
            plan = decisions.plan(settings.idc_version, settings)
            outcome = decisions.serve_existing(settings.home, plan.existing) if plan.existing else "published"
        if plan.existing is None:
            from dagster_project.job import run_refresh_job

            run_refresh_job(plan.idc, settings)
    snapshot = catalog.snapshot(settings.home, None)
    if as_json:
        report = {"outcome": outcome, "snapshot_id": snapshot.id, "seconds": round(time.monotonic() - started, 1)}
        print(json.dumps(report | {"folder": str(snapshot.folder)}))
    else:
        display.refresh_summary(_screen(), snapshot, outcome, time.monotonic() - started, _program())


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show the current snapshot, how old each source is, and what the audit said."""
    settings = load_settings()
    snapshot = catalog.snapshot(settings.home, None)
    if as_json:
        print(json.dumps(display.status_report(snapshot), indent=2))
    else:
        display.status(_screen(), snapshot)


@app.command()
def sql(
    statement: Annotated[str, typer.Argument(help="One SQL query (DuckDB); - reads it from standard input.")],
    form: Annotated[
        Literal["table", "csv", "json", "parquet"] | None,
        typer.Option("--format", "-f", help="By default a table, or what the name of --output ends with."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the result to this file instead of printing it.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a printed table; the other formats have all.")] = 40,
    snapshot: SnapshotOption = None,
) -> None:
    """Query a snapshot, read-only."""
    settings = load_settings()
    found = catalog.snapshot(settings.home, snapshot)
    chosen = form or _form_of(output)
    with query.run(found, sys.stdin.read() if statement == "-" else statement, settings) as result:
        if chosen != "table":
            written = query.write_result(result, chosen, output or sys.stdout.buffer)
            if output is not None:
                Console(stderr=True).print(f"{written:,} rows written to {output}.", highlight=False)
        elif output is not None:
            raise UsageError("A table is for the screen. Use --format csv, json or parquet to write a file.")
        else:
            display.page(_screen(), result.page(rows))


@app.command()
def tables(
    table: Annotated[str | None, typer.Argument(help="Show the columns of this table.")] = None,
    snapshot: SnapshotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the data dictionary: the tables, or the columns of one."""
    found = catalog.snapshot(load_settings().home, snapshot)
    entries = query.data_dictionary(found)
    if table is not None:
        entries = tuple(entry for entry in entries if entry.name == table)
        if not entries:
            names = ", ".join(entry.name for entry in query.data_dictionary(found))
            raise UsageError(f"There is no table {table!r} in snapshot {found.id}. Its tables are {names}.")
    if as_json:
        print(json.dumps([entry.model_dump(mode="json") for entry in entries], indent=2))
    elif table is None:
        display.table_list(_screen(), found, entries)
    else:
        display.column_list(_screen(), entries[0])


@app.command()
def snapshots(as_json: JsonOption = False) -> None:
    """List the published snapshots, oldest first."""
    home = load_settings().home
    found, current = catalog.snapshots(home), catalog.current(home)
    if as_json:
        print(json.dumps(display.snapshot_report(found, current), indent=2))
    else:
        display.snapshot_list(_screen(), found, current)


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI on loopback.")] = 3000,
) -> None:
    """Start the Dagster UI and its daemon on loopback: lineage, runs, checks and the schedule."""
    from dagster_project.job import dagster_home

    os.environ["DAGSTER_HOME"] = str(dagster_home(load_settings()))
    arguments = ["dev", "-m", "schedules.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.execvp(sys.executable, [sys.executable, "-m", "dagster", *arguments])


def _program() -> str:
    """Return how this command was called: by name from the PATH, or by a path that is not on it."""
    on_path = shutil.which("icw")
    called = Path(sys.argv[0])
    return "icw" if on_path is not None and called.exists() and called.samefile(on_path) else str(called)


def _screen() -> Console:
    """Return standard output as wide as the terminal, or wide enough for tables where there is none."""
    return Console() if sys.stdout.isatty() else Console(width=160)


def _form_of(output: Path | None) -> Literal["table", "csv", "json", "parquet"]:
    if output is None:
        return "table"
    match output.suffix:
        case ".csv":
            return "csv"
        case ".json":
            return "json"
        case ".parquet":
            return "parquet"
        case _:
            raise UsageError(f"The format of {output} is not clear from its name. Add --format csv, json or parquet.")


def _stop(error: WarehouseError) -> NoReturn:
    Console(stderr=True, soft_wrap=True).print(f"icw: {error}", style="red", markup=False, highlight=False)
    raise SystemExit(error.exit_code)


def main(run: Callable[[], object] = app) -> None:
    """Run the command line; errors that a person can act on become one sentence and their exit code."""
    try:
        run()
    except WarehouseError as error:
        _stop(error)
