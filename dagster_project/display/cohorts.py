"""Saved cohorts: what one is, which there are, and what changed in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.display.manifests import manifest_totals, size_in_words

if TYPE_CHECKING:
    from warehouse.cohorts.difference import ChangeKind, CohortDifference
    from warehouse.cohorts.record import Cohort
    from warehouse.cohorts.store import Unreadable
    from warehouse.snapshots.catalog import Snapshot

_SYNTHETIC = "SYNTHETIC: made-up data of the sandbox. Do not cite it."
_WORDS: dict[ChangeKind, str] = {
    "added": "added",
    "removed": "removed",
    "version": "other version",
    "licence": "other licence",
    "size": "other size",
    "size_restated": "same version, size stated otherwise",
}


def cohort(console: Console, saved: Cohort, kept: Snapshot | None) -> None:
    """Show a cohort as it was saved; `kept` is a snapshot with the tables that it was saved on."""
    console.print(f"{saved.name}: saved {saved.saved_at:%Y-%m-%d %H:%M} UTC on {saved.snapshot.id}", highlight=False)
    console.print(saved.sql, markup=False, highlight=False, soft_wrap=True)
    manifest_totals(console, saved.totals, "are not in the snapshot")
    console.print(f"SHA-256 of the keys: {saved.keys_sha256}", highlight=False, soft_wrap=True)
    if kept is None:
        console.print(gone(saved), style="yellow", markup=False, highlight=False, soft_wrap=True)
    elif kept.id != saved.snapshot.id:
        console.print(f"{saved.snapshot.id} is gone; {kept.id} has the same tables.", highlight=False, soft_wrap=True)
    if saved.snapshot.synthetic:
        console.print(_SYNTHETIC, style="bold yellow")


def gone(saved: Cohort) -> str:
    """Return that the snapshot of a cohort is gone, and how to come by what it was made of."""
    sources = ", ".join(f"{source.source} {source.version}" for source in saved.snapshot.sources)
    release = next((source.version for source in saved.snapshot.sources if source.source == "idc"), None)
    again = "What the portals held on that day cannot be fetched again."
    if release is not None:
        again = f"`icw refresh --idc {release}` publishes that release of IDC again. {again}"
    return f"The snapshot {saved.snapshot.id} is gone from this home. It was made of {sources}. {again}"


def cohort_report(saved: Cohort, kept: Snapshot | None) -> dict[str, Any]:
    """Return what `cohort` shows, for programs; `kept_as` is the id of a snapshot with its tables, or null."""
    return saved.model_dump(mode="json") | {"kept_as": None if kept is None else kept.id}


def cohort_list(
    console: Console, stand: Sequence[tuple[Cohort, Snapshot | None]], broken: Sequence[Unreadable]
) -> None:
    """Show the cohorts of a home, and the records that cannot be read."""
    for entry in broken:
        console.print(entry.reason, style="red", markup=False, soft_wrap=True)
    if not stand:
        if not broken:
            console.print('No cohort has been saved yet; icw cohort save NAME --sql "select ..." does.')
        return
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("cohort", "saved (UTC)", "kind", "records", "size", "snapshot", ""):
        table.add_column(heading, justify="right" if heading in ("records", "size") else "left")
    for saved, kept in stand:
        table.add_row(
            saved.name,
            f"{saved.saved_at:%Y-%m-%d %H:%M}",
            saved.totals.kind,
            f"{saved.totals.records:,}",
            size_in_words(saved.totals.bytes),
            saved.snapshot.id,
            "gone" if kept is None else "" if kept.id == saved.snapshot.id else f"gone; same tables: {kept.id}",
        )
    console.print(table)
    if any(saved.snapshot.synthetic for saved, _ in stand):
        console.print("Those on synthetic-... are of made-up data of the sandbox.", style="bold yellow")


def cohort_list_report(stand: Sequence[tuple[Cohort, Snapshot | None]], broken: Sequence[Unreadable]) -> dict[str, Any]:
    """Return what `cohort_list` shows, for programs."""
    return {
        "cohorts": [cohort_report(saved, kept) for saved, kept in stand],
        "unreadable": [{"path": str(entry.path), "reason": entry.reason} for entry in broken],
    }


def difference(console: Console, saved: Cohort, found: CohortDifference) -> None:
    """Show what changed in a cohort, with totals and the first examples."""
    for word, side in (("from", found.before), ("to", found.after)):
        console.print(
            f"{word} {side.snapshot_id}: {side.records:,} {found.kind}, {size_in_words(side.bytes)}",
            highlight=False,
            soft_wrap=True,
        )
    if not found.changes and not found.changed:
        console.print(f"{saved.name} is the same in both: {found.unchanged:,} {found.kind}.", highlight=False)
        return
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("change", found.kind, "size before", "size after"):
        table.add_column(heading, justify="left" if heading == "change" else "right")
    for change in found.changes:
        sizes = (size_in_words(change.bytes_before), size_in_words(change.bytes_after))
        table.add_row(_WORDS[change.kind], f"{change.records:,}", *sizes)
    console.print(table)
    console.print(f"{found.changed:,} changed in one way or several, {found.unchanged:,} unchanged.", highlight=False)
    examples = Table(show_edge=False, pad_edge=False)
    for heading in ("for example", "identifier", "collection", "before", "after"):
        examples.add_column(heading, overflow="fold")
    for change in found.changes:
        for example in change.examples:
            where = f"{example.source_id} {example.collection_id or ''}".strip()
            values = (example.identifier or "", where, example.before or "null", example.after or "null")
            examples.add_row(_WORDS[change.kind], *map(escape, values))
    console.print(examples)
