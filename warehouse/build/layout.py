"""The landed data as dbt reads it: one schema a source, `landed_<source>`, with a view for each dataset it may have.

A view has the columns and types of the contract whatever the release calls them, and is empty where the dataset is
absent, so that the models above need no special case and can be made before any data is there. The table
`landed.loads` says which loads these are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.contracts import SOURCES, Column, ColumnType, Dataset, load_contract
from warehouse.landing import Landing, Load, Release
from warehouse.sql_text import literal, quoted

_SQL_TYPES: Mapping[ColumnType, str] = {
    "string": "varchar",
    "integer": "bigint",
    "float": "double",
    "boolean": "boolean",
    "record": "json",
    "string[]": "varchar[]",
    "integer[]": "bigint[]",
    "float[]": "double[]",
    "record[]": "json",
}


def lay_out_nothing(connection: DuckDBPyConnection) -> None:
    """Make the schemas with a view for every dataset, all of them empty, and the table of loads."""
    connection.execute("create schema landed")
    connection.execute(
        "create table landed.loads (source_id varchar, dataset varchar, upstream_version varchar, status varchar, "
        "channel varchar, row_count bigint, byte_count bigint, digest varchar, is_synthetic boolean)"
    )
    for source in SOURCES:
        connection.execute(f"create schema {_schema(source)}")
        for name, dataset in load_contract(source).datasets.items():
            columns = ", ".join(
                f"cast(null as {_SQL_TYPES[column.type]}) as {quoted(column.name)}" for column in dataset.columns
            )
            connection.execute(f"create view {_schema(source)}.{quoted(name)} as select {columns} where false")


def lay_out(connection: DuckDBPyConnection, landing: Landing, releases: Mapping[str, Release]) -> None:
    """Put the landed files of these releases (by source) behind the views that `lay_out_nothing` made."""
    for source, release in releases.items():
        for name, dataset in load_contract(source).datasets.items():
            path = _landed_file(landing, release, name)
            if path is not None:
                query = _landed_query(connection, dataset, path)
                connection.execute(f"create or replace view {_schema(source)}.{quoted(name)} as {query}")
    _write_loads(connection, releases)


def absent_datasets(landing: Landing, releases: Mapping[str, Release]) -> frozenset[tuple[str, str]]:
    """Return (source, dataset) of each view that stays empty."""
    return frozenset(
        (source, name)
        for source in SOURCES
        for name in load_contract(source).datasets
        if source not in releases or _landed_file(landing, releases[source], name) is None
    )


def _schema(source: str) -> str:
    return quoted(f"landed_{source}")


def _landed_file(landing: Landing, release: Release, dataset: str) -> Path | None:
    load = release.load_of(dataset)
    entry = load.object_named(f"{dataset}.parquet") if load is not None else None
    return None if entry is None else landing.object_path(entry.sha256)


def _landed_query(connection: DuckDBPyConnection, dataset: Dataset, path: Path) -> str:
    relation = f"read_parquet({literal(str(path))})"
    rows = connection.execute(f"describe select * from {relation}").fetchall()
    found = {str(row[0]).lower(): str(row[0]) for row in rows}
    columns = ", ".join(_landed_column(column, column.found_in(found)) for column in dataset.columns)
    return f"select {columns} from {relation}"


def _landed_column(column: Column, found: str | None) -> str:
    sql_type = _SQL_TYPES[column.type]
    if found is None:
        expression = f"cast(null as {sql_type})"
    elif column.type in ("record", "record[]"):
        # The fields of nested records change from release to release; JSON lets staging read them by name.
        expression = f"to_json({quoted(found)})"
    elif column.required:
        expression = f"cast({quoted(found)} as {sql_type})"
    else:
        # An optional column of another type has been reported as drift; it must not stop the build.
        expression = f"try_cast({quoted(found)} as {sql_type})"
    return f"{expression} as {quoted(column.name)}"


def _write_loads(connection: DuckDBPyConnection, releases: Mapping[str, Release]) -> None:
    """List the loads of the build, and the datasets of a source without any, so that an empty table has its reason."""
    rows = [_load_row(load) for release in releases.values() for load in release.loads]
    rows += [
        (source, dataset, None, "no load", None, 0, 0, None, False)
        for source in SOURCES
        if source not in releases
        for dataset in load_contract(source).datasets
    ]
    connection.executemany(f"insert into landed.loads values ({', '.join('?' * len(rows[0]))})", rows)


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
