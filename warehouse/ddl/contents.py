"""What there is to load of a snapshot: what its manifest says, as imported and older ones have it, and proven keys."""

from __future__ import annotations

import re
from collections.abc import Sequence

from warehouse.ddl.keys import foreign_keys
from warehouse.ddl.model import Contents, ForeignKey, LoadedColumn, LoadedTable, column_type
from warehouse.errors import UsageError
from warehouse.public_text import public_text
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.comments import column_comment, table_comment
from warehouse.snapshots.manifest import ColumnEntry, Manifest, TableEntry

# What every engine takes as a name between its quotes, and upper case does not make the same as another.
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,127}")


def contents_of(snapshot: Snapshot, settings: Settings) -> Contents:
    """Return what a snapshot holds, with the comments of its DuckDB file; that of a table ends with the snapshot's id.

    `settings` bound DuckDB, which looks up the references.

    Raises:
        UsageError: a table or column has a name or a type that published tables do not have, or the memory limit of
            `settings` is too low.
        IntegrityError: a Parquet file is gone or cannot be read.
    """
    manifest = snapshot.manifest
    _require_names(manifest)
    keys = foreign_keys(snapshot, settings)
    return Contents(
        snapshot_id=snapshot.id,
        tables_digest=manifest.tables_digest,
        created_at=manifest.created_at,
        synthetic=manifest.synthetic,
        tables=tuple(
            _table(table, manifest, keys[table.name]) for table in sorted(manifest.tables, key=lambda table: table.name)
        ),
    )


def origin(manifest: Manifest) -> str:
    """Return the words that end the comment of every table: which snapshot it is of, and whether that is made up."""
    made_up = " SYNTHETIC: made-up data of the sandbox, do not cite it." if manifest.synthetic else ""
    return f"Snapshot {manifest.snapshot_id}.{made_up}"


def _require_names(manifest: Manifest) -> None:
    names = [name for table in manifest.tables for name in (table.name, *(column.name for column in table.columns))]
    wrong = [name for name in names if _NAME.fullmatch(name) is None]
    if wrong:
        raise UsageError(
            f"Snapshot {manifest.snapshot_id} has a table or column named {wrong[0]!r}, which not every engine takes: "
            "published names are made of a-z, 0-9 and _. Load its Parquet files by hand."
        )


def _table(table: TableEntry, manifest: Manifest, keys: Sequence[ForeignKey]) -> LoadedTable:
    return LoadedTable(
        name=table.name,
        comment=public_text(f"{table_comment(table, manifest.absent)} {origin(manifest)}"),
        columns=tuple(_column(table, column, manifest) for column in table.columns),
        primary_key=table.primary_key,
        foreign_keys=tuple(keys),
        files=tuple(file.path for file in table.files),
        folder=table.name if table.parts else None,
        rows=table.rows,
    )


def _column(table: TableEntry, column: ColumnEntry, manifest: Manifest) -> LoadedColumn:
    kind = column_type(column.type)
    if kind is None:
        raise UsageError(
            f"{table.name}.{column.name} of snapshot {manifest.snapshot_id} has the type {column.type}, which no load "
            "script has a word for. Leave the table out by loading the Parquet files by hand, or add the type to "
            "warehouse/ddl."
        )
    comment = public_text(column_comment(table, column, manifest.absent))
    return LoadedColumn(column.name, kind, comment, is_key=column.name in table.primary_key)
