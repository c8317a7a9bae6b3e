"""`icw`, the one command: refresh the warehouse, see how it is, and read it.

Only what runs a job imports Dagster, inside the command, so that reading starts fast. Results go to standard
output; progress, warnings and errors to standard error. Exit codes are those of `warehouse.errors`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import shutil
import signal
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.answer_commands import CiteOption, cited_answer
from dagster_project.backfill import backfill
from dagster_project.build_commands import build_app
from dagster_project.cite_commands import cite_app
from dagster_project.cohort_commands import cohort_app
from dagster_project.ddl_command import export_ddl
from dagster_project.manifest_command import manifest
from dagster_project.metrics_command import metrics
from dagster_project.options import (
    ClinicalOption,
    EngineOption,
    IdcOption,
    JsonOption,
    SnapshotOption,
    SourcesOption,
    VersionOption,
)
from dagster_project.quality_commands import gaps, quality_app
from dagster_project.screen import Screen, screen
from dagster_project.site_command import site_app
from dagster_project.snapshot_commands import snapshots_app, verify
from dagster_project.sql_arguments import (
    AttachOption,
    FormOption,
    HeaderOption,
    JsonFormOption,
    ParameterOption,
    SqlCommand,
    StatementArgument,
    form_of,
)
from dagster_project.status_command import status
from warehouse.errors import UsageError
from warehouse.home import require_outside
from warehouse.interrupts import Interrupts
from warehouse.process import loading
from warehouse.run_record import RunRecord
from warehouse.settings import Settings, load_settings
from warehouse.snapshots import attaching, catalog, dictionary, parameters, query

app = typer.Typer(
    name="icw",
    help="A citable warehouse of medical-imaging metadata.",
    epilog=(
        "Exit codes: 0 done or unchanged, 2 bad usage, 3 a source failed, 4 the audit failed, "
        "5 another refresh is running, 6 the warehouse home cannot be written, 7 the build failed, "
        "8 degraded: done, but a source could not be refreshed and keeps its last good load, or the snapshot did not "
        "get to the store of ICW_PUBLISH_URL or has no site, "
        "13 the path of --output cannot be written to, "
        "14 the query reads what is absent from the snapshot (sql --strict), "
        "15 the object store could not be reached, or refused (snapshots push), "
        "128 and the number of the signal that interrupted it (130, 143)."
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.command()(backfill)
app.command()(export_ddl)
app.command()(gaps)
app.command()(manifest)
app.command()(metrics)
app.command()(status)
app.command()(verify)
app.add_typer(build_app, name="build")
app.add_typer(cite_app, name="cite")
app.add_typer(cohort_app, name="cohort")
app.add_typer(quality_app, name="quality")
app.add_typer(site_app, name="site")
app.add_typer(snapshots_app, name="snapshots")

sandbox_app = typer.Typer(no_args_is_help=True)
app.add_typer(sandbox_app, name="sandbox", help="Stand-ins for the upstream services, with synthetic data.")


@app.callback()
def main(version: VersionOption = False) -> None:
    """A citable warehouse of medical-imaging metadata."""


@app.command()
def refresh(
    context: typer.Context,
    idc: IdcOption = None,
    sources: SourcesOption = None,
    clinical: ClinicalOption = None,
    engine: EngineOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch what is new, build, audit and publish a snapshot."""
    from dagster_project.progress import showing_progress
    from warehouse.refresh import degradation

    started = time.monotonic()
    settings = load_settings(idc_version=idc, sources=sources, clinical=clinical, engine=engine)
    with showing_progress(Screen(stderr=True, quiet=as_json)):
        run = _refresh(settings, context)
    snapshot = catalog.snapshot(settings.home, None)
    outcome = "published" if run is None else run.outcome
    if as_json:
        report = {"outcome": outcome, "snapshot_id": snapshot.id, "seconds": round(time.monotonic() - started, 1)}
        failures = [failure.model_dump() for failure in run.failures] if run else []
        not_pushed = None if run is None else run.not_pushed
        told = {"folder": str(snapshot.folder), "failures": failures, "not_pushed": not_pushed}
        told["without_site"] = None if run is None else run.without_site
        print(json.dumps(report | told))
    else:
        display.refresh_summary(screen(), snapshot, outcome, time.monotonic() - started, _program())
    if (degraded := degradation(run)) is not None:
        raise degraded


def _refresh(settings: Settings, context: typer.Context) -> RunRecord | None:
    """Plan, and run the job unless the snapshot is there already, all under one lock and one record, which is returned.

    A sandbox runs for as long as that takes.
    """
    from warehouse import refresh as decisions
    from warehouse.alerts.runs import alerting
    from warehouse.housekeeping import keeping_house
    from warehouse.lock import refresh_lock
    from warehouse.run_record import at_stage, failures_of, last_run, recording
    from warehouse.sandbox.running import with_sandbox

    run_id = str(uuid.uuid4())
    with contextlib.ExitStack() as stack:
        stack.enter_context(refresh_lock(settings.home, run_id))
        decisions.require_real_home(settings)
        stack.enter_context(keeping_house(settings, run_id))
        stack.enter_context(alerting(settings))
        stack.enter_context(recording(settings.home, run_id))
        if isinstance(context.obj, Interrupts):
            stack.enter_context(context.obj.noting(functools.partial(_interrupted, settings.home)))
        settings = stack.enter_context(with_sandbox(settings))
        plan = decisions.plan(settings)
        if plan.existing is not None:
            served = decisions.serve_existing(settings, plan.existing)
            failures = failures_of(plan.choices)
            decisions.finish(settings, served.outcome, served.snapshot.id, failures)
            return last_run(settings.home)
        at_stage(settings.home, "loading Dagster")
        with loading():
            from dagster_project.job import run_refresh_job

        run_refresh_job(plan, settings, run_id)
        return last_run(settings.home)


def _interrupted(home: Path, number: signal.Signals) -> str:
    """Keep that the refresh of this process was interrupted, and say what that means."""
    from warehouse.run_record import interrupted_run

    stage = interrupted_run(home, 128 + number)
    return (
        f"The refresh was interrupted ({number.name})" + ("" if stage is None else f" while {stage}") + ". Nothing is "
        "half published; `icw status` says what is in service. Run `icw refresh` again: it goes on from what is landed."
    )


@app.command()
def sources(
    idc: IdcOption = None,
    sources: SourcesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show each upstream: its address, whether it answers and with what, and what the last load holds."""
    from warehouse.landing import Landing
    from warehouse.sandbox.running import with_sandbox
    from warehouse.upstreams import upstreams

    with with_sandbox(load_settings(idc_version=idc, sources=sources)) as settings:
        landing = Landing(settings.home)
        found = [(upstream.look(landing), upstream.last_good(landing)) for upstream in upstreams(settings)]
    if as_json:
        print(json.dumps(display.sources_report(found), indent=2))
    else:
        display.sources(screen(), found)


@app.command(cls=SqlCommand)
def sql(
    context: typer.Context,
    statement: StatementArgument = None,
    form: FormOption = None,
    as_json: JsonFormOption = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the result to this file instead of printing it.")
    ] = None,
    no_header: HeaderOption = False,
    param: ParameterOption = None,
    attach: AttachOption = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a printed table; the other formats have all.")] = 40,
    snapshot: SnapshotOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse (exit code 14) to read what is absent from the snapshot.")
    ] = False,
    cite: CiteOption = False,
) -> None:
    """Query a snapshot, read-only. What the query reads and the snapshot does not have is named on standard error."""
    settings = load_settings()
    found = catalog.snapshot(settings.home, snapshot)
    attached = attaching.named(settings.home, attach or (), found)
    values = parameters.stated(param or ())
    chosen = form_of(form, as_json, output)
    if output is not None:
        require_outside(output, settings.home)

    def answer(question: str) -> None:
        display.absence_notice(Screen(stderr=True), {"warehouse": found, **attached}, question, values, strict=strict)
        with contextlib.ExitStack() as stack:
            if cite:
                result = stack.enter_context(cited_answer(settings, found, question, values, attached, output, chosen))
            else:
                result = stack.enter_context(query.run(found, question, settings, parameters=values, attached=attached))
            if chosen != "table":
                written = query.write_result(result, chosen, output or sys.stdout.buffer, header=not no_header)
                if output is not None:
                    Screen(stderr=True).print(f"{written:,} rows written to {output}.", highlight=False)
            else:
                display.page(screen(), result.page(rows), header=not no_header)
                display.synthetic_notice(Screen(stderr=True), found, *attached.values())

    if statement is not None or not sys.stdin.isatty():
        answer(sys.stdin.read() if statement in (None, "-") else statement)
        return
    if output is not None or param:
        raise UsageError("--output and --param need a query: icw sql QUERY.")
    from dagster_project.prompt import ask_on

    _release_interrupts(context)
    ask_on(Screen(stderr=True), found, attached, answer)


@app.command()
def tables(
    table: Annotated[str | None, typer.Argument(help="Show the columns of this table.")] = None,
    search: Annotated[
        str | None, typer.Option("--search", metavar="TEXT", help="Tables and columns with these words, described.")
    ] = None,
    snapshot: SnapshotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the data dictionary: the tables, or the columns of one."""
    found = catalog.snapshot(load_settings().home, snapshot)
    entries = dictionary.data_dictionary(found) if table is None else (dictionary.table_named(found, table),)
    if search is not None:
        matches = dictionary.search(entries, search)
        if as_json:
            print(json.dumps([dataclasses.asdict(match) for match in matches], indent=2))
        else:
            display.matches(screen(), search, matches)
    elif as_json:
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


@sandbox_app.command()
def serve(
    context: typer.Context,
    scale: Annotated[
        float | None,
        typer.Option(min=0.0005, max=1, help="Size; at 1 it holds as many records as were published in February 2026."),
    ] = None,
    idc: IdcOption = None,
    schema: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="The portal's record types and fields as they were on a day since May 2022."),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on loopback; 0 takes a free one.")] = 8765,
) -> None:
    """Serve the simulated services until interrupted: portal, hub and IDC artifact bucket, with synthetic data.

    Below /_sandbox/, POST JSON to break or change what is served:

    faults: {"kind": "authorisation_outage", "record_type": "case", "times": 3};
    without an end: "times": null, until DELETE

    changes: {"service": "portal", "record_type": "case", "removed_share": 0.2};
    instead of a share, "change": "remove" (or "rename", "add" with a "name"),
    or "field": "sex" with "mutation": "missing", "text", "number", "boolean",
    "list", "nested"
    """
    from dagster_project.progress import showing_progress
    from warehouse.sandbox.running import served

    _release_interrupts(context)
    settings = load_settings(sandbox_scale=scale, idc_version=idc, sandbox_schema=schema)
    with (
        contextlib.suppress(KeyboardInterrupt),
        showing_progress(Screen(stderr=True)),
        served(settings, port) as sandbox,
    ):
        display.sandbox(screen(), sandbox.root_url, settings.sandbox_scale, settings.sandbox_schema)
        threading.Event().wait()


@app.command()
def dev(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port of the Dagster UI on loopback.")] = 3000,
) -> None:
    """Start the Dagster UI and its daemon on loopback: lineage, runs, checks and the schedule."""
    from dagster_project.job import ready_records

    _release_interrupts(context)
    os.environ["DAGSTER_HOME"] = str(ready_records(load_settings()))
    # The parts of Dagster talk to each other on loopback, which gRPC would do through a proxy of the environment.
    around = filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "localhost,127.0.0.1,::1"))
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(around)
    workspace = Path(__file__).with_name("workspace.yaml")
    arguments = ["dev", "-w", str(workspace), "-h", "127.0.0.1", "-p", str(port)]
    os.execvp(sys.executable, [sys.executable, "-m", "dagster", *arguments])


def _release_interrupts(context: typer.Context) -> None:
    """Let a service end as services do: an interrupt is its usual end."""
    if isinstance(context.obj, Interrupts):
        context.obj.release()


def _program() -> str:
    """Return how this command was called: by name from the PATH, or by a path that is not on it."""
    on_path = shutil.which("icw")
    called = Path(sys.argv[0])
    return "icw" if on_path is not None and called.exists() and called.samefile(on_path) else str(called)
