"""The landed files of a release as views: the columns and types of the contract, whatever the release calls them.

A dataset that is absent is an empty view, so that whoever reads them needs no special case.
"""

from __future__ import annotations

from pathlib import Path

from duckdb import DuckDBPyConnection

from warehouse.contracts import Column, Dataset, load_contract
from warehouse.landing import Landing, Release
from warehouse.reading import found_columns, raw_name, raw_text_of, reading_of
from warehouse.sql_text import literal, quoted


def lay_out_release(connection: DuckDBPyConnection, landing: Landing, release: Release, schema: str) -> None:
    """Make a schema with a view for every dataset of a release's contract, as its contract says.

    Raises:
        duckdb.Error: a landed file cannot be read as Parquet.
    """
    connection.execute(f"create schema {quoted(schema)}")
    for name, dataset in load_contract(release.source).datasets.items():
        path = landed_file(landing, release, name)
        query = (
            f"select {', '.join(map(nothing_of, dataset.columns))} where false"
            if path is None
            else landed_query(connection, dataset, path)
        )
        connection.execute(f"create view {quoted(schema)}.{quoted(name)} as {query}")


def landed_file(landing: Landing, release: Release, dataset: str) -> Path | None:
    """Return the Parquet file of a dataset of a release, or None where it has none."""
    load = release.load_of(dataset)
    entry = load.object_named(f"{dataset}.parquet") if load is not None else None
    return None if entry is None else landing.object_path(entry.sha256)


def landed_query(connection: DuckDBPyConnection, dataset: Dataset, path: Path) -> str:
    """Return the query (SQL) that reads a landed file as its contract says.

    Raises:
        duckdb.Error: the file is no Parquet that DuckDB reads.
    """
    found = {column.name: column for column in found_columns(connection, path)}
    columns: list[str] = []
    for column in dataset.columns:
        arrived = found.get(column.found_in(found) or "")
        columns.append(f"{reading_of(column, arrived).value} as {quoted(column.name)}")
        if column.keeps_raw:
            columns.append(f"{raw_text_of(arrived)} as {quoted(raw_name(column))}")
    return f"select {', '.join(columns)} from read_parquet({literal(str(path))})"


def nothing_of(column: Column) -> str:
    """Return SQL for a column of a contract in a file that lacks it, under its name (and that of its raw text)."""
    nothing = f"{reading_of(column, None).value} as {quoted(column.name)}"
    return f"{nothing}, {raw_text_of(None)} as {quoted(raw_name(column))}" if column.keeps_raw else nothing
