"""Snapshots: how a refresh ended, what was published, whether its files are intact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from dagster_project.display.notices import audit_in_words, synthetic_notice, unreadable_notice
from dagster_project.display.rows import page
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot, Unreadable

if TYPE_CHECKING:
    from warehouse.snapshots.verification import FileCheck


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
    console.print(f"Audit: {audit_in_words(snapshot.manifest)}.", highlight=False)
    console.print(f"Snapshot: {snapshot.folder}", highlight=False, soft_wrap=True)
    console.print("\nNext:")
    for command, what in _NEXT.items():
        console.print(f"  {program} {command:<24} {what}", highlight=False)


def scale(console: Console, snapshot: Snapshot) -> None:
    """Show how much each source holds."""
    with query.run(snapshot, _SCALE) as result:
        page(console, result.page(20))


def verification(
    console: Console,
    counted: int,
    faults: Sequence[FileCheck],
    unstated: Sequence[FileCheck] = (),
    dropped: Sequence[FileCheck] = (),
) -> None:
    """Say how many files were checked, and name each that is not as it was written, or says nothing to check."""
    if dropped:
        which = dropped[0].part if len(dropped) == 1 else f"{len(dropped)} older snapshots"
        console.print(
            f"Dropped, and made again from Parquet when it is asked: warehouse.duckdb of {which}.", highlight=False
        )
    for fault in (*faults, *unstated):
        detail = f" ({fault.detail})" if fault.detail else ""
        console.print(f"{fault.found}: {fault.path}{detail} [{fault.part}]", markup=False, soft_wrap=True)
    if faults:
        console.print(f"{counted:,} checks of files and rows, {len(faults):,} faults.", highlight=False)
    else:
        console.print(f"{counted:,} checks of files and rows, each as it was written.", highlight=False)


def verification_report(
    counted: int,
    faults: Sequence[FileCheck],
    unstated: Sequence[FileCheck] = (),
    dropped: Sequence[FileCheck] = (),
) -> dict[str, Any]:
    """Return what `verification` says, for programs."""

    def described(checks: Sequence[FileCheck]) -> list[dict[str, str]]:
        return [
            {"found": check.found, "path": str(check.path), "part": check.part, "detail": check.detail}
            for check in checks
        ]

    return {
        "checked": counted,
        "dropped": [str(entry.path) for entry in dropped],
        "faults": described(faults),
        "unstated": described(unstated),
    }


def snapshot_list(
    console: Console, found: Sequence[Snapshot], current: Snapshot | None, unreadable: Sequence[Unreadable]
) -> None:
    """Show the published snapshots, and what was one."""
    unreadable_notice(console, unreadable)
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
            "*" if current is not None and entry.id == current.id else "past" if entry.manifest.retrospective else "",
            entry.id,
            f"{entry.manifest.created_at:%Y-%m-%d %H:%M}",
            ", ".join(f"{source.source} {source.version}" for source in entry.manifest.sources),
            str(len(entry.manifest.warnings)),
        )
    console.print(table)
    console.print("* in service", style="dim")


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
            "retrospective": entry.manifest.retrospective,
            "created_at": entry.manifest.created_at.isoformat(),
            "folder": str(entry.folder),
            "synthetic": entry.manifest.synthetic,
            "sources": {source.source: source.version for source in entry.manifest.sources},
        }
        for entry in found
    ]
