"""Which datasets of the upstreams each table of the star is made of, and which of their columns each staged column."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import duckdb

from warehouse.build.project import Project, Table, tables_read
from warehouse.contracts import load_contract
from warehouse.query_plan import plan_as_written, scans
from warehouse.reading import SQL_TYPES, raw_name
from warehouse.registry import SOURCE_NAMES
from warehouse.sql_text import literal, quoted

# A dimension or fact that reads datasets takes its rows from those; from other tables it takes keys and attributes.
_ROWS_OF_DATASETS = ("dim_", "fct_")


def datasets_of_tables(manifest: Path, schema: str) -> dict[str, frozenset[Table]]:
    """Return, for each table of a schema by name, the datasets (source, name) that its rows come from.

    Of a dimension or fact these are the datasets that it reads itself, through views; of a table that reads none, and
    of all others, also those of the tables that it reads. Rows that a model leaves out of what it reads are not among
    its own: its yml names the datasets that they are of (`config.meta.leaves_out`). `manifest` is dbt's, in the folder
    of a build.

    Raises:
        BuildFailed: the manifest cannot be read.
    """
    project = Project(manifest.parent)
    reads = tables_read(project)
    left_out = {(node["schema"], node["name"]): _left_out(node) for node in project.models.values()}
    known = {(source, dataset) for source in SOURCE_NAMES for dataset in load_contract(source).datasets}
    found: dict[Table, frozenset[Table]] = {}
    for table, read in reads.items():
        direct = frozenset(read & known)
        of_tables = frozenset[Table]().union(*(found[other] for other in read if other in found))
        is_own = bool(direct) and table[1].startswith(_ROWS_OF_DATASETS)
        found[table] = direct if is_own else (direct | of_tables) - left_out[table]
    return {name: datasets for (found_in, name), datasets in found.items() if found_in == schema}


def reads_of_tables(manifest: Path, schema: str) -> dict[str, tuple[str, ...]]:
    """Return, for each table of a schema by name, the other tables of it and the datasets that its model reads, sorted.

    A dataset is named `source.dataset`. A table of another schema stands for what it reads itself, as a view does.

    Raises:
        BuildFailed: the manifest cannot be read.
    """
    found: dict[Table, frozenset[Table]] = {}
    for table, read in tables_read(Project(manifest.parent)).items():
        between = {other for other in read if other in found and other[0] != schema}
        found[table] = frozenset(read - between).union(*(found[other] for other in between))
    return {
        name: tuple(sorted(other if of == schema else f"{of}.{other}" for of, other in read))
        for (found_in, name), read in found.items()
        if found_in == schema
    }


def _left_out(model: Mapping[str, Any]) -> frozenset[Table]:
    names = (str(name).partition(".") for name in model["config"]["meta"].get("leaves_out", ()))
    return frozenset((source, dataset) for source, _, dataset in names)


def tables_of_dataset(manifest: Path, schema: str, dataset: Table) -> list[str]:
    """Return the tables of a schema whose models read a dataset, through views alone; `manifest` is dbt's.

    Raises:
        BuildFailed: the manifest cannot be read.
    """
    return [
        name for (of, name), read in tables_read(Project(manifest.parent)).items() if of == schema and dataset in read
    ]


def staged_columns(database: Path, datasets: Collection[Table]) -> dict[Table, dict[str, frozenset[str]]]:
    """Return, for each dataset, what its staging views call its columns: the new name, and what it is computed from.

    DuckDB says it: the views of a build's file are made again over empty tables, and the plan of each column names the
    columns that it reads.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(database))} as built (read_only)")
        views = connection.execute(
            "select view_name, sql from duckdb_views() where database_name = 'built' and schema_name = 'staging'"
        ).fetchall()
        connection.execute("detach built")
        connection.execute("attach ':memory:' as build; use build; create schema staging")
        plan_as_written(connection)
        found: dict[Table, dict[str, frozenset[str]]] = {}
        for source, dataset in sorted(datasets):
            connection.execute(f"create schema if not exists build.{quoted(f'landed_{source}')}")
            connection.execute(_empty_table(source, dataset))
            # dbt names the view of a dataset after it (`stg_<source>__<dataset>`).
            for name, sql in views:
                if name == f"stg_{source}__{dataset}":
                    connection.execute(sql)
                    found[source, dataset] = _columns_read(connection, name)
        return found


def _empty_table(source: str, dataset: str) -> str:
    columns: list[str] = []
    for column in load_contract(source).datasets[dataset].columns:
        columns.append(f"{quoted(column.name)} {SQL_TYPES[column.type]}")
        if column.keeps_raw:
            columns.append(f"{quoted(raw_name(column))} varchar")
    return f"create table build.{quoted(f'landed_{source}')}.{quoted(dataset)} ({', '.join(columns)})"


def _columns_read(connection: duckdb.DuckDBPyConnection, view: str) -> dict[str, frozenset[str]]:
    relation = f"build.staging.{quoted(view)}"
    in_every_row = _all_columns(connection, f"select 1 from {relation}")
    names = [str(name) for name, *_ in connection.execute(f"describe {relation}").fetchall()]
    return {name: _all_columns(connection, f"select {quoted(name)} from {relation}") - in_every_row for name in names}


def _all_columns(connection: duckdb.DuckDBPyConnection, query: str) -> frozenset[str]:
    return frozenset[str]().union(*(columns for _, columns in scans(connection, query)))
