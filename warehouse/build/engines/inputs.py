"""What another engine reads: the landed files, the seeds and the lists of loads, each with its name in the dbt project.

A landed file is read by the engine itself where every column of the contract is a column of the file that a cast reads
(`reading.is_cast`): all large tables of IDC are. Any other is handed over as Parquet that DuckDB has written from the
view of the build: JSON records, columns that changed their type, the history over several releases. Measured with
IDC 25.0.5 and the sandbox at 0.05 (November 2026): DuckDB writes those in a few seconds, and a second set of reading
rules in Spark's dialect would have to be held equal to the first.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

import duckdb

from warehouse.contracts import load_contract
from warehouse.errors import UsageError
from warehouse.files import write_atomically, writing_to
from warehouse.landed_views import landed_file
from warehouse.landing import Landing, Release
from warehouse.reading import found_columns, is_cast
from warehouse.sql_text import literal, quoted

LIST = "inputs.json"
"""The file in a folder of inputs that lists them."""

_FORMAT = 1

# The words of the dbt project for types (dbt/macros/adapters/types.sql), by DuckDB's.
_TYPES = {
    "VARCHAR": "string",
    "JSON": "string",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DOUBLE": "double",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
}


@dataclass(frozen=True)
class InputColumn:
    """A column as the models read it: its name, its type in the words of the dbt project, and its name in the file.

    `found` is None where the file has no such column: it is null.
    """

    name: str
    type: str
    found: str | None


@dataclass(frozen=True)
class Input:
    """A table that models read: schema and name in the dbt project, the Parquet file that holds it, and its columns.

    `path` is absolute, or relative to the folder of the list.
    """

    schema: str
    name: str
    path: str
    columns: tuple[InputColumn, ...]


@dataclass(frozen=True)
class Inputs:
    """All that a build reads: the digest of the build that handed it over, whether data is made up, and the tables."""

    input_digest: str
    synthetic: bool
    tables: tuple[Input, ...]


def hand_over(
    database: Path, landing: Landing, releases: Sequence[Release], input_digest: str, folder: Path, *, copy: bool
) -> Inputs:
    """Write what a prepared build reads into `folder`, with a list (`inputs.json`).

    Args:
        database: the DuckDB file of the build, its landed views laid out.
        landing: where the files of the releases are.
        releases: the releases that the build reads.
        input_digest: that of the build.
        folder: where Parquet files and the list go; it may be there.
        copy: whether landed files that need no conversion are copied, too, so that the folder can be moved; else they
            are read where they are.

    Raises:
        StorageError: the folder cannot be written.
    """
    by_schema = {f"landed_{release.source}": release for release in releases}
    tables: list[Input] = []
    with writing_to(folder), duckdb.connect(str(database), read_only=True) as connection:
        for schema, name in _read_by_models(connection):
            release = by_schema.get(schema)
            landed = None if release is None else landed_file(landing, release, name)
            columns = None if release is None or landed is None else _read_as_it_is(connection, release, name, landed)
            if landed is None or columns is None:
                columns = _described(connection, schema, name)
                # JSON is text to other engines.
                path = _write(connection, schema, name, columns, folder)
            elif copy:
                path = _place(schema, name, folder)
                shutil.copyfile(landed, folder / path)
            else:
                path = str(landed.absolute())
            tables.append(Input(schema, name, path, columns))
        inputs = Inputs(input_digest, any(release.synthetic for release in releases), tuple(tables))
        write_list(inputs, folder)
    return inputs


def hand_over_tables(database: Path, schemas: Mapping[str, str], folder: Path) -> tuple[Input, ...]:
    """Write tables (name to schema) of a build's DuckDB file into a folder of inputs, for models that read them.

    Raises:
        StorageError: the folder cannot be written.
    """
    with writing_to(folder), duckdb.connect(str(database), read_only=True) as connection:
        tables: list[Input] = []
        for name, schema in schemas.items():
            columns = _described(connection, schema, name)
            tables.append(Input(schema, name, _write(connection, schema, name, columns, folder), columns))
        return tuple(tables)


def _write(
    connection: duckdb.DuckDBPyConnection, schema: str, name: str, columns: Sequence[InputColumn], folder: Path
) -> str:
    """Write a table or view as Parquet; returns its path below the folder."""
    path = _place(schema, name, folder)
    # JSON is text to other engines.
    selected = ", ".join(
        f"cast({quoted(column.name)} as varchar) as {quoted(column.name)}"
        if column.type == "string"
        else quoted(column.name)
        for column in columns
    )
    target = literal(str(folder / path))
    connection.execute(f"copy (select {selected} from {schema}.{quoted(name)}) to {target} (format parquet)")
    return path


def _place(schema: str, name: str, folder: Path) -> str:
    """Return where the file of a table goes below the folder, whose own folder it makes."""
    (folder / schema).mkdir(parents=True, exist_ok=True)
    return f"{schema}/{name}.parquet"


def write_list(inputs: Inputs, folder: Path) -> None:
    """Write the list of a folder of inputs.

    Raises:
        StorageError: it cannot be written.
    """
    with writing_to(folder):
        write_atomically(folder / LIST, json.dumps({"format": _FORMAT, **asdict(inputs)}, indent=1) + "\n")


def read_list(content: bytes, address: str) -> Inputs:
    """Return the inputs that a list holds, with the path of each file below `address`, which is where the list is.

    Raises:
        UsageError: it is no list of inputs of this format.
    """
    try:
        listed = json.loads(content)
        if listed["format"] != _FORMAT:
            raise UsageError(
                f"{address}/{LIST} has the format {listed['format']}, and this version reads {_FORMAT}: hand the "
                "inputs over again with it (icw build inputs)."
            )
        tables = tuple(
            Input(**{**entry, "columns": tuple(InputColumn(**column) for column in entry["columns"])})
            for entry in listed["tables"]
        )
        inputs = Inputs(listed["input_digest"], listed["synthetic"], tables)
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{address}/{LIST} is no list of inputs ({type(error).__name__}: {error}). `icw build inputs` writes one."
        ) from error
    return replace(inputs, tables=tuple(replace(table, path=_below(address, table.path)) for table in inputs.tables))


def _below(address: str, path: str) -> str:
    is_whole = "://" in path or PurePosixPath(path).is_absolute()
    return path if is_whole else f"{address.rstrip('/')}/{path}"


def _read_by_models(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str]]:
    """Return schema and name of what models read and do not make: landed data, lists of loads, seeds."""
    yield from connection.execute(
        """
        select table_schema, table_name
        from information_schema.tables
        where table_schema in ('landed', 'seeds') or starts_with(table_schema, 'landed_')
        order by table_schema, table_name
        """
    ).fetchall()


def _described(connection: duckdb.DuckDBPyConnection, schema: str, name: str) -> tuple[InputColumn, ...]:
    described = connection.execute(f"describe {schema}.{quoted(name)}").fetchall()
    return tuple(InputColumn(column, _word_of(kind), column) for column, kind, *_ in described)


def _word_of(duckdb_type: str) -> str:
    """Return the project's word for a type of DuckDB."""
    element = duckdb_type.removesuffix("[]")
    decimal = re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", element)
    word = f"decimal({decimal[1]}, {decimal[2]})" if decimal else _TYPES[element]
    return word + "[]" * duckdb_type.endswith("[]")


def _read_as_it_is(
    connection: duckdb.DuckDBPyConnection, release: Release, name: str, path: Path
) -> tuple[InputColumn, ...] | None:
    """Return how a landed file is read by casts alone, or None where one of its columns needs more."""
    found = {column.name: column for column in found_columns(connection, path)}
    if len({column.casefold() for column in found}) < len(found):
        # Engines differ in what they make of names that differ by case alone.
        return None
    described: Mapping[str, str] = {
        column.name: column.type for column in _described(connection, f"landed_{release.source}", name)
    }
    columns: list[InputColumn] = []
    for column in load_contract(release.source).datasets[name].columns:
        arrived = found.get(column.found_in(found) or "")
        if column.keeps_raw or not is_cast(column, arrived):
            return None
        columns.append(InputColumn(column.name, described[column.name], None if arrived is None else arrived.name))
    return tuple(columns)
