"""Index files: one Parquet file for each index, one row for each document.

What belongs here: writing them. A file has the column `_row`, the position of the document in the order of its unique
id (from 0), and one column for each field of the record type. Rows are sorted by `_row`, and the same records give the
same bytes. The footer of every file says that it is synthetic.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.sandbox.guppy.schema import RecordType

_ROW_GROUP = 20_480


def write_index(connection: duckdb.DuckDBPyConnection, record_type: RecordType, relation: str, path: Path) -> int:
    """Write the records of a relation, sorted by unique id, and return their number.

    The relation must have a column for each field; lists and records are cast to the types of the fields.
    """
    columns = ", ".join([f'cast("{field.name}" as {field.sql_type}) as "{field.name}"' for field in record_type.fields])
    in_order = f'select {columns} from ({relation}) order by "{record_type.unique_id}"'
    # Numbered as they come out of the sort: a window with an order of its own would sort all columns twice.
    return _write(connection, f"select (row_number() over () - 1)::bigint as _row, * from ({in_order})", path)


def write_parquet(connection: duckdb.DuckDBPyConnection, relation: str, path: Path) -> int:
    """Write a relation sorted by its first column, which must be unique, and return its number of rows."""
    return _write(connection, f"select * from ({relation}) order by 1", path)


def _write(connection: duckdb.DuckDBPyConnection, in_order: str, path: Path) -> int:
    connection.execute(
        f"copy ({in_order}) to '{path}' "
        f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {_ROW_GROUP}, KV_METADATA {{synthetic: 'true'}})"
    )
    return connection.execute(f"select count(*) from read_parquet('{path}')").fetchall()[0][0]
