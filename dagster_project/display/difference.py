"""What differs between two snapshots: at most a screenful, one table of it, and everything for programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.display.notices import synthetic_notice

if TYPE_CHECKING:
    from warehouse.comparison.difference import SnapshotDifference, TableDifference
    from warehouse.comparison.effects import CollectionEffect, Members
    from warehouse.snapshots.manifest import AbsentPart

_TABLES, _COLLECTIONS, _LICENSES, _OWNERS, _SENTENCES, _NAMES = 10, 8, 4, 3, 3, 4
_LONGEST_VALUE = 60


def difference(console: Console, found: SnapshotDifference) -> None:
    """Show what came, what went and what changed, the biggest first, and where to look on."""
    _heading(console, found)
    if not found.differs:
        equal = "The same snapshot." if found.before.id == found.after.id else "No table differs, in no row."
        console.print(f"{equal} {len(found.tables)} tables compared.", highlight=False)
        _caveats(console, found)
        return
    _members(console, found.effects.members)
    _collections(console, found.effects.collections)
    _licenses(console, found)
    _owners(console, found)
    _tables(console, found)
    _schema(console, found)
    _caveats(console, found)
    ids = f"{found.before.id} {found.after.id}"
    console.print(
        f"More: icw snapshots diff {ids} with --table NAME (its columns, from what to what), --json (all figures) or "
        "--parquet FILE (each row and value).",
        style="dim",
        highlight=False,
        soft_wrap=True,
    )


def table_difference(console: Console, found: SnapshotDifference, name: str) -> None:
    """Show one table: its rows, its schema, and of each changed column the most frequent changes of values."""
    _heading(console, found)
    table = next((table for table in found.tables if table.name == name), None)
    if table is None:
        console.print(f"{name} is only in {_holder(found, name)}.", highlight=False)
        return
    for sentence in _schema_sentences(table):
        console.print(sentence, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if table.rows is None:
        console.print(f"{name}: {table.rows_before:,} rows before, {table.rows_after:,} after.", highlight=False)
        return
    rows = table.rows
    console.print(
        f"{name}: {rows.before:,} rows before, {rows.added:,} added, {rows.removed:,} removed, {rows.after:,} after; "
        f"of those in both {rows.changed:,} changed, {rows.unchanged:,} did not.",
        highlight=False,
        soft_wrap=True,
    )
    if table.columns:
        shown = Table(show_edge=False, pad_edge=False)
        for heading in ("column", "rows", "from null", "to null", "most frequent changes", "rows"):
            shown.add_column(heading, justify="right" if heading in ("rows", "from null", "to null") else "left")
        for column in sorted(table.columns, key=lambda entry: (-entry.changed, entry.column)):
            figures = (f"{column.changed:,}", _number(column.from_null), _number(column.to_null))
            for place, pair in enumerate(column.most_frequent[:3]):
                first = (escape(column.column), *figures) if place == 0 else ("", "", "", "")
                shown.add_row(*first, f"{_value(pair.before)} -> {_value(pair.after)}", f"{pair.rows:,}")
            if column.pairs > len(column.most_frequent[:3]):
                shown.add_row("", "", "", "", f"[dim]and {column.pairs - 3:,} other pairs of values[/]", "")
        console.print(shown)
    elif not table.is_identical and not rows.differing:
        console.print("The files differ, and no row of them does.", style="dim")


def table_differs(found: SnapshotDifference, name: str) -> bool:
    """Return whether one table differs, or is in one snapshot only."""
    table = next((table for table in found.tables if table.name == name), None)
    return table is None or table.differs


def difference_report(found: SnapshotDifference) -> dict[str, Any]:
    """Return everything that a comparison has found, for programs."""
    return _report_heading(found) | {
        "differs": found.differs,
        "sources": [asdict(source) for source in found.sources],
        "absent_only_in_before": [part.model_dump() for part in found.absent_before],
        "absent_only_in_after": [part.model_dump() for part in found.absent_after],
        "tables_added": {table.name: table.rows for table in found.tables_added},
        "tables_removed": {table.name: table.rows for table in found.tables_removed},
        "tables": [_table_report(table) for table in found.tables],
        "effects": asdict(found.effects),
    }


def table_report(found: SnapshotDifference, name: str) -> dict[str, Any]:
    """Return what a comparison has found in one table, for programs."""
    table = next((table for table in found.tables if table.name == name), None)
    if table is None:
        return _report_heading(found) | {"differs": True, "table": {"table": name, "only_in": _holder(found, name)}}
    return _report_heading(found) | {"differs": table.differs, "table": _table_report(table)}


def _report_heading(found: SnapshotDifference) -> dict[str, Any]:
    return {
        side: {
            "snapshot_id": snapshot.id,
            "synthetic": snapshot.manifest.synthetic,
            "sources": {source.source: source.version for source in snapshot.manifest.sources},
        }
        for side, snapshot in (("before", found.before), ("after", found.after))
    }


def _table_report(table: TableDifference) -> dict[str, Any]:
    pair = table.pair
    return {
        "table": table.name,
        "same_file": table.is_identical,
        "differs": table.differs,
        "rows_before": table.rows_before,
        "rows_after": table.rows_after,
        "rows": None if table.rows is None else asdict(table.rows),
        "not_comparable": table.not_comparable,
        "rekeyed": table.rekeyed,
        "key_before": list(pair.before.primary_key),
        "key_after": list(pair.after.primary_key),
        "columns_added": list(pair.added_columns),
        "columns_removed": list(pair.removed_columns),
        "types_changed": [asdict(change) for change in pair.type_changes],
        "columns": [asdict(column) for column in table.columns],
    }


def _holder(found: SnapshotDifference, name: str) -> str:
    """Return the id of the snapshot that has a table which the other lacks."""
    return found.after.id if any(table.name == name for table in found.tables_added) else found.before.id


def _heading(console: Console, found: SnapshotDifference) -> None:
    console.print(f"[bold]{found.before.id}[/] -> [bold]{found.after.id}[/]", highlight=False)
    synthetic_notice(console, found.before, found.after)
    if found.before.manifest.synthetic != found.after.manifest.synthetic:
        console.print(
            "One of them is made up and the other real: what differs is no change of the world.", style="yellow"
        )
    loads = ", ".join(
        f"{source.source} {source.before or 'none'} -> {source.after or 'none'}"
        if source.before != source.after
        else f"{source.source} {source.after} (another load of it)"
        for source in found.sources
    )
    console.print(f"Loads: {escape(loads) or 'the same'}.", highlight=False, soft_wrap=True)


def _members(console: Console, members: Iterable[Members]) -> None:
    by_entity: dict[str, dict[str, Members]] = {}
    for entry in members:
        by_entity.setdefault(entry.entity, {})[entry.direction] = entry
    counts = ", ".join(
        f"{entity} +{sides['came'].count:,} -{sides['went'].count:,}" for entity, sides in by_entity.items()
    )
    if counts:
        console.print(f"Came and went: {counts}.", highlight=False, soft_wrap=True)
    for direction, entry in by_entity.get("collection", {}).items():
        names = [f"{member.source_id} {member.collection_id}" for member in entry.listed[:_NAMES]]
        if names:
            more = f" and {entry.count - len(names):,} more" if entry.count > len(names) else ""
            console.print(
                f"  collections that {direction}: {escape(', '.join(names))}{more}", highlight=False, soft_wrap=True
            )


def _collections(console: Console, effects: Iterable[CollectionEffect]) -> None:
    by_collection: dict[tuple[str | None, str | None], dict[str, CollectionEffect]] = {}
    for effect in effects:
        by_collection.setdefault((effect.source_id, effect.collection_id), {})[effect.entity] = effect

    def weight(entry: dict[str, CollectionEffect]) -> int:
        return sum(effect.added + effect.removed + effect.changed for effect in entry.values())

    if not by_collection:
        return
    shown = Table(show_edge=False, pad_edge=False)
    shown.add_column("collection or dataset", overflow="fold")
    for heading in ("patients", "studies", "series"):
        shown.add_column(f"{heading} added, removed, changed", justify="right")
    ranked = sorted(by_collection.items(), key=lambda entry: (-weight(entry[1]), str(entry[0])))
    for (source, collection), entry in ranked[:_COLLECTIONS]:
        name = "in no collection" if source is None else f"{source} {collection}"
        shown.add_row(escape(name), *(_figures(entry.get(entity)) for entity in ("patient", "study", "series")))
    console.print(shown)
    if len(ranked) > _COLLECTIONS:
        console.print(f"and {len(ranked) - _COLLECTIONS:,} other collections.", style="dim", highlight=False)


def _figures(effect: CollectionEffect | None) -> str:
    return "" if effect is None else f"+{effect.added:,} -{effect.removed:,} ~{effect.changed:,}"


def _licenses(console: Console, found: SnapshotDifference) -> None:
    changes: dict[tuple[str | None, str | None], int] = {}
    for change in found.effects.licenses:
        pair = change.before, change.after
        changes[pair] = changes.get(pair, 0) + change.series
    ranked = sorted(changes.items(), key=lambda entry: (-entry[1], str(entry[0])))
    for (before, after), series in ranked[:_LICENSES]:
        console.print(f"Licence of {series:,} series: {_value(before)} -> {_value(after)}", highlight=False)
    if len(ranked) > _LICENSES:
        console.print(f"and {len(ranked) - _LICENSES} other changes of licences.", style="dim", highlight=False)


def _owners(console: Console, found: SnapshotDifference) -> None:
    for changes in found.effects.owners[:_OWNERS]:
        if not changes.records:
            continue
        first = changes.listed[0]
        noun = {"study": "studies"}.get(changes.entity, changes.entity)
        console.print(
            f"Another {changes.owner} for {changes.records:,} {noun}, e.g. {_value(first.before)} -> "
            f"{_value(first.after)} ({first.records:,})",
            highlight=False,
            soft_wrap=True,
        )


def _tables(console: Console, found: SnapshotDifference) -> None:
    differing = [table for table in found.tables if table.rows is not None and table.rows.differing]
    ranked = sorted(differing, key=lambda table: (-(table.rows.differing if table.rows else 0), table.name))
    if ranked:
        shown = Table(show_edge=False, pad_edge=False)
        for heading in (
            "table",
            "rows before",
            "added",
            "removed",
            "changed",
            "rows after",
            "columns that changed most",
        ):
            shown.add_column(heading, justify="left" if heading.startswith(("table", "columns")) else "right")
        for table in ranked[:_TABLES]:
            if table.rows is not None:
                rows = table.rows
                figures = (rows.before, rows.added, rows.removed, rows.changed, rows.after)
                columns = sorted(table.columns, key=lambda column: (-column.changed, column.column))[:3]
                names = ", ".join(column.column for column in columns)
                shown.add_row(escape(table.name), *(f"{figure:,}" for figure in figures), escape(names))
        console.print(shown)
    others = len(ranked) - _TABLES
    same = sum(not table.differs for table in found.tables)
    console.print(
        (f"and {others} other tables; " if others > 0 else "") + f"{same} tables have the same rows in both.",
        style="dim",
        highlight=False,
    )


def _schema(console: Console, found: SnapshotDifference) -> None:
    sentences = [f"Table {table.name} is new ({table.rows:,} rows)." for table in found.tables_added]
    sentences += [f"Table {table.name} is gone ({table.rows:,} rows)." for table in found.tables_removed]
    sentences += [sentence for table in found.tables for sentence in _schema_sentences(table)]
    _sentences(console, sentences, "changes of the schema")


def _schema_sentences(table: TableDifference) -> list[str]:
    pair, found = table.pair, []
    if pair.added_columns:
        found.append(f"{table.name} has new columns: {', '.join(pair.added_columns)}.")
    if pair.removed_columns:
        found.append(f"{table.name} has lost columns: {', '.join(pair.removed_columns)}.")
    if pair.type_changes:
        changes = ", ".join(f"{change.column} {change.before} -> {change.after}" for change in pair.type_changes)
        found.append(f"{table.name} has other types: {changes}.")
    if table.not_comparable is not None:
        found.append(table.not_comparable)
    if table.rekeyed:
        found.append(
            f"{table.rekeyed:,} rows of {table.name} are counted as removed and added that have another key and the "
            "same values."
        )
    return found


def _caveats(console: Console, found: SnapshotDifference) -> None:
    """Say what must be known to read the figures: what was not there to be compared."""
    sentences = [f"ABSENT in {found.before.id}, not zero: {part}" for part in _telling(found.absent_before)]
    sentences += [f"ABSENT in {found.after.id}, not zero: {part}" for part in _telling(found.absent_after)]
    _sentences(console, [*sentences, *found.effects.untold], "such notes")


def _telling(parts: Iterable[AbsentPart]) -> list[AbsentPart]:
    """Return the parts, those of whole tables first."""
    return sorted(parts, key=lambda part: (part.column is not None, not part.is_empty, part.table, part.column or ""))


def _sentences(console: Console, sentences: list[str], what: str) -> None:
    for sentence in sentences[:_SENTENCES]:
        console.print(sentence, style="yellow", markup=False, highlight=False, soft_wrap=True)
    if len(sentences) > _SENTENCES:
        console.print(f"and {len(sentences) - _SENTENCES} more {what} (--json).", style="dim", highlight=False)


def _number(count: int) -> str:
    return f"{count:,}" if count else ""


def _value(text: str | None) -> str:
    if text is None:
        return "[dim]null[/]"
    shown = text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."
    return escape(shown) or "[dim]empty text[/]"
