"""How the command line shows things to a person: small rich tables, and the same facts as plain data for `--json`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot, Unreadable
from warehouse.snapshots.manifest import SourceFailure, TableEntry, Verdict

if TYPE_CHECKING:
    from warehouse.landing import Release
    from warehouse.run_record import RunRecord
    from warehouse.sources.upstream import UpstreamState
    from warehouse.verification import FileCheck

_SCALE = """
select
    source_id,
    (select count(*) from dim_collection where is_in_release and source_id = series.source_id) as collections,
    (select count(*) from dim_patient where source_id = series.source_id) as patients,
    (select count(*) from fct_study where source_id = series.source_id) as studies,
    count(*) as series,
    sum(instance_count)::bigint as instances,
    round(sum(size_bytes) / 1e12, 2) as tb
from fct_series as series
group by source_id
order by source_id
"""

# The kinds of tables, by the beginning of their names, in the order in which they are shown.
_KINDS = {
    "dim_": "Dimensions: what is described",
    "fct_": "Facts: one row a thing or event, as one source describes it",
    "bridge_": "Bridges: which belong together where one has several",
    "xwalk_": "Crosswalks: the same thing in several systems",
    "rec_": "Reconciliation: where two systems differ, and why",
    "rpt_": "Reports: the comparison of the platforms, computed",
    "": "Others",
}

_NEXT = {
    "status": "what is current, how old it is, what the audit said",
    "tables fct_series": "the columns; `tables` alone lists the tables",
    'sql "from dim_modality"': "any query, read-only",
}


def refresh_summary(console: Console, snapshot: Snapshot, outcome: str, seconds: float, program: str) -> None:
    """Say how a refresh ended, what is in the warehouse and what to type next (`program` is how icw was called)."""
    sentences = {
        "published": "Published",
        "unchanged": "Nothing new upstream; nothing was downloaded or built. Current is still",
        "restored": "These loads were published before; nothing was built. Current is again",
    }
    console.print(f"{sentences[outcome]} [bold]{snapshot.id}[/] ({seconds:.1f} s)", highlight=False)
    synthetic_notice(console, snapshot)
    scale(console, snapshot)
    warnings = snapshot.manifest.warnings
    console.print(f"Audit: {len(snapshot.manifest.verdicts)} expectations, {len(warnings)} warnings.", highlight=False)
    console.print(f"Snapshot: {snapshot.folder}", highlight=False, soft_wrap=True)
    console.print("\nNext:")
    for command, what in _NEXT.items():
        console.print(f"  {program} {command:<24} {what}", highlight=False)


def scale(console: Console, snapshot: Snapshot) -> None:
    """Show how much each source holds."""
    with query.run(snapshot, _SCALE) as result:
        page(console, result.page(20))


def page(console: Console, found: query.Page) -> None:
    """Show rows of an answer as a table, or one below the other where the names of the columns do not fit beside."""
    fits = sum(len(column.name) + 3 for column in found.columns) <= console.width + 3
    if fits:
        console.print(_grid(found))
    elif found.rows:
        console.print(_records(found))
    if not found.rows:
        console.print("No rows.", style="dim")
    if found.more:
        console.print(
            f"... more than {len(found.rows):,} rows; --rows N shows more, --output FILE writes all.", style="dim"
        )


def _grid(found: query.Page) -> Table:
    table = Table(show_edge=False, pad_edge=False)
    for column in found.columns:
        numeric = any(column.type.startswith(kind) for kind in ("BIGINT", "INTEGER", "HUGEINT", "DOUBLE", "DECIMAL"))
        table.add_column(escape(column.name), justify="right" if numeric else "left", overflow="fold")
    for row in found.rows:
        table.add_row(*(_cell(value, column.name) for value, column in zip(row, found.columns, strict=True)))
    return table


def _records(found: query.Page) -> Table:
    table = Table(show_edge=False, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in found.rows:
        for value, column in zip(row, found.columns, strict=True):
            table.add_row(escape(column.name), _cell(value, column.name))
        table.add_section()
    return table


def status(
    console: Console, snapshot: Snapshot | None, run: RunRecord | None, unreadable: Sequence[Unreadable]
) -> None:
    """Show what is current, how old each source is, what the audit said and how the last refresh ended."""
    _unreadable(console, unreadable)
    if snapshot is None:
        console.print("No snapshot is in service.")
        if run is not None:
            _last_run(console, run)
        return
    manifest = snapshot.manifest
    age = _age(manifest.created_at)
    console.print(f"Current snapshot: [bold]{snapshot.id}[/], published {age} ago", highlight=False)
    console.print(f"Folder: {snapshot.folder}", highlight=False, soft_wrap=True)
    synthetic_notice(console, snapshot)
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("source", "version", "channel", "fetched", "datasets", "absent"):
        table.add_column(heading, overflow="fold")
    for source in manifest.sources:
        absent = [entry.dataset for entry in source.datasets if entry.status == "absent"]
        table.add_row(
            source.source,
            source.version,
            source.channel,
            f"{_age(source.fetched_at)} ago",
            str(len(source.datasets) - len(absent)),
            ", ".join(absent),
        )
    console.print(table)
    for failure in manifest.failures:
        console.print(f"Not refreshed for it: {_failure(failure)}", style="yellow", markup=False, highlight=False)
    failed = manifest.warnings
    console.print(f"Audit: {len(manifest.verdicts)} expectations, {len(failed)} failed as warnings", highlight=False)
    for verdict in failed:
        console.print(f"  {_sentence(verdict)}", markup=False, highlight=False)
    if run is not None:
        _last_run(console, run)


def _last_run(console: Console, run: RunRecord) -> None:
    """Show what became of the last refresh; of one that goes on, also what became of the one before."""
    moment = run.finished_at or run.started_at
    facts = [] if moment is None else [f"{'' if run.finished_at else 'started '}{_age(moment)} ago"]
    facts += [run.stage] if run.stage and not run.is_good else []
    code = "" if run.exit_code is None else f" (exit code {run.exit_code})"
    good = run.exit_code == 0 or run.outcome == "running"
    ended = f"Last refresh: {', '.join([run.outcome, *facts])}{code}"
    console.print(ended, highlight=False, soft_wrap=True, markup=False, style="default" if good else "yellow")
    for failure in run.failures:
        console.print(f"  {_failure(failure)}", style="yellow", markup=False, highlight=False)
    chosen = ", ".join(f"{choice.source} {choice.version}" for choice in run.choices if choice.version)
    if chosen and not run.is_good:
        console.print(f"  Chosen until then: {chosen}", markup=False, highlight=False, soft_wrap=True)
    if run.error is not None:
        console.print(f"  {run.error}", style="red", markup=False, highlight=False, soft_wrap=True)
    if run.outcome == "running" and run.previous is not None:
        console.print("Before that:", highlight=False)
        _last_run(console, run.previous)


def status_report(snapshot: Snapshot | None, run: RunRecord | None) -> dict[str, Any]:
    """Return what `status` shows, for programs."""
    last_run = None if run is None else run.model_dump(mode="json")
    if snapshot is None:
        return {"snapshot_id": None, "last_run": last_run}
    manifest = snapshot.manifest
    return {
        "snapshot_id": snapshot.id,
        "folder": str(snapshot.folder),
        "created_at": manifest.created_at.isoformat(),
        "synthetic": manifest.synthetic,
        "tables_digest": manifest.tables_digest,
        "sources": [
            {
                "source": source.source,
                "version": source.version,
                "channel": source.channel,
                "fetched_at": source.fetched_at.isoformat(),
                "age_hours": round((datetime.now(UTC) - source.fetched_at).total_seconds() / 3600, 2),
                "absent": [entry.dataset for entry in source.datasets if entry.status == "absent"],
            }
            for source in manifest.sources
        ],
        "expectations": len(manifest.verdicts),
        "warnings": [verdict.model_dump(mode="json") for verdict in manifest.warnings],
        "failures": [failure.model_dump(mode="json") for failure in manifest.failures],
        "last_run": last_run,
    }


def sources(console: Console, found: Sequence[tuple[UpstreamState, Release | None]]) -> None:
    """Show each upstream beside its last load that may be published."""
    table = Table(show_edge=False, pad_edge=False, show_lines=True)
    for heading in ("source", "address", "answers with", "last load", "rows", "fetched"):
        table.add_column(heading, justify="right" if heading == "rows" else "left", overflow="fold")
    for state, release in found:
        made_up = " [bold yellow]SYNTHETIC[/]" if state.synthetic else ""
        answer = f"[red]no usable answer[/]: {escape(state.problem)}" if state.problem else escape(state.holds or "")
        table.add_row(
            state.source,
            escape(state.address),
            answer + made_up,
            "none" if release is None else release.version + (" SYNTHETIC" if release.synthetic else ""),
            "" if release is None else f"{sum(load.rows for load in release.loads):,}",
            "" if release is None else f"{_age(release.fetched_at)} ago",
        )
    console.print(table)


def sources_report(found: Sequence[tuple[UpstreamState, Release | None]]) -> list[dict[str, Any]]:
    """Return what `sources` shows, for programs."""
    return [
        {
            "source": state.source,
            "address": state.address,
            "answers": state.problem is None,
            "holds": state.holds,
            "problem": state.problem,
            "synthetic": state.synthetic,
            "last_load": None
            if release is None
            else {
                "version": release.version,
                "channel": release.channel,
                "fetched_at": release.fetched_at.isoformat(),
                "synthetic": release.synthetic,
                "rows": {load.dataset: load.rows for load in release.loads if load.status == "landed"},
            },
        }
        for state, release in found
    ]


def sandbox(console: Console, root_url: str, scale: float, schema: str | None) -> None:
    """Say where the stand-ins answer and how a refresh reads them."""
    console.print(f"The sandbox answers with SYNTHETIC data, {scale:g} of the published size:", highlight=False)
    if schema is not None:
        console.print(f"The portal's record types and fields are those of {schema}.", highlight=False)
    for what, path in (("MIDRC portal", "portal"), ("BDF Imaging Hub", "bih"), ("IDC artifact bucket", "idc")):
        console.print(f"  {what:<20} {root_url}/{path}", highlight=False, soft_wrap=True)
    console.print(f"  {'faults, requests':<20} {root_url}/_sandbox/...", highlight=False, soft_wrap=True)
    console.print(
        f"\nRead it:  ICW_HOME=data-sandbox ICW_SANDBOX_URL={root_url} icw refresh --sources sandbox\n"
        "Interrupt (ctrl-C) to stop it.",
        highlight=False,
        soft_wrap=True,
    )


def table_list(console: Console, snapshot: Snapshot, entries: Sequence[TableEntry]) -> None:
    """Show the tables of a snapshot by kind, each with the first sentence of its description."""
    table = Table(show_edge=False, pad_edge=False, title=f"Tables of {snapshot.id}", title_justify="left")
    table.add_column("table", no_wrap=True)
    table.add_column("rows", justify="right")
    table.add_column("what")
    for beginning, kind in _KINDS.items():
        chosen = [entry for entry in entries if _beginning(entry.name) == beginning]
        if chosen:
            table.add_section()
            table.add_row("", "", f"[bold]{kind}[/]")
        for entry in chosen:
            rows = f"{entry.rows:,}" if entry.rows else "[dim]empty[/]"
            table.add_row(entry.name, rows, escape(_first_sentence(entry.description)))
    console.print(table)
    console.print("`icw tables TABLE` shows the columns and the whole description.", style="dim")
    if not all(entry.rows for entry in entries):
        console.print(
            "empty: what the table is made of is not in this snapshot; `icw status` names the absent datasets.",
            style="dim",
        )


def column_list(console: Console, entry: TableEntry) -> None:
    """Show the columns of one table."""
    console.print(f"[bold]{entry.name}[/]: {escape(entry.description)}", highlight=False)
    console.print(f"One row is {entry.grain}; primary key {', '.join(entry.primary_key)}; {entry.rows:,} rows.")
    table = Table(show_edge=False, pad_edge=False)
    table.add_column("column", no_wrap=True)
    table.add_column("type", no_wrap=True)
    table.add_column("what")
    for column in entry.columns:
        reference = f" [dim]-> {column.references}[/]" if column.references else ""
        table.add_row(column.name, column.type, escape(column.description) + reference)
    console.print(table)


def documentation(console: Console, snapshot: Snapshot, page: Path) -> None:
    """Say where the documentation of a snapshot is."""
    console.print(f"Documentation of {snapshot.id}, for any browser, without a network:", highlight=False)
    console.print(str(page.resolve()), highlight=False, soft_wrap=True)
    synthetic_notice(console, snapshot)


def verification(console: Console, counted: int, faults: Sequence[FileCheck]) -> None:
    """Say how many files were checked, and name each that is not as it was written."""
    for fault in faults:
        detail = f" ({fault.detail})" if fault.detail else ""
        console.print(f"{fault.found}: {fault.path}{detail} [{fault.part}]", markup=False, soft_wrap=True)
    if faults:
        console.print(f"{counted:,} files checked, {len(faults):,} faults.", highlight=False)
    else:
        console.print(f"{counted:,} files checked, each as it was written.", highlight=False)


def verification_report(counted: int, faults: Sequence[FileCheck]) -> dict[str, Any]:
    """Return what `verification` says, for programs."""
    return {
        "checked": counted,
        "faults": [
            {"found": fault.found, "path": str(fault.path), "part": fault.part, "detail": fault.detail}
            for fault in faults
        ],
    }


def snapshot_list(
    console: Console, found: Sequence[Snapshot], current: Snapshot | None, unreadable: Sequence[Unreadable]
) -> None:
    """Show the published snapshots, and what was one."""
    _unreadable(console, unreadable)
    if not found and unreadable:
        return
    if not found:
        console.print("No snapshot has been published yet; `icw refresh` publishes one.")
        return
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("", "snapshot", "published (UTC)", "sources", "warnings"):
        table.add_column(heading, no_wrap=heading == "snapshot")
    for entry in found:
        table.add_row(
            "*" if current is not None and entry.id == current.id else "",
            entry.id,
            f"{entry.manifest.created_at:%Y-%m-%d %H:%M}",
            ", ".join(f"{source.source} {source.version}" for source in entry.manifest.sources),
            str(len(entry.manifest.warnings)),
        )
    console.print(table)
    console.print("* in service", style="dim")


def _unreadable(console: Console, unreadable: Sequence[Unreadable]) -> None:
    for entry in unreadable:
        console.print(f"Snapshot {entry.folder.name} {entry.reason}.", style="red", markup=False, soft_wrap=True)


def snapshot_report(
    found: Sequence[Snapshot], current: Snapshot | None, unreadable: Sequence[Unreadable]
) -> list[dict[str, Any]]:
    """Return what `snapshot_list` shows, for programs."""
    broken = [
        {"snapshot_id": entry.folder.name, "folder": str(entry.folder), "problem": entry.reason} for entry in unreadable
    ]
    return broken + [
        {
            "snapshot_id": entry.id,
            "current": current is not None and entry.id == current.id,
            "created_at": entry.manifest.created_at.isoformat(),
            "folder": str(entry.folder),
            "synthetic": entry.manifest.synthetic,
            "sources": {source.source: source.version for source in entry.manifest.sources},
        }
        for entry in found
    ]


def _cell(value: object, column: str) -> str:
    if value is None:
        return "[dim]null[/]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal) and not column.endswith(("_key", "year")):
        return f"{value:,}"
    return escape(str(value))


def _beginning(table: str) -> str:
    return next(beginning for beginning in _KINDS if table.startswith(beginning))


def _first_sentence(text: str) -> str:
    found = re.match(r".*?(?<!e\.g)\.(?= |$)", text)
    return found[0] if found else text


def _failure(failure: SourceFailure) -> str:
    stays = f"its load {failure.version} stays" if failure.version else "it has no load"
    return f"{failure.source} ({stays}): {failure.reason}"


def _sentence(verdict: Verdict) -> str:
    return f"{verdict.expectation} ({verdict.subject}): {verdict.observed}"


def synthetic_notice(console: Console, snapshot: Snapshot) -> None:
    """Say so where a snapshot holds made-up data."""
    if snapshot.manifest.synthetic:
        console.print(
            "SYNTHETIC: this snapshot holds made-up data of the sandbox. Do not cite it.", style="bold yellow"
        )


def _age(moment: datetime) -> str:
    """Return how long ago a moment was, in its two largest units."""
    minutes = int((datetime.now(UTC) - moment).total_seconds() // 60)
    days, hours = divmod(minutes // 60, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
