"""`icw`, the one command: refresh the warehouse, see how it is, and read it.

Only what runs a job imports Dagster, inside the command, so that reading starts fast. Results go to standard
output; progress, warnings and errors to standard error. Exit codes are those of `warehouse.errors`.
"""

from __future__ import annotations

import contextlib
import difflib
import errno
import json
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from dagster_project import display
from dagster_project.screen import Screen, bear_any_text, screen
from warehouse.errors import Degraded, StorageError, UsageError, WarehouseError
from warehouse.process import loading, run_and_leave
from warehouse.settings import Settings, Sources, load_settings
from warehouse.snapshots import catalog, query

app = typer.Typer(
    name="icw",
    help="A citable warehouse of medical-imaging metadata.",
    epilog=(
        "Exit codes: 0 done or unchanged, 2 bad usage, 3 a source failed, 4 the audit failed, "
        "5 another refresh is running, 6 the warehouse home cannot be written, 7 the build failed, "
        "8 degraded: done, but a source could not be refreshed and keeps its last good load."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

sandbox_app = typer.Typer(no_args_is_help=True)
app.add_typer(sandbox_app, name="sandbox", help="Stand-ins for the upstream services, with synthetic data.")

IdcOption = Annotated[
    str | None,
    typer.Option("--idc", metavar="VERSION", help="IDC release: current, latest, 23.5.0 or v23 (its newest)."),
]
SourcesOption = Annotated[
    Sources | None,
    typer.Option(
        "--sources",
        help="live: the public services. sandbox: made-up stand-ins for the portal and the hub, for a look.",
    ),
]
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", "-s", help="A snapshot's id or the beginning of it; by default the current.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@app.command()
def refresh(
    idc: IdcOption = None,
    sources: SourcesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is new, build, audit and publish a snapshot."""
    from dagster_project.progress import showing_progress
    from warehouse.run_record import last_run, recording_failures

    started = time.monotonic()
    settings = load_settings(idc_version=idc, sources=sources)
    degraded: Degraded | None = None
    try:
        with showing_progress(Screen(stderr=True, quiet=as_json)), recording_failures(settings.home):
            _refresh(settings)
    except Degraded as error:
        degraded = error
    snapshot, run = catalog.snapshot(settings.home, None), last_run(settings.home)
    outcome = "published" if run is None else run.outcome
    if as_json:
        report = {"outcome": outcome, "snapshot_id": snapshot.id, "seconds": round(time.monotonic() - started, 1)}
        failures = [failure.model_dump() for failure in run.failures] if run else []
        print(json.dumps(report | {"folder": str(snapshot.folder), "failures": failures}))
    else:
        display.refresh_summary(screen(), snapshot, outcome, time.monotonic() - started, _program())
    if degraded is not None:
        raise degraded


def _refresh(settings: Settings) -> None:
    """Plan, and run the job unless the snapshot is there already. A sandbox runs for as long as that takes."""
    from warehouse import refresh as decisions
    from warehouse.lock import refresh_lock
    from warehouse.sandbox.running import standing_in

    with contextlib.ExitStack() as stack:
        with refresh_lock(settings.home):
            decisions.require_real_home(settings)
            settings = stack.enter_context(standing_in(settings))
            plan = decisions.plan(settings)
            if plan.existing is not None:
                outcome = decisions.serve_existing(settings.home, plan.existing)
                decisions.finish(settings.home, outcome, plan.existing.id, decisions.failures_of(plan.choices))
                return
        with loading():
            from dagster_project.job import run_refresh_job

        run_refresh_job(plan, settings)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show the current snapshot, how old each source is, and what the audit said."""
    from warehouse.run_record import last_run

    home = load_settings().home
    run = last_run(home)
    snapshot = catalog.snapshot(home, None)
    if as_json:
        print(json.dumps(display.status_report(snapshot, run), indent=2))
    else:
        display.status(screen(), snapshot, run)


@app.command()
def sources(
    idc: IdcOption = None,
    sources: SourcesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show each upstream: its address, whether it answers and with what, and what the last load holds."""
    from warehouse.landing import Landing
    from warehouse.sandbox.running import standing_in
    from warehouse.upstreams import upstreams

    with standing_in(load_settings(idc_version=idc, sources=sources)) as settings:
        landing = Landing(settings.home)
        found = [(upstream.look(landing), upstream.last_good(landing)) for upstream in upstreams(settings)]
    if as_json:
        print(json.dumps(display.sources_report(found), indent=2))
    else:
        display.sources(screen(), found)


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
                Screen(stderr=True).print(f"{written:,} rows written to {output}.", highlight=False)
        elif output is not None:
            raise UsageError("A table is for the screen. Use --format csv, json or parquet to write a file.")
        else:
            display.page(screen(), result.page(rows))
            display.synthetic_notice(Screen(stderr=True), found)


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
        entries = tuple(entry for entry in entries if entry.name == table.lower())
        if not entries:
            names = [entry.name for entry in query.data_dictionary(found)]
            similar = " or ".join(difflib.get_close_matches(table.lower(), names))
            advice = f"Did you mean {similar}?" if similar else "`icw tables` lists them."
            raise UsageError(f"There is no table {table!r} in snapshot {found.id}. {advice}")
    if as_json:
        print(json.dumps([entry.model_dump(mode="json") for entry in entries], indent=2))
    elif table is None:
        display.table_list(screen(), found, entries)
    else:
        display.column_list(screen(), entries[0])


@app.command()
def docs(snapshot: SnapshotOption = None) -> None:
    """Write dbt's documentation of a snapshot as one page for a browser: models, SQL, lineage, columns, row counts."""
    from warehouse.documentation import write_documentation

    home = load_settings().home
    found, page = catalog.snapshot(home, snapshot), home / "docs" / "index.html"
    write_documentation(found, page)
    display.documentation(screen(), found, page)


@app.command()
def snapshots(as_json: JsonOption = False) -> None:
    """List the published snapshots, oldest first."""
    home = load_settings().home
    found, current = catalog.snapshots(home), catalog.current(home)
    if as_json:
        print(json.dumps(display.snapshot_report(found, current), indent=2))
    else:
        display.snapshot_list(screen(), found, current)


@sandbox_app.command()
def serve(
    scale: Annotated[
        float | None,
        typer.Option(min=0.0005, max=1, help="Size; at 1 it holds as many records as were published in February 2026."),
    ] = None,
    idc: IdcOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")] = 8765,
) -> None:
    """Serve the stand-ins until interrupted: portal, hub and IDC artifact bucket, with synthetic data."""
    from dagster_project.progress import showing_progress
    from warehouse.sandbox.running import served

    settings = load_settings(sandbox_scale=scale, idc_version=idc)
    with (
        contextlib.suppress(KeyboardInterrupt),
        showing_progress(Screen(stderr=True)),
        served(settings, port) as sandbox,
    ):
        display.sandbox(screen(), sandbox.root_url, settings.sandbox_scale)
        threading.Event().wait()


@app.command()
def dev(
    port: Annotated[int, typer.Option(help="Port of the Dagster UI on loopback.")] = 3000,
) -> None:
    """Start the Dagster UI and its daemon on loopback: lineage, runs, checks and the schedule."""
    from dagster_project.job import dagster_home

    os.environ["DAGSTER_HOME"] = str(dagster_home(load_settings()))
    # The parts of Dagster talk to each other on loopback, which gRPC would do through a proxy of the environment.
    around = filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "localhost,127.0.0.1,::1"))
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(around)
    arguments = ["dev", "-m", "schedules.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.execvp(sys.executable, [sys.executable, "-m", "dagster", *arguments])


def _program() -> str:
    """Return how this command was called: by name from the PATH, or by a path that is not on it."""
    on_path = shutil.which("icw")
    called = Path(sys.argv[0])
    return "icw" if on_path is not None and called.exists() and called.samefile(on_path) else str(called)


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
    Screen(stderr=True, soft_wrap=True).print(f"icw: {error}", style="red", markup=False, highlight=False)
    _let_go_of_output()
    raise SystemExit(error.exit_code)


def _let_go_of_output() -> None:
    """Drop what standard output does not take: Python would try again when it ends, and complain in its own words."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main(run: Callable[[], object] = app) -> None:
    """Run the command line; errors that a person can act on become one sentence and their exit code.

    A reader of the output that leaves (`icw tables | head -1`) ends it without a word and with exit code 1.
    """
    try:
        try:
            run()
        except SystemExit:
            sys.stdout.flush()
            raise
    except WarehouseError as error:
        _stop(error)
    except OSError as error:
        if error.errno == errno.EPIPE:
            _let_go_of_output()
            raise SystemExit(1) from None
        if error.errno == errno.ENOSPC:
            _stop(StorageError(f"The output cannot be written: {error.strerror}. Free some space and try again."))
        raise


def program() -> NoReturn:
    """The command `icw`: `main` for any terminal, and a quick end of the process."""
    bear_any_text()
    run_and_leave(main)
