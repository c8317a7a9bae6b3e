"""What a portal states of the values of its records, held against the records that were landed.

Belongs here: the histograms of `reported_counts`, one for each categorical field. The totals are comparisons of the
model `rec_gap`.
"""

from __future__ import annotations

from duckdb import DuckDBPyConnection

from warehouse.contracts import load_contract
from warehouse.quality.profiles import HistogramProfile
from warehouse.registry import SOURCES
from warehouse.sql_text import literal, quoted

REPORTING = tuple(spec.name for spec in SOURCES if "reported_counts" in spec.contract.datasets)
"""The sources with a dataset `reported_counts`."""

_EXAMPLES = 3


def measure_histograms(connection: DuckDBPyConnection) -> list[HistogramProfile]:
    """Compare every histogram that was landed with the records of its type, bucket by bucket.

    A field that the contract does not know is not in the build and is left out. As Elasticsearch counts, a record
    counts once for each different value of a list, and as missing where it has none.
    """
    profiles = []
    for source in REPORTING:
        datasets = load_contract(source).datasets
        counts = f"landed_{source}.reported_counts"
        stated = connection.execute(
            f"select distinct entity, dimension from {counts} where dimension <> '_totalCount' order by all"
        ).fetchall()
        for entity, field in stated:
            kinds = {column.name: column.type for column in datasets[entity].columns} if entity in datasets else {}
            if kinds.get(field) not in ("string", "string[]"):
                continue
            profiles.append(_compared(connection, source, entity, field, kinds[field] == "string[]"))
    return profiles


def _compared(connection: DuckDBPyConnection, source: str, entity: str, field: str, is_list: bool) -> HistogramProfile:
    column = quoted(field)
    distinct = f"list_distinct({column})"
    values = f"unnest(case when len({distinct}) > 0 then {distinct} else [null] end)" if is_list else column
    buckets = connection.execute(
        f"""
        with held as (
            select {values} as value from landed_{source}.{quoted(entity)}
        ),
        counted as (
            select value as held_key, count(*) as held_count from held group by all
        ),
        stated as (
            select case when not missing then key end as stated_key, count as stated_count
            from landed_{source}.reported_counts
            where entity = {literal(entity)} and dimension = {literal(field)}
        )
        select
            coalesce(stated_key, held_key),
            coalesce(stated_count, 0),
            coalesce(held_count, 0)
        from stated
        full join counted
            on stated_key is not distinct from held_key
        order by coalesce(stated_count, 0) = coalesce(held_count, 0), coalesce(stated_key, held_key) nulls first
        """
    ).fetchall()
    differing = [(key, told, held) for key, told, held in buckets if told != held]
    return HistogramProfile(
        source=source,
        entity=entity,
        field=field,
        buckets=len(buckets),
        differing=len(differing),
        examples=", ".join(
            f"{'no value' if key is None else repr(key)} stated {told:,} times, landed {held:,}"
            for key, told, held in differing[:_EXAMPLES]
        ),
    )
