"""Every published table opens in what people read it with: all columns, with their types, and all rows."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

import warehouse as icw
from tests.support.environments import python_with
from tests.support.marks import later
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry

# What is found of a table: its columns with DuckDB's types, and its rows.
Found = tuple[list[tuple[str, str]], int]

OLDER_DUCKDB = ("duckdb==1.5.6", "duckdb-engine==0.17.0", "sqlalchemy==2.0.58")

ARROW = {
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "INTEGER": pa.int32(),
    "TIMESTAMP": pa.timestamp("us"),
    "VARCHAR": pa.string(),
}
POLARS = {
    "BIGINT": pl.Int64(),
    "BOOLEAN": pl.Boolean(),
    "DATE": pl.Date(),
    "DOUBLE": pl.Float64(),
    "INTEGER": pl.Int32(),
    "TIMESTAMP": pl.Datetime("us"),
    "VARCHAR": pl.String(),
}


def stated(snapshot: Snapshot) -> dict[str, Found]:
    """What the manifest says of each table."""
    return {
        table.name: ([(column.name, column.type) for column in table.columns], table.rows)
        for table in snapshot.manifest.tables
    }


def of_arrow(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"{of_arrow(kind.value_type)}[]"
    if isinstance(kind, pa.Decimal128Type):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return next((name for name, known in ARROW.items() if known == kind), str(kind))


def of_polars(kind: pl.DataType) -> str:
    if isinstance(kind, pl.List):
        assert isinstance(kind.inner, pl.DataType)
        return f"{of_polars(kind.inner)}[]"
    if isinstance(kind, pl.Decimal):
        return f"DECIMAL({kind.precision},{kind.scale})"
    return next((name for name, known in POLARS.items() if known == kind), str(kind))


def by_duckdb(snapshot: Snapshot, table: TableEntry) -> Found:
    with duckdb.connect(str(snapshot.database), read_only=True) as connection:
        relation = connection.table(table.name)
        return list(zip(relation.columns, map(str, relation.types), strict=True)), len(relation.fetchall())


def by_duckdb_from_parquet(snapshot: Snapshot, table: TableEntry) -> Found:
    with duckdb.connect() as connection:
        relation = connection.read_parquet([str(file) for file in snapshot.files_of(table)])
        return list(zip(relation.columns, map(str, relation.types), strict=True)), len(relation.fetchall())


def by_pyarrow(snapshot: Snapshot, table: TableEntry) -> Found:
    read = ds.dataset([str(file) for file in snapshot.files_of(table)], format="parquet").to_table()
    return [(field.name, of_arrow(field.type)) for field in read.schema], read.num_rows


def by_pandas(snapshot: Snapshot, table: TableEntry) -> Found:
    files = snapshot.files_of(table)
    # pandas reads the folder of a table in parts as one table.
    frame = pd.read_parquet(files[0].parent if table.parts else files[0], dtype_backend="pyarrow")
    kinds = [(str(name), kind.pyarrow_dtype) for name, kind in frame.dtypes.items() if isinstance(kind, pd.ArrowDtype)]
    return [(name, of_arrow(kind)) for name, kind in kinds], len(frame)


def by_polars(snapshot: Snapshot, table: TableEntry) -> Found:
    frame = pl.scan_parquet([str(file) for file in snapshot.files_of(table)]).collect()
    return [(name, of_polars(kind)) for name, kind in frame.schema.items()], frame.height


@pytest.mark.parametrize(
    "read",
    [by_duckdb, by_duckdb_from_parquet, later(by_pyarrow), by_pandas, later(by_polars)],
    ids=lambda read: read.__name__,
)
def test_every_table_opens(star: Snapshot, read: Callable[[Snapshot, TableEntry], Found]) -> None:
    found = {table.name: read(star, table) for table in star.manifest.tables}
    assert found == stated(star)
    assert len(found) > 80


@pytest.mark.filterwarnings("ignore::warehouse.errors.AbsentDataWarning")
def test_this_library_opens_every_table(star: Snapshot) -> None:
    with icw.open(star.folder) as snapshot:
        read = {name: snapshot.table(name).arrow() for name in snapshot.tables}
    found = {
        name: ([(field.name, of_arrow(field.type)) for field in table.schema], table.num_rows)
        for name, table in read.items()
    }
    assert found == stated(star)


def test_sqlalchemy_lists_and_reads_every_table(star: Snapshot) -> None:
    engine = sa.create_engine(f"duckdb:///{star.database}", connect_args={"read_only": True})
    found: dict[str, tuple[list[str], int]] = {}
    try:
        names = sa.inspect(engine).get_table_names(schema="main")
        with engine.connect() as connection:
            for name in names:
                # To be read whole before the next question: a connection of this dialect has one cursor.
                result = connection.execute(sa.text(f'select * from "{name}"'))
                found[name] = list(result.keys()), len(result.fetchall())
        with engine.connect() as connection, pytest.raises(ProgrammingError, match="read-only mode"):
            connection.execute(sa.text("create table written (a integer)"))
    finally:
        engine.dispose()
    assert found == {name: ([column for column, _ in columns], rows) for name, (columns, rows) in stated(star).items()}


@pytest.mark.full
@pytest.mark.network
def test_the_oldest_duckdb_and_its_reflection_find_every_table(star: Snapshot) -> None:
    script = Path(__file__).with_name("read_tables.py")
    done = subprocess.run(
        [python_with(*OLDER_DUCKDB), script, star.database], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["versions"] == [requirement.partition("==")[2] for requirement in (OLDER_DUCKDB[0], OLDER_DUCKDB[2])]
    expected = stated(star)
    assert {
        name: ([tuple(column) for column in table["columns"]], table["rows"]) for name, table in said["tables"].items()
    } == expected
    assert said["reflected"] == {name: [column for column, _ in columns] for name, (columns, _) in expected.items()}
    assert said["counted"] == {name: rows for name, (_, rows) in expected.items()}
