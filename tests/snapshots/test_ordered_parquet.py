"""The same rows are the same bytes in their total order, whether they lay in it, apart or in another."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from warehouse.files import sha256_of
from warehouse.snapshots.ordered_parquet import ROW_GROUP_ROWS, OrderedRows, write_in_order

ROWS = 2 * ROW_GROUP_ROWS + 1000
FOOTER = {"description": "Numbers: it's said", "columns": "{}"}

BACKWARDS = f"select {ROWS} - 1 - n as n, true as chosen from range({ROWS}) as numbers(n)"
LYING = {
    "in their order": f"select n, true as chosen from range({ROWS}) as numbers(n)",
    "in their order, after others": "select n, false as chosen from range(1000) as others(n) "
    f"union all select n, true from range({ROWS}) as numbers(n)",
    "in their order, apart": f"select n // 2 as n, n % 2 = 0 as chosen from range({2 * ROWS}) as numbers(n)",
    "the last one first": f"select (n + {ROWS} - 1) % {ROWS} as n, true as chosen from range({ROWS}) as numbers(n)",
}


def write(connection: duckdb.DuckDBPyConnection, lying: str, path: Path) -> None:
    connection.execute(
        "create or replace table numbers as "
        f"select n, chosen, 'text ' || n as words, case when n % 7 > 0 then n end as some from ({lying})"
    )
    rows = OrderedRows("numbers", "chosen", ("words", "n", "some"), ("n",))
    assert write_in_order(connection, rows, path, FOOTER) == ROWS


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("lying", LYING)
def test_the_same_rows_are_the_same_bytes_however_they_lay(lying: str, threads: int, tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        write(connection, BACKWARDS, tmp_path / "backwards.parquet")
        write(connection, LYING[lying], tmp_path / "lying.parquet")
    footer = pq.read_metadata(tmp_path / "lying.parquet")
    groups = [footer.row_group(place).num_rows for place in range(footer.num_row_groups)]
    assert groups == [ROW_GROUP_ROWS, ROW_GROUP_ROWS, 1000]
    assert footer.metadata[b"description"] == FOOTER["description"].encode()
    assert sha256_of(tmp_path / "lying.parquet") == sha256_of(tmp_path / "backwards.parquet")


_ROW = st.tuples(
    st.none() | st.sampled_from(["", "a", "B", "é", "a\x00"]),
    st.none() | st.sampled_from([0.0, -1.5, float("inf"), float("-inf"), float("nan")]),
    st.none() | st.booleans(),
)
_SCHEMA = pa.schema([("words", pa.string()), ("size", pa.float64()), ("is_one", pa.bool_())])


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.lists(_ROW, max_size=12, unique_by=repr), st.booleans())
def test_rows_that_are_not_sorted_lay_as_duckdb_sorts_them(rows: list[tuple[object, ...]], in_order: bool) -> None:
    values = [dict(zip(_SCHEMA.names, row, strict=True)) for row in rows]
    order = ", ".join(f"{name} asc nulls last" for name in _SCHEMA.names)
    with duckdb.connect() as connection, TemporaryDirectory() as folder:
        connection.register("given", pa.Table.from_pylist(values, _SCHEMA))
        connection.execute(f"create table lying as select * from given {f'order by {order}' if in_order else ''}")
        expected = connection.execute(f"select * from lying order by {order}").fetchall()
        path = Path(folder, "rows.parquet")
        write_in_order(connection, OrderedRows("lying", "true", tuple(_SCHEMA.names), tuple(_SCHEMA.names)), path, {})
        assert repr(connection.execute(f"from '{path}'").fetchall()) == repr(expected)
