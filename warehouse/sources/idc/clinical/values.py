"""Clinical tables of any columns as one Parquet file of values: one row a value, as text, with the type that it had.

Nothing is read into or out of a value here: what the text means in its type is the business of the models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import IntegrityError
from warehouse.reading import FoundColumn, found_columns, raw_text_of
from warehouse.sql_text import literal, quoted

PATIENT = "dicom_patient_id"
"""The column that every clinical table is said to have: the PatientID of the images."""

_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("tinyint", "smallint", "integer", "bigint", "hugeint"), "integer"),
    **dict.fromkeys(("utinyint", "usmallint", "uinteger", "ubigint"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "float"),
    "boolean": "boolean",
    "date": "date",
    **dict.fromkeys(("timestamp", "timestamp_ns", "timestamp_ms", "timestamp_s"), "timestamp"),
    "timestamp with time zone": "timestamp",
}


@dataclass(frozen=True)
class ClinicalTable:
    """One table: its short name, and its files in the order of their names."""

    name: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class TableFacts:
    """What a table holds: rows, values (cells that are not null), and the columns of its files."""

    name: str
    rows: int
    values: int
    columns: tuple[str, ...]


@dataclass(frozen=True)
class ValuesWritten:
    """What was written: the facts of each table, and whether a file of any is marked as synthetic."""

    tables: tuple[TableFacts, ...]
    synthetic: bool


def write_values(
    tables: Sequence[ClinicalTable], target: Path, *, threads: int = 2, memory_limit: str = "2GB"
) -> ValuesWritten:
    """Write the values of these tables to one Parquet file, by table, row and column.

    A row is numbered from 1 over the files of its table. Where these disagree on the type of a column, it has the one
    that is not text, if there is one. The same files give the same bytes.

    Raises:
        IntegrityError: a file is not Parquet, or not every value of it was written.
    """
    facts: list[TableFacts] = []
    queries: list[str] = []
    synthetic = False
    # Text of a moment must not depend on the zone of this machine.
    options = {"threads": str(threads), "memory_limit": memory_limit, "TimeZone": "UTC"}
    with duckdb.connect() as connection:
        for name, value in options.items():
            connection.execute(f"set {name} = {literal(value)}")
        connection.execute(f"set temp_directory = {literal(str(target.parent))}")
        for table in tables:
            shards = [_read_shard(connection, table.name, path) for path in table.files]
            synthetic = synthetic or any(shard.synthetic for shard in shards)
            types = _column_types(column for shard in shards for column in shard.columns)
            first_row = 0
            for shard in shards:
                queries.append(_values_query(table.name, shard, types, first_row))
                first_row += shard.rows
            facts.append(TableFacts(table.name, first_row, sum(shard.values for shard in shards), tuple(types)))
        try:
            connection.execute(
                f"copy (select * from ({' union all '.join(queries)}) order by short_table_name, row_number,"
                f' column_number, "column") to {literal(str(target))} (format parquet, compression zstd,'
                f" kv_metadata {{synthetic: {literal(str(synthetic).lower())}}})"
            )
        except duckdb.Error as error:
            raise IntegrityError(
                f"The clinical tables {', '.join(table.name for table in tables)} cannot be read to their end "
                f"({str(error).splitlines()[0]}). Nothing was landed; run the command again to fetch them anew."
            ) from None
    written, expected = pq.read_metadata(target).num_rows, sum(table.values for table in facts)
    if written != expected:
        raise IntegrityError(
            f"The clinical tables hold {expected:,} values by their files, and {written:,} were read. Nothing was "
            "landed; report this with the names of the collections."
        )
    return ValuesWritten(tuple(facts), synthetic)


@dataclass(frozen=True)
class _Shard:
    """One file of a table; `values` counts its cells that are not null, as Arrow does."""

    path: Path
    rows: int
    values: int
    synthetic: bool
    columns: tuple[FoundColumn, ...]


def _read_shard(connection: duckdb.DuckDBPyConnection, table: str, path: Path) -> _Shard:
    try:
        with pq.ParquetFile(path) as file:
            footer = file.metadata.metadata or {}
            rows = file.metadata.num_rows
            values = sum(
                sum(len(column) - column.null_count for column in batch.columns) for batch in file.iter_batches()
            )
        columns = tuple(found_columns(connection, path))
    except (pa.ArrowException, OSError, duckdb.Error) as error:
        raise IntegrityError(
            f"A file of the clinical table {table} is not Parquet that can be read "
            f"({str(error).splitlines()[0].rstrip('.')}; {path.stat().st_size:,} bytes). Nothing was landed."
        ) from None
    return _Shard(path, rows, values, footer.get(b"synthetic") == b"true", columns)


def _column_types(columns: Iterable[FoundColumn]) -> dict[str, str]:
    """Return the type of each column of a table, in the order in which its files have them."""
    found: dict[str, set[str]] = {}
    for column in columns:
        found.setdefault(column.name, set()).add(_TYPES.get(column.type.id, "string"))
    return {name: _common_type(types) for name, types in found.items()}


def _common_type(types: set[str]) -> str:
    typed = types - {"string"}
    if typed == {"integer", "float"}:
        return "float"
    return typed.pop() if len(typed) == 1 else "string"


def _values_query(table: str, shard: _Shard, types: Mapping[str, str], first_row: int) -> str:
    numbers = {name: number for number, name in enumerate(types, start=1)}
    cells = ", ".join(
        f"{{'column': {literal(column.name)}, 'column_number': {numbers[column.name]}::bigint, "
        f"'value': {raw_text_of(column)}, 'value_type': {literal(types[column.name])}}}"
        for column in shard.columns
    )
    patient = raw_text_of(next((column for column in shard.columns if column.name == PATIENT), None))
    relation = f"read_parquet({literal(str(shard.path))}, file_row_number = true)"
    return (
        f'select short_table_name, row_number, cell."column", cell.column_number, {quoted(PATIENT)}, cell.value,'
        f" cell.value_type from (select {literal(table)} as short_table_name,"
        f" file_row_number + {first_row + 1} as row_number, {patient} as {quoted(PATIENT)}, unnest([{cells}]) as cell"
        f" from {relation}) where cell.value is not null"
    )
