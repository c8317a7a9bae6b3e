"""What the suite `landed contract` measures, on small files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.contracts import Column, ColumnType, Dataset, load_contract
from warehouse.quality.suite import LandedDataset
from warehouse.quality.suites.landed_contract import measure_columns
from warehouse.reading import found_columns


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def landed(connection: duckdb.DuckDBPyConnection, file: Path, expected: Dataset) -> LandedDataset:
    columns = {column.name: column for column in found_columns(connection, file)}
    return LandedDataset("idc", "t", "1", True, expected, None, file, columns)


_READ_AS_THEY_ARE = {
    "string": ["varchar", "uuid"],
    "integer": ["tinyint", "integer"],
    "float": ["float", "double", "decimal(9, 2)", "integer"],
    "boolean": ["boolean"],
    "record": ["struct(a integer)", "struct(a integer)[]", "map(varchar, integer)"],
    "record[]": ["struct(a integer)[]"],
    "string[]": ["varchar[]"],
    "integer[]": ["bigint[]"],
    "float[]": ["double[]", "integer[]"],
}
_RETYPED = {
    "string": ["bigint", "date", "varchar[]"],
    "integer": ["double", "varchar", "boolean", "ubigint"],
    "float": ["varchar", "double[]"],
    "boolean": ["varchar", "integer"],
    "record": ["varchar", "integer[]"],
    "record[]": ["struct(a integer)", "varchar"],
    "string[]": ["varchar", "bigint[]"],
    "integer[]": ["double[]", "bigint"],
    "float[]": ["double", "varchar[]"],
}


def test_every_type_of_a_contract_is_tried() -> None:
    assert set(_READ_AS_THEY_ARE) == set(_RETYPED) == set(get_args(ColumnType))


@pytest.mark.parametrize("expected", get_args(ColumnType))
@pytest.mark.parametrize("found", [pa.null(), pa.list_(pa.null())], ids=["null", "list of null"])
def test_what_is_null_throughout_may_be_stored_without_a_type(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, expected: ColumnType, found: pa.DataType
) -> None:
    pq.write_table(pa.table({"a": pa.nulls(3, found)}), tmp_path / "a.parquet")
    dataset = Dataset(
        description="Rows.", grain="one row", key=(), columns=(Column(name="a", type=expected, description="A value."),)
    )
    (profile,) = measure_columns(connection, landed(connection, tmp_path / "a.parquet", dataset))
    fits = pa.types.is_null(found) or expected == "record" or expected.endswith("[]")
    assert (profile.finding, profile.unread) == ("as expected" if fits else "retyped", 0)


@pytest.mark.parametrize(
    ("expected", "sql_type", "finding"),
    [(name, sql_type, "as expected") for name, types in _READ_AS_THEY_ARE.items() for sql_type in types]
    + [(name, sql_type, "retyped") for name, types in _RETYPED.items() for sql_type in types],
)
def test_types(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, expected: ColumnType, sql_type: str, finding: str
) -> None:
    connection.execute(f"copy (select cast(null as {sql_type}) as a) to '{tmp_path / 'a.parquet'}'")
    dataset = Dataset(
        description="Rows.", grain="one row", key=(), columns=(Column(name="a", type=expected, description="A value."),)
    )
    (profile,) = measure_columns(connection, landed(connection, tmp_path / "a.parquet", dataset))
    assert profile.finding == finding


@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_columns_are_found_under_every_name_in_any_case_and_the_rest_is_new(data: st.DataObject) -> None:
    dataset = load_contract("idc").datasets["collections_index"]
    present = data.draw(st.lists(st.sampled_from(dataset.columns), unique=True, min_size=1))
    found = []
    for column in present:
        name = data.draw(st.sampled_from([column.name, *column.formerly]))
        found.append(data.draw(st.sampled_from([name, name.lower(), name.upper()])))
    added = data.draw(st.lists(st.from_regex(r"added_[a-z]{1,5}", fullmatch=True), unique=True))
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder, "a.parquet")
        pq.write_table(pa.table({name: ["x"] for name in (*found, *added)}), path)
        profiles = measure_columns(connection, landed(connection, path, dataset))
    by_finding = {
        finding: {profile.column for profile in profiles if profile.finding == finding}
        for finding in ("missing", "new")
    }
    assert by_finding["missing"] == {column.name for column in dataset.columns} - {column.name for column in present}
    assert by_finding["new"] == set(added)
    assert len(profiles) == len(dataset.columns) + len(added)
