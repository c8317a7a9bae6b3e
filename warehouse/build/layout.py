"""The landed data as dbt reads it: one schema a source, `landed_<source>`, with a view for each dataset it may have.

A view has the columns and types of the contract, whatever the release calls them and in whatever types it has them, and
is empty where the dataset is absent, so that the models above need no special case and can be made before any data is
there. The table `landed.loads` says which loads these are.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.contracts import Column, Dataset, load_contract
from warehouse.landing import Landing, Load, Release
from warehouse.reading import found_columns, raw_name, raw_text_of, reading_of
from warehouse.registry import SOURCE_NAMES
from warehouse.sql_text import literal, quoted


def lay_out_nothing(connection: DuckDBPyConnection) -> None:
    """Make the schemas with a view for every dataset, all of them empty, and the table of loads."""
    connection.execute("create schema landed")
    connection.execute(
        "create table landed.loads (source_id varchar, dataset varchar, upstream_version varchar, status varchar, "
        "channel varchar, row_count bigint, byte_count bigint, digest varchar, is_synthetic boolean)"
    )
    for source in SOURCE_NAMES:
        connection.execute(f"create schema {_schema(source)}")
        for name, dataset in load_contract(source).datasets.items():
            columns = ", ".join(_nothing(column) for column in dataset.columns)
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
        for source in SOURCE_NAMES
        for name in load_contract(source).datasets
        if source not in releases or _landed_file(landing, releases[source], name) is None
    )


def _nothing(column: Column) -> str:
    nothing = f"{reading_of(column, None).value} as {quoted(column.name)}"
    return f"{nothing}, {raw_text_of(None)} as {quoted(raw_name(column))}" if column.keeps_raw else nothing


def _schema(source: str) -> str:
    return quoted(f"landed_{source}")


def _landed_file(landing: Landing, release: Release, dataset: str) -> Path | None:
    load = release.load_of(dataset)
    entry = load.object_named(f"{dataset}.parquet") if load is not None else None
    return None if entry is None else landing.object_path(entry.sha256)


def _landed_query(connection: DuckDBPyConnection, dataset: Dataset, path: Path) -> str:
    found = {column.name: column for column in found_columns(connection, path)}
    columns: list[str] = []
    for column in dataset.columns:
        arrived = found.get(column.found_in(found) or "")
        columns.append(f"{reading_of(column, arrived).value} as {quoted(column.name)}")
        if column.keeps_raw:
            columns.append(f"{raw_text_of(arrived)} as {quoted(raw_name(column))}")
    return f"select {', '.join(columns)} from read_parquet({literal(str(path))})"


def _write_loads(connection: DuckDBPyConnection, releases: Mapping[str, Release]) -> None:
    """List the loads of the build, and the datasets of a source without any, so that an empty table has its reason."""
    rows = [_load_row(load) for release in releases.values() for load in release.loads]
    rows += [
        (source, dataset, None, "no load", None, 0, 0, None, False)
        for source in SOURCE_NAMES
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
