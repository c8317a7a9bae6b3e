"""`icw quality` and `icw gaps`: what the audits have found, since when, and the records behind it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from dagster_project.options import JsonOption, SnapshotOption
from dagster_project.screen import Screen, screen
from dagster_project.sql_arguments import FormOption, HeaderOption, JsonFormOption, form_of
from warehouse.errors import AuditFailed
from warehouse.home import require_outside
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

quality_app = typer.Typer(
    help="What the audits have found: new findings first, acknowledged ones last; also a last night that was blocked."
)


@quality_app.callback(invoke_without_command=True)
def quality(
    context: typer.Context,
    snapshot: SnapshotOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 4 where an error is found that nobody has acknowledged.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show what the audit has found in a snapshot, and in a later night that was not published because of it.

    Exits with 0 whatever is found; with --strict, with 4 where an error stands that nobody has acknowledged.
    """
    if context.invoked_subcommand is not None:
        return
    from dagster_project.display import quality as display
    from warehouse.acknowledgements import read_acknowledgements
    from warehouse.quality.acknowledged import matching_nothing
    from warehouse.snapshots import findings

    home = load_settings().home
    chosen = _chosen(home, snapshot)
    found = findings.report(home, chosen, is_in_service=_is_in_service(home, chosen))
    verdicts = [entry.verdict for entry in (*found.findings, *found.blocked_findings)]
    stale = matching_nothing(read_acknowledgements(home).findings, verdicts) if found.snapshot is not None else []
    if as_json:
        print(json.dumps(display.quality_report(found, stale), indent=2, ensure_ascii=False))
    else:
        display.quality(screen(), found, stale)
    if strict and any(entry.finding.blocks for entry in (*found.findings, *found.blocked_findings)):
        raise typer.Exit(AuditFailed.exit_code)


@quality_app.command()
def explain(
    finding: Annotated[str, typer.Argument(metavar="ID", help="The id of a finding: q-1a2b3c4d5e.")],
    form: FormOption = None,
    as_json: JsonFormOption = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the records to this file instead of printing them.")
    ] = None,
    no_header: HeaderOption = False,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a printed table; the other formats have all.")] = 40,
    snapshot: SnapshotOption = None,
) -> None:
    """List the records that a finding is about, from the data that was judged."""
    from dagster_project.display import notices, page
    from dagster_project.display import quality as display
    from warehouse.snapshots import findings, query

    settings = load_settings()
    chosen = _chosen(settings.home, snapshot)
    form_chosen = form_of(form, as_json, output)
    if output is not None:
        require_outside(output, settings.home)
    is_in_service = _is_in_service(settings.home, chosen)
    entry, result = findings.explained(settings, chosen, finding, is_in_service=is_in_service)
    with result:
        display.finding(Screen(stderr=True), entry)
        if form_chosen == "table":
            page(screen(), result.page(rows), header=not no_header)
        else:
            written = query.write_result(result, form_chosen, output or sys.stdout.buffer, header=not no_header)
            if output is not None:
                Screen(stderr=True).print(f"{written:,} rows written to {output}.", highlight=False)
    if chosen is not None:
        notices.synthetic_notice(Screen(stderr=True), chosen)


@quality_app.command()
def history(
    check: Annotated[
        str,
        typer.Argument(metavar="CHECK", help="A finding's id, a suite, an asset, words of an expectation."),
    ],
    as_json: JsonOption = False,
) -> None:
    """Show the incidents of a check, and how much of it each snapshot has."""
    from dagster_project.display import quality as display
    from warehouse.snapshots import findings

    home = load_settings().home
    counted, incidents = findings.counts_over_time(home, check), findings.matching_incidents(home, check)
    if as_json:
        print(json.dumps(display.history_report(counted, incidents), indent=2, ensure_ascii=False))
    else:
        display.history(screen(), counted, incidents)


def gaps(
    causes: Annotated[bool, typer.Option("--causes", help="Also why each gap is there.")] = False,
    snapshot: SnapshotOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the gaps between two systems that describe the same things, one line a comparison."""
    from dagster_project.display import gaps as display
    from warehouse.snapshots.findings import before
    from warehouse.snapshots.gaps import gap_lines

    home = load_settings().home
    chosen = catalog.snapshot(home, snapshot)
    earlier = before(home, chosen)
    lines = gap_lines(chosen, earlier)
    if as_json:
        print(json.dumps(display.gaps_report(chosen, earlier, lines), indent=2))
    else:
        display.gaps(screen(), chosen, earlier, lines, with_causes=causes)


def _chosen(home: Path, name: str | None) -> catalog.Snapshot | None:
    """Return the snapshot of this name; by default the one in service, or None where only a blocked night is there."""
    from warehouse.snapshots.findings import blocked_audit

    if name is None and catalog.current(home) is None and blocked_audit(home, None) is not None:
        return None
    return catalog.snapshot(home, name)


def _is_in_service(home: Path, chosen: catalog.Snapshot | None) -> bool:
    return chosen is None or chosen == catalog.current(home)
