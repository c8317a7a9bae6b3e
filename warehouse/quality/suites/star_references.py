"""Suite `star references`: the foreign keys of the star, as dbt's relationships tests declare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.dbt_manifest import STAR_SCHEMA, Reference
from warehouse.quality.broken_rows import VALUES_QUOTED, quoted_values
from warehouse.quality.checks import zero
from warehouse.quality.suite import LARGEST_FACT, BuiltStar, Detail, ProfileRow, StarSuite, star_table
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class ReferenceProfile(ProfileRow):
    """One foreign key of a table: how many rows refer to nothing."""

    table: str
    reference: str
    must_hold: bool
    orphans: int
    examples: str
    condition: str = "true"

    @property
    def detail(self) -> Detail:
        """The rows that refer to nothing, with what they refer to first."""
        column, parent = (side.rpartition(".") for side in self.reference.split(" -> "))
        table, key = ".".join(quoted(part) for part in parent[0].split(".")), quoted(parent[2])
        child = quoted(column[2])
        return Detail(
            scope=self.reference.partition(".")[2],
            expected="every one found",
            query=f"select {child} as orphan, child.* from (from star.{quoted(self.table)} where {self.condition})"
            f" as child anti join {table} as parent on child.{child} = parent.{key}"
            f" where child.{child} is not null order by all",
        )

    @property
    def label(self) -> str:
        """The reference, with its orphans where there are any."""
        return f"{self.reference}: {self.orphans} orphans, such as {self.examples}" if self.orphans else self.reference

    @property
    def asset(self) -> Asset:
        """The table that refers."""
        return star_table(self.table)


def measure_references(connection: DuckDBPyConnection, references: Sequence[Reference]) -> list[ReferenceProfile]:
    """Count the rows of star tables whose reference is not null and refers to nothing.

    All references to one parent key are one query, so that the key is read into memory once for all tables that refer
    to it, and one parent at a time.
    """
    types = {
        (table, column): kind
        for table, column, kind in connection.execute(
            "select table_name, column_name, data_type from information_schema.columns where table_schema = $1",
            [STAR_SCHEMA],
        ).fetchall()
    }
    # A union turns columns of several types into one; apart, each is compared with the parent as it is.
    groups: dict[tuple[str, str, str], list[int]] = {}
    for number, reference in enumerate(references):
        kind = types.get((reference.table, reference.column), "")
        groups.setdefault((reference.parent, reference.parent_column, kind), []).append(number)
    orphans: dict[int, tuple[int, str]] = {}
    for (parent, column, _), numbers in groups.items():
        orphans |= _orphans(connection, parent, column, {number: references[number] for number in numbers})
    return [
        ReferenceProfile(
            reference.table,
            f"{reference.table}.{reference.column} -> {reference.parent}.{reference.parent_column}",
            reference.must_hold,
            *orphans.get(number, (0, "")),
            reference.condition or "true",
        )
        for number, reference in enumerate(references)
    ]


def _orphans(
    connection: DuckDBPyConnection, parent: str, column: str, references: dict[int, Reference]
) -> dict[int, tuple[int, str]]:
    """Return the orphans of each reference to a parent key that has any, by number: how many, and frequent values."""
    children = " union all ".join(
        f"select {number} as reference, {quoted(reference.column)} as child_key from star.{quoted(reference.table)}"
        f" where {reference.condition or 'true'}"
        for number, reference in references.items()
    )
    table, key = ".".join(quoted(part) for part in parent.split(".")), quoted(column)
    found = connection.execute(
        f"""
        with orphans as (
            select
                reference,
                cast(child_key as varchar) as example,
                count(*) as row_count
            from ({children}) as child
            anti join {table} as parent
                on child.child_key = parent.{key}
            where child_key is not null
            group by all
        )
        select
            reference,
            example,
            row_count,
            sum(row_count) over (partition by reference),
            count(*) over (partition by reference)
        from orphans
        qualify row_number() over (partition by reference order by row_count desc, example) <= {VALUES_QUOTED}
        order by reference, row_count desc, example
        """
    ).fetchall()
    frequent: dict[int, list[tuple[str, int]]] = {}
    totals: dict[int, tuple[int, int]] = {}
    for reference, example, row_count, rows, values in found:
        frequent.setdefault(reference, []).append((example, row_count))
        totals[reference] = (int(rows), values)
    return {
        reference: (rows, quoted_values(frequent[reference], values)) for reference, (rows, values) in totals.items()
    }


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[ReferenceProfile]:
    return measure_references(connection, star.declared.star.references)


SUITE = StarSuite(
    name="star references",
    order=20,
    row=ReferenceProfile,
    checks=(
        zero("orphans", "Every reference finds its row", "error", {"must_hold": True}),
        zero("orphans", "Every reference that may be broken finds its row", "warning", {"must_hold": False}),
    ),
    measure=_measure,
    assets=lambda declared: [star_table(reference.table) for reference in declared.star.references],
    default=LARGEST_FACT,
)
