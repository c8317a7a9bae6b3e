"""The landed data as dbt reads it: one schema a source, `landed_<source>`, with a view for each dataset it may have.

A view has the columns and types of the contract, whatever the release calls them and in whatever types it has them, and
is empty where the dataset is absent, so that the models above need no special case and can be made before any data is
there. The table `landed.loads` says which loads these are, `landed.releases` which releases they belong to.

What a build reads as evidence is listed in `landed.earlier_loads`. Where earlier IDC releases are landed, the view
`landed.idc_history` holds their series and those of the release itself, with the columns of the contract, the release,
and what the release lacks. The view `landed.count_history` holds the counts of earlier loads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.build.count_history import COUNTS, date_of_counts
from warehouse.build.history import INDEX, NO_EVIDENCE, Evidence
from warehouse.build.versions import major_version
from warehouse.contracts import load_contract
from warehouse.landed_views import landed_file, landed_query, lay_out_release, nothing_of
from warehouse.landing import Landing, Load, Release
from warehouse.reading import found_columns
from warehouse.registry import SOURCE_NAMES
from warehouse.sql_text import literal, quoted

__all__ = [
    "COUNT_COLUMNS",
    "COUNT_HISTORY",
    "HISTORY",
    "absent_datasets",
    "lay_out",
    "lay_out_nothing",
    "lay_out_release",
]

HISTORY = ("landed", "idc_history")
"""The view of the series of all IDC releases that a build reads: its schema (its source in dbt), and its name."""

COUNT_HISTORY = ("landed", "count_history")
"""The view of the counts of earlier loads: its schema (its source in dbt), and its name."""

COUNT_COLUMNS = {
    "source_id": "varchar",
    "release_version": "varchar",
    "as_of": "timestamp",
    "entity": "varchar",
    "dimension": "varchar",
    "dimension_value": "varchar",
    "metric": "varchar",
    "counted": "bigint",
}
"""The columns of landed counts, with DuckDB's types: those of `rpt_count_history` that no model can make anew."""


def lay_out_nothing(connection: DuckDBPyConnection) -> None:
    """Make the schemas with a view for every dataset, all of them empty, and the table of loads."""
    connection.execute("create schema landed")
    for table in ("loads", "earlier_loads"):
        connection.execute(
            f"create table landed.{table} (source_id varchar, dataset varchar, upstream_version varchar, "
            "status varchar, channel varchar, row_count bigint, byte_count bigint, digest varchar, "
            "is_synthetic boolean)"
        )
    connection.execute(
        "create table landed.releases (source_id varchar, upstream_version varchar, fetched_at timestamp)"
    )
    no_counts = ", ".join(f"null::{kind} as {name}" for name, kind in COUNT_COLUMNS.items())
    connection.execute(f"create view landed.{COUNT_HISTORY[1]} as select {no_counts} where false")
    for source in SOURCE_NAMES:
        connection.execute(f"create schema {_schema(source)}")
        for name, dataset in load_contract(source).datasets.items():
            columns = ", ".join(nothing_of(column) for column in dataset.columns)
            connection.execute(f"create view {_schema(source)}.{quoted(name)} as select {columns} where false")
    index = ", ".join(nothing_of(column) for column in load_contract("idc").datasets[INDEX].columns)
    connection.execute(
        f"create view landed.{HISTORY[1]} as select null::bigint as idc_version, null::varchar as upstream_version, "
        f"null::varchar as absent_columns, {index} where false"
    )


def lay_out(
    connection: DuckDBPyConnection,
    landing: Landing,
    releases: Mapping[str, Release],
    evidence: Evidence = NO_EVIDENCE,
) -> None:
    """Put the landed files of these releases (by source) behind the views that `lay_out_nothing` made."""
    for source, release in releases.items():
        for name, dataset in load_contract(source).datasets.items():
            path = landed_file(landing, release, name)
            if path is not None:
                query = landed_query(connection, dataset, path)
                connection.execute(f"create or replace view {_schema(source)}.{quoted(name)} as {query}")
    _write_loads(connection, releases)
    if rows := [_load_row(load) for release in evidence.inputs for load in release.loads]:
        connection.executemany(_inserting("earlier_loads", rows[0]), rows)
    if evidence.releases:
        _lay_out_history(connection, landing, [*evidence.releases, releases["idc"]])
    if counts := _count_files(landing, evidence):
        files = ", ".join(literal(str(path)) for path in counts)
        columns = ", ".join(f"{name}::{kind} as {name}" for name, kind in COUNT_COLUMNS.items())
        connection.execute(
            f"create or replace view landed.{COUNT_HISTORY[1]} as select {columns} from read_parquet([{files}])"
        )


def absent_datasets(
    landing: Landing, releases: Mapping[str, Release], evidence: Evidence = NO_EVIDENCE
) -> frozenset[tuple[str, str]]:
    """Return (source, dataset) of each view that stays empty."""
    history = frozenset() if evidence.releases else frozenset({HISTORY})
    counts = frozenset() if _count_files(landing, evidence) else frozenset({COUNT_HISTORY})
    return (
        history
        | counts
        | frozenset(
            (source, name)
            for source in SOURCE_NAMES
            for name in load_contract(source).datasets
            if source not in releases or landed_file(landing, releases[source], name) is None
        )
    )


def _count_files(landing: Landing, evidence: Evidence) -> list[Path]:
    files = (landed_file(landing, release, COUNTS) for release in evidence.counts)
    return [file for file in files if file is not None]


def _schema(source: str) -> str:
    return quoted(f"landed_{source}")


def _lay_out_history(connection: DuckDBPyConnection, landing: Landing, releases: Sequence[Release]) -> None:
    """Put the series of these IDC releases behind one view."""
    dataset = load_contract("idc").datasets[INDEX]
    queries: list[str] = []
    for release in releases:
        path = landed_file(landing, release, INDEX)
        if path is not None:
            found = {column.name: column for column in found_columns(connection, path)}
            lacking = [column.name for column in dataset.columns if column.found_in(found) is None]
            absent = f",{','.join(lacking)},"
            queries.append(
                f"select {major_version(release.version)}::bigint as idc_version, "
                f"{literal(release.version)} as upstream_version, {literal(absent)} as absent_columns,"
                f" * from ({landed_query(connection, dataset, path)})"
            )
    connection.execute(f"create or replace view landed.{HISTORY[1]} as {' union all '.join(queries)}")


def _write_loads(connection: DuckDBPyConnection, releases: Mapping[str, Release]) -> None:
    """List the loads of the build, and the datasets of a source without any, so that an empty table has its reason."""
    for source, release in releases.items():
        row = (source, release.version, _utc(date_of_counts(release)))
        connection.execute("insert into landed.releases values (?, ?, ?)", row)
    rows = [_load_row(load) for release in releases.values() for load in release.loads]
    rows += [
        (source, dataset, None, "no load", None, 0, 0, None, False)
        for source in SOURCE_NAMES
        if source not in releases
        for dataset in load_contract(source).datasets
    ]
    connection.executemany(_inserting("loads", rows[0]), rows)


def _utc(moment: datetime | None) -> datetime | None:
    """Return a moment as DuckDB's TIMESTAMP takes it: in UTC, without a zone."""
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _inserting(table: str, row: Sequence[object]) -> str:
    return f"insert into landed.{table} values ({', '.join('?' * len(row))})"


def _load_row(load: Load) -> tuple[object, ...]:
    return (
        load.source,
        load.dataset,
        load.upstream_version,
        load.status,
        load.channel,
        load.rows,
        load.bytes,
        load.digest,
        load.synthetic,
    )
