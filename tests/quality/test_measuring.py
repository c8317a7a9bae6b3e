"""What DuckDB measures, on small tables."""

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
from warehouse.dbt_manifest import DeclaredTable, Reference
from warehouse.quality import measuring
from warehouse.quality.rules.null_limits import load_null_limits
from warehouse.quality.rules.value_rule import ValueRule


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema star")
        yield opened


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
    dataset = Dataset(grain="one row", key=(), columns=(Column(name="a", type=expected),))
    (profile,), _ = measuring.measure_columns(connection, tmp_path / "a.parquet", "t", dataset)
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
    dataset = Dataset(grain="one row", key=(), columns=(Column(name="a", type=expected),))
    (profile,), _ = measuring.measure_columns(connection, tmp_path / "a.parquet", "t", dataset)
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
        profiles, _ = measuring.measure_columns(connection, path, "collections_index", dataset)
    by_finding = {
        finding: {profile.column for profile in profiles if profile.finding == finding}
        for finding in ("missing", "new")
    }
    assert by_finding["missing"] == {column.name for column in dataset.columns} - {column.name for column in present}
    assert by_finding["new"] == set(added)
    assert len(profiles) == len(dataset.columns) + len(added)


@given(rows=st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])), max_size=12))
@settings(deadline=None, max_examples=50)
def test_keys_are_counted_as_a_plain_loop_counts_them(rows: list[tuple[str | None, int | None]]) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema star; create table star.t (a varchar, b bigint)")
        if rows:
            connection.executemany("insert into star.t values (?, ?)", rows)
        table = DeclaredTable("t", "Rows.", "one row", ("a", "b"), (), {})
        (profile,) = measuring.measure_star_keys(connection, ["t"], [table])
    whole = [row for row in rows if None not in row]
    assert (profile.rows, profile.null_keys) == (len(rows), len(rows) - len(whole))
    assert profile.duplicate_keys == len(whole) - len(set(whole))


@pytest.mark.parametrize(
    ("condition", "orphans", "examples"),
    [(None, 3, "'7' x 2, '8' x 1"), ("kind = 'x'", 1, "'7' x 1"), ("kind = 'none'", 0, "")],
)
def test_orphans_are_rows_whose_reference_finds_nothing(
    connection: duckdb.DuckDBPyConnection, condition: str | None, orphans: int, examples: str
) -> None:
    connection.execute("create table star.parent as select 1 as id")
    connection.execute(
        "create table star.child as select * from"
        " (values (1, 'x'), (7, 'x'), (7, 'y'), (8, 'y'), (null, 'x')) as rows(parent_id, kind)"
    )
    reference = Reference("child", "parent_id", "star.parent", "id", condition, True)
    profile = measuring.measure_reference(connection, reference)
    assert (profile.orphans, profile.examples) == (orphans, examples)


def test_the_most_frequent_values_are_quoted_and_the_rest_is_counted(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table t as select case when i < 9 then null when i < 12 then 'it''s' else 'v' || i end as v"
        " from range(20) as numbers(i)"
    )
    profile = measuring.measure_values(connection, ValueRule("No value", "warning", "t", "v", "true"))
    assert profile.label == "20 rows: (null) x 9, \"it's\" x 3, 'v12' x 1, 'v13' x 1, 'v14' x 1 and 5 more values"


def test_known_null_rates_are_those_of_large_image_modalities_of_idc() -> None:
    limits = load_null_limits()
    assert {limit.source for limit in limits} == {"idc"}
    assert {limit.modality for limit in limits} == {"CT", "MR", "SM", "MG", "CR", "PT", "DX", "US"}
    assert all(0 <= limit.highest_null_percent <= 100 for limit in limits)
    # The highest of all releases: 9 to 12 % of CT series lack a body part, every slide does.
    rates = {(limit.modality, limit.column): limit.highest_null_percent for limit in limits}
    assert rates["SM", "body_part_examined"] == 100
    assert 11.6 < rates["CT", "body_part_examined"] < 11.8
