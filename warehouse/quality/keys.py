"""Keys of tables: rows that lack a part of the key, and rows that repeat another row's key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.quality.broken_rows import aggregates, distinct_hashes, rows_where
from warehouse.quality.suite import Detail, ProfileRow
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class KeyProfile(ProfileRow):
    """The key of one table of the star, or of one dataset of a source; `namespace` is `star`, or the source.

    `trusted`: the key was measured on real files. `declared`: there is a key at all.
    """

    namespace: str
    table: str
    key: str
    trusted: bool
    declared: bool
    rows: int
    null_keys: int
    duplicate_keys: int

    @property
    def detail(self) -> Detail:
        """The keys that occur twice or lack a part."""
        parts = [quoted(part) for part in self.key.split(", ") if part]
        if not parts:
            return Detail()
        relation = f"{quoted(schema_of(self.namespace))}.{quoted(self.table)}"
        columns = ", ".join(parts)
        lacking = " or ".join(f"{part} is null" for part in parts)
        return Detail(
            query=f"select {columns}, count(*) as row_count from {relation}"
            f" group by all having count(*) > 1 or {lacking} order by row_count desc, {columns}"
        )

    @property
    def label(self) -> str:
        """The table, its key and its figures."""
        if not self.declared:
            return f"{self.table} (no primary key declared)"
        return f"{self.table} ({self.key}): {self.rows} rows, {self.null_keys} null, {self.duplicate_keys} repeated"

    @property
    def asset(self) -> Asset:
        """The table or dataset."""
        return self.namespace, self.table


def schema_of(namespace: str) -> str:
    """Return the schema that has the tables of the star, or the landed datasets of a source."""
    return namespace if namespace == STAR_SCHEMA else f"landed_{namespace}"


def key_counts(connection: DuckDBPyConnection, relation: str, parts: Sequence[str]) -> tuple[int, int, int]:
    """Return the rows, the rows with a null part, and the complete rows that repeat another one's key.

    Where the hashes of all keys differ, so do the keys; else the keys themselves are counted.
    """
    is_complete = " and ".join(f"{part} is not null" for part in parts)
    complete, hashes = rows_where(is_complete), distinct_hashes(", ".join(parts), is_complete)
    counts = aggregates(connection, relation, ["count(*)", complete, hashes])
    rows, whole, distinct = counts["count(*)"], counts[complete], counts[hashes]
    if distinct < whole:
        key = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
        exact = f"count(distinct case when {is_complete} then {key} end)"
        distinct = aggregates(connection, relation, [exact])[exact]
    return rows, rows - whole, whole - distinct
