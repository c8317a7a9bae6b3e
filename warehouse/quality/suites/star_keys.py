"""Suite `star keys`: the primary key of every table of the star."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from warehouse.dbt_manifest import STAR_SCHEMA, DeclaredTable
from warehouse.quality.checks import never, zero
from warehouse.quality.keys import KeyProfile, key_counts
from warehouse.quality.suite import LARGEST_FACT, BuiltStar, StarSuite, star_table
from warehouse.sql_text import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def measure_star_keys(
    connection: DuckDBPyConnection, built: Iterable[str], declared: Sequence[DeclaredTable]
) -> list[KeyProfile]:
    """Count violations of the primary key of every table of the star; a table without a declared key is a row too."""
    keys = {table.name: table.primary_key for table in declared}
    profiles = []
    for table in sorted(built):
        key = keys.get(table, ())
        counts = key_counts(connection, f"star.{quoted(table)}", [quoted(part) for part in key]) if key else (0, 0, 0)
        profiles.append(KeyProfile(STAR_SCHEMA, table, ", ".join(key), True, bool(key), *counts))
    return profiles


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[KeyProfile]:
    return measure_star_keys(connection, star.tables, star.declared.star.tables)


SUITE = StarSuite(
    name="star keys",
    order=10,
    row=KeyProfile,
    checks=(
        never("key", "", "Every table declares a primary key", "error"),
        zero("null_keys", "No primary key has a null part", "error"),
        zero("duplicate_keys", "No primary key occurs twice", "error"),
    ),
    measure=_measure,
    assets=lambda declared: [star_table(table.name) for table in declared.star.tables],
    # A table that dbt does not declare.
    default=LARGEST_FACT,
)
