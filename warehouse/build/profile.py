"""The profile of a build: the figures of its loads, and of each table of its star once that is made.

dbt declares the table (`fct_profile`) and leaves it empty: what stands in it is measured, in the form of
`warehouse.profiles.figures`. The profiles of the loads are those that the home keeps (`warehouse.profiles.store`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from warehouse.build.project import PROFILE_TABLE
from warehouse.build.statements import ModelResult, Target
from warehouse.dbt_manifest import STAR_SCHEMA, read_star_description
from warehouse.landing import Release
from warehouse.profiles.figures import OTHER, Figure
from warehouse.profiles.measure import Relation, measure_relations
from warehouse.profiles.store import read_profile, table_of
from warehouse.sql_text import literal, quoted

_UNIQUE_ID = f"model.imaging_commons.{PROFILE_TABLE}"

# What tells figures apart, in the order of the table. The key is made as dbt's macro surrogate_key makes keys.
_KEY = ("layer", "source_id", "dataset", "column_name", "metric", "scope_column", "scope_value", "value", "is_other")
_KEY_TEXT = " || chr(31) || ".join(f"coalesce(cast(figures.{column} as varchar), '')" for column in _KEY)


def _hashed(text: str) -> str:
    return f"cast('0x' || substr(md5({text}), 1, 15) as bigint)"


def add_profile(target: Target, manifest: Path, releases: Sequence[Release], profiles: Path) -> ModelResult:
    """Measure the star of a build and fill its table `fct_profile`; says how long that took and how many rows it has.

    `manifest` is dbt's, `profiles` the folder that holds the profile of each of the `releases`, `<source>.parquet`.

    Raises:
        duckdb.Error: the build cannot be read or written.
        IntegrityError: a profile is damaged. BuildFailed: the manifest cannot be read.
    """
    began, started = time.time(), time.perf_counter()
    with target.connect() as connection:
        figures = [figure for release in releases for figure in read_profile(profiles / f"{release.source}.parquet")]
        figures += _star_figures(connection, manifest)
        rows = _insert(connection, figures)
    return ModelResult(_UNIQUE_ID, "success", began, round(time.perf_counter() - started, 3), "", rows)


def _star_figures(connection: duckdb.DuckDBPyConnection, manifest: Path) -> list[Figure]:
    made = connection.execute("select table_name from duckdb_tables() where schema_name = $1", [STAR_SCHEMA]).fetchall()
    there = {name for (name,) in made} - {PROFILE_TABLE}
    tables = read_star_description(manifest).tables
    # One that is not there, the audit reports.
    relations = [
        Relation(f"{STAR_SCHEMA}.{quoted(table.name)}", "star", None, table.name, tuple(table.primary_key))
        for table in tables
        if table.name in there
    ]
    return measure_relations(connection, relations)


def _insert(connection: duckdb.DuckDBPyConnection, figures: Sequence[Figure]) -> int:
    """Fill the table, whole or not at all; returns how many rows it has."""
    connection.register("measured", table_of(figures))
    connection.execute("begin")
    connection.execute(f"delete from {STAR_SCHEMA}.{PROFILE_TABLE}")
    other = literal(OTHER)
    inserted = connection.execute(
        f"""
        insert into {STAR_SCHEMA}.{PROFILE_TABLE} by name
        with figures as (
            select
                * replace (nullif(scope_value, {other}) as scope_value, nullif(value, {other}) as value),
                coalesce(scope_value = {other}, false) or coalesce(value = {other}, false) as is_other
            from measured
        ),
        wholes as (
            select layer, source_id, dataset, scope_column, scope_value, is_other, max(number) as row_count
            from figures
            where metric in ('rows', 'group rows')
            group by all
        )
        select
            {_hashed(_KEY_TEXT)} as profile_key,
            case when figures.source_id is not null then {_hashed("figures.source_id")} end as source_key,
            figures.*,
            releases.upstream_version as release_version,
            case
                when metric in ('null', 'value', 'pattern', 'group rows')
                    then number / nullif(wholes.row_count, 0)
            end as share_of_rows
        from figures
        left join wholes
            on figures.layer = wholes.layer
            and figures.source_id is not distinct from wholes.source_id
            and figures.dataset = wholes.dataset
            and case when metric = 'null' then figures.scope_column end is not distinct from wholes.scope_column
            and case when metric = 'null' then figures.scope_value end is not distinct from wholes.scope_value
            and (metric = 'null' and figures.is_other) is not distinct from wholes.is_other
        left join landed.releases as releases
            on figures.source_id = releases.source_id
        order by {", ".join(f"figures.{column}" for column in _KEY)}
        """
    ).fetchone()
    connection.execute("commit")
    assert inserted is not None
    return int(inserted[0])
