"""Suite `reported`: the totals and histograms that a portal reports of itself, against the records that were landed.

They are in the dataset `reported_counts`: a total for each record type, and a histogram for each categorical field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as declared
from typing import TYPE_CHECKING

from warehouse.contracts import Contract
from warehouse.quality.checks import zero
from warehouse.quality.suite import Detail, ProfileRow, ReleaseSuite
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal, quoted

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

REPORTED = "reported_counts"

_TOTAL = "_totalCount"

_EXAMPLES = 3

# Key of a bucket (None: records without a value), records reported, records landed.
Bucket = tuple[str | None, int, int]


@dataclass(frozen=True)
class HistogramProfile(ProfileRow):
    """One histogram that a portal reports of a record type, and how many buckets differ from the landed records.

    A total is one of a single bucket.
    """

    source: str
    entity: str
    field: str
    buckets: int
    differing: int
    examples: str
    is_total: bool = False
    query: str = declared(default="", compare=False, repr=False)

    @property
    def detail(self) -> Detail:
        """The buckets that differ."""
        return Detail(scope=self.field, expected="as many landed as reported", query=self.query or None)

    @property
    def label(self) -> str:
        """The field, with the buckets that differ."""
        name = f"{self.source} {self.entity}.{self.field}"
        return f"{name}: {self.differing} of {self.buckets} differ: {self.examples}" if self.differing else name

    @property
    def asset(self) -> Asset:
        """The records that were counted."""
        return self.source, self.entity


def measure_reported(connection: DuckDBPyConnection, contract: Contract) -> list[HistogramProfile]:
    """Compare every total and histogram of a portal with its landed records (`landed_<source>`), bucket by bucket.

    A type or field that the contract does not know is not in the build and is left out. As Elasticsearch counts, a
    record counts once for each different value of a list, and as missing where it has none.
    """
    if REPORTED not in contract.datasets:
        return []
    reported = connection.execute(
        f"select entity, list(distinct dimension order by dimension) from landed_{contract.source}.{REPORTED}"
        " group by entity order by entity"
    ).fetchall()
    profiles = []
    for entity, dimensions in reported:
        if entity in contract.datasets and _TOTAL in dimensions:
            profiles.append(_total(connection, contract.source, entity))
        kinds = _categorical(contract, entity)
        fields = {field: kinds[field] for field in dimensions if field in kinds}
        buckets = _buckets(connection, contract.source, entity, fields) if fields else {}
        profiles += [_profile(contract.source, entity, field, kinds[field], found) for field, found in buckets.items()]
    return profiles


def _total(connection: DuckDBPyConnection, source: str, entity: str) -> HistogramProfile:
    """Compare the total of a record type; where a portal reports several, all of them must be that of the records."""
    query = (
        f"select count as reported, (select count(*) from landed_{source}.{quoted(entity)}) as landed"
        f" from landed_{source}.{REPORTED} where entity = {literal(entity)} and dimension = {literal(_TOTAL)}"
    )
    totals = connection.execute(query).fetchall()
    differing = [(reported, landed) for reported, landed in totals if reported != landed]
    return HistogramProfile(
        source=source,
        entity=entity,
        field=_TOTAL,
        buckets=len(totals),
        differing=len(differing),
        examples=", ".join(f"reported {reported or 0:,}, landed {landed:,}" for reported, landed in differing),
        is_total=True,
        query=f"from ({query}) where reported is distinct from landed",
    )


def _categorical(contract: Contract, entity: str) -> Mapping[str, str]:
    """Return the fields of a record type that a histogram can describe, with their types; none of an unknown type."""
    columns = contract.datasets[entity].columns if entity in contract.datasets else ()
    return {column.name: column.type for column in columns if column.type in ("string", "string[]")}


def _buckets(
    connection: DuckDBPyConnection, source: str, entity: str, fields: Mapping[str, str]
) -> dict[str, list[Bucket]]:
    """Return the buckets of every field of a record type, reported or landed; those that differ come first."""
    found = connection.execute(
        f"{_compared(source, entity, fields)} order by field, reported = landed, key nulls first"
    ).fetchall()
    buckets: dict[str, list[Bucket]] = {}
    for field, key, reported_count, landed_count in found:
        buckets.setdefault(field, []).append((key, reported_count, landed_count))
    return buckets


def _compared(source: str, entity: str, fields: Mapping[str, str]) -> str:
    """Return a query for the buckets of fields: field, key, how often it is reported, and how often it is landed."""
    landed = " union all ".join(_counted(source, entity, field, kind) for field, kind in fields.items())
    return f"""
        with landed as (
            {landed}
        ),
        reported as (
            select
                dimension as reported_field,
                case when not missing then key end as reported_key,
                count as reported_count
            from landed_{source}.{REPORTED}
            where
                entity = {literal(entity)}
                and dimension in ({", ".join(map(literal, fields))})
        )
        select
            coalesce(reported_field, landed_field) as field,
            coalesce(reported_key, landed_key) as key,
            coalesce(reported_count, 0) as reported,
            coalesce(landed_count, 0) as landed
        from reported
        full join landed
            on reported_field = landed_field
            and reported_key is not distinct from landed_key
        """


def _counted(source: str, entity: str, field: str, kind: str) -> str:
    """Return a query for the landed records of each value of a field."""
    column = quoted(field)
    distinct = f"list_distinct({column})"
    value = f"unnest(case when len({distinct}) > 0 then {distinct} else [null] end)" if kind == "string[]" else column
    return (
        f"select {literal(field)} as landed_field, value as landed_key, count(*) as landed_count"
        f" from (select {value} as value from landed_{source}.{quoted(entity)}) group by all"
    )


def _profile(source: str, entity: str, field: str, kind: str, buckets: Sequence[Bucket]) -> HistogramProfile:
    differing = [(key, reported, landed) for key, reported, landed in buckets if reported != landed]
    return HistogramProfile(
        source=source,
        entity=entity,
        field=field,
        buckets=len(buckets),
        differing=len(differing),
        examples=", ".join(
            f"{'no value' if key is None else repr(key)} reported {reported:,} times, landed {landed:,}"
            for key, reported, landed in differing[:_EXAMPLES]
        ),
        query=f"from ({_compared(source, entity, {field: kind})}) where reported <> landed order by all",
    )


SUITE = ReleaseSuite(
    name="reported",
    order=60,
    row=HistogramProfile,
    checks=(
        zero(
            "differing",
            "Every self-reported total of a portal matches the landed records",
            "error",
            {"is_total": True},
        ),
        zero(
            "differing",
            "Every histogram that a portal reports matches the landed records",
            "warning",
            {"is_total": False},
        ),
    ),
    measure=lambda connection, landed: measure_reported(connection, landed.contract),
)
