"""Whether two builds have the same tables, by the logical digest of each, whatever engine made them."""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.logical_digest import logical_digest
from warehouse.snapshots.star import StarTable
from warehouse.sql_text import quoted


def digests(database: Path, tables: tuple[StarTable, ...]) -> dict[str, tuple[int, str]]:
    """Rows and logical digest of each table: of its rows in their total order, in the canonical form of the digest."""
    found: dict[str, tuple[int, str]] = {}
    with duckdb.connect(str(database), read_only=True) as connection:
        for table in tables:
            columns = ", ".join(quoted(column.name) for column in table.columns)
            name = f"{STAR_SCHEMA}.{quoted(table.name)}"
            # Of odd data several rows may share a key.
            rest = [column.name for column in table.columns if column.name not in table.order_by]
            order = ", ".join(map(quoted, [*table.order_by, *rest]))
            ((rows,),) = connection.execute(f"select count(*) from {name}").fetchall()
            read = connection.sql(f"select {columns} from {name} order by {order}").to_arrow_reader(65_536)
            found[table.name] = (rows, logical_digest(read))
    return found


def differing(left: Path, right: Path, tables: tuple[StarTable, ...]) -> dict[str, list[str]]:
    """The tables that are not the same, each with the columns in which rows differ."""
    ours, theirs = digests(left, tables), digests(right, tables)
    return {
        table.name: [f"{ours[table.name][0]} and {theirs[table.name][0]} rows", *_columns(left, right, table)]
        for table in tables
        if ours[table.name] != theirs[table.name]
    }


def _columns(left: Path, right: Path, table: StarTable) -> list[str]:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as ours (read_only)")
        connection.execute(f"attach '{right}' as theirs (read_only)")
        name = f"{STAR_SCHEMA}.{quoted(table.name)}"
        found: list[str] = []
        for column in table.columns:
            one = quoted(column.name)
            sums = [
                connection.execute(f"select sum(hash({one})::hugeint) from {side}.{name}").fetchall()
                for side in ("ours", "theirs")
            ]
            if sums[0] != sums[1]:
                found.append(column.name)
    return found
