"""Whatever type a column arrives in, a value is read as it is meant, or is null and counted: never something else."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.contracts import Column, ColumnType
from warehouse.reading import FoundColumn, found_columns, reading_of

Read = Callable[..., list[tuple[Any, bool]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Return a function that lands values and reads them as a contract says: the value and whether a part is lost."""

    def reader(expected: ColumnType, values: list[Any], sql_type: str, **column: Any) -> list[tuple[Any, bool]]:
        path = tmp_path / "landed.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"create table t (n integer, a {sql_type})")
            connection.executemany("insert into t values (?, ?)", list(enumerate(values)))
            connection.execute(f"copy t to '{path}' (format parquet)")
            found = {entry.name: entry for entry in found_columns(connection, path)}
            reading = reading_of(Column(name="a", type=expected, description="A value.", **column), found["a"])
            query = f"select {reading.value}, {reading.unread or 'false'} from read_parquet('{path}') order by n"
            return connection.execute(query).fetchall()

    return reader


@pytest.mark.parametrize(
    ("expected", "sql_type", "value", "meaning"),
    [
        ("string", "bigint", 60601, "60601"),
        ("string", "double", 60601.0, "60601"),
        ("string", "double", 0.5, "0.5"),
        ("string", "boolean", True, "true"),
        ("string", "date", "2020-02-29", "2020-02-29"),
        ("string", "varchar[]", ["a"], "a"),
        ("integer", "varchar", "12", 12),
        ("integer", "varchar", " 12.0 ", 12),
        ("integer", "varchar", "-9007199254740993", -9007199254740993),
        ("integer", "double", 3.0, 3),
        ("integer", "hugeint", 7, 7),
        ("integer", "bigint[]", [5], 5),
        ("integer", "double[]", [None, 5.0], 5),
        ("float", "bigint", 3, 3.0),
        ("float", "varchar", "1e-3", 0.001),
        ("float", "decimal(9, 2)", "1.25", 1.25),
        ("boolean", "varchar", "True", True),
        ("boolean", "bigint", 0, False),
        ("boolean", "double", 1.0, True),
        ("string[]", "varchar", "a", ["a"]),
        ("string[]", "double[]", [5.0, 0.5], ["5", "0.5"]),
        ("string[]", "boolean", False, ["false"]),
        ("integer[]", "varchar[]", ["1", "2"], [1, 2]),
        ("integer[]", "double", 2.0, [2]),
        ("float[]", "varchar[]", ["1.25", "5"], [1.25, 5.0]),
        ("float[]", "varchar", "1.25", [1.25]),
        ("float[]", "double[]", [], []),
    ],
)
def test_a_value_that_says_the_same_is_read(
    read: Read, expected: ColumnType, sql_type: str, value: object, meaning: object
) -> None:
    ((found, lost), nothing) = read(expected, [value, None], sql_type)
    assert (found, type(found), lost) == (meaning, type(meaning), False)
    assert nothing == (None, False)


@pytest.mark.parametrize(
    ("expected", "sql_type", "value"),
    [
        ("integer", "varchar", "thick"),
        ("integer", "varchar", "1.5"),
        ("integer", "varchar", "99999999999999999999"),
        ("integer", "varchar", "true"),
        ("integer", "double", 2.5),
        ("integer", "double", math.nan),
        ("integer", "double", math.inf),
        ("integer", "hugeint", 2**70),
        ("integer", "boolean", True),
        ("integer", "bigint[]", [1, 2]),
        ("float", "varchar", "infinity"),
        ("float", "varchar", "nan"),
        ("float", "boolean", True),
        ("float", "date", "2020-02-29"),
        ("boolean", "varchar", "perhaps"),
        ("boolean", "bigint", 2),
        ("string", "varchar[]", ["a", "b"]),
        ("string", "struct(a integer)", {"a": 1}),
        ("string", "struct(a integer)[]", [{"a": 1}]),
        ("string[]", "struct(a integer)[]", [{"a": 1}]),
        ("string[]", "varchar[][]", [["a"]]),
    ],
)
def test_a_value_that_says_something_else_is_null_and_counted(
    read: Read, expected: ColumnType, sql_type: str, value: object
) -> None:
    assert read(expected, [value, None], sql_type) == [(None, True), (None, False)]


def test_of_a_list_only_what_does_not_fit_is_lost(read: Read) -> None:
    found = read("float[]", [["1.25", "thick", None, ""], ["2"]], "varchar[]")
    assert found == [([1.25, None, None, None], True), ([2.0], False)]


FIELDS = (
    Column(name="n", type="integer", description="A value."),
    Column(name="terms", type="string[]", description="A value."),
)


@pytest.mark.parametrize(
    ("sql_type", "value", "json", "lost"),
    [
        ("struct(n bigint, terms varchar[])[]", [{"n": 1, "terms": ["a"]}], '[{"n":1,"terms":["a"]}]', False),
        ("struct(n varchar, terms varchar)[]", [{"n": "1", "terms": "a"}], '[{"n":1,"terms":["a"]}]', False),
        ("struct(n double, terms varchar[])[]", [{"n": 1.5, "terms": []}], '[{"n":null,"terms":[]}]', True),
        ("struct(n bigint, terms varchar[])", {"n": 1, "terms": ["a"]}, '[{"n":1,"terms":["a"]}]', False),
        ("struct(x varchar)[]", [{"x": "y"}], '[{"x":"y"}]', False),
        ("varchar", '{"n": 1}', None, True),
        ("bigint", 5, None, True),
    ],
)
def test_records_are_read_field_by_field(
    read: Read, sql_type: str, value: object, json: str | None, lost: bool
) -> None:
    assert read("record[]", [value], sql_type, fields=FIELDS) == [(json, lost)]


def test_records_below_records_are_read_too(read: Read) -> None:
    inner = Column(name="below", type="record[]", description="A value.", fields=FIELDS)
    value = [{"below": [{"n": "7", "terms": ["a"]}, {"n": "seven", "terms": ["b"]}]}]
    found = read("record[]", [value], "struct(below struct(n varchar, terms varchar[])[])[]", fields=(inner,))
    assert found == [('[{"below":[{"n":7,"terms":["a"]},{"n":null,"terms":["b"]}]}]', True)]


def test_the_exact_spelling_is_read_where_two_columns_differ_by_case_alone(tmp_path: Path) -> None:
    path = tmp_path / "landed.parquet"
    pq.write_table(pa.table({"patientsex": ["F", "F"], "PatientSex": ["M", "F"]}), path)
    with duckdb.connect() as connection:
        found = {entry.name: entry for entry in found_columns(connection, path)}
        column = Column(name="PatientSex", type="string", description="A value.", formerly=("PATIENTSEX",))
        reading = reading_of(column, found[column.found_in(found) or ""])
        assert connection.execute(f"select {reading.value} from '{path}'").fetchall() == [("M",), ("F",)]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["patientsex", "PatientSex"], "PatientSex"),
        (["PatientSex", "patientsex"], "PatientSex"),
        (["patientsex"], "patientsex"),
        (["patientsex", "PATIENTSEX"], None),
        (["sex", "patientsex"], "sex"),
        (["other"], None),
    ],
)
def test_another_letter_case_is_taken_only_where_nothing_else_can_be_meant(names: list[str], found: str | None) -> None:
    assert Column(name="PatientSex", type="string", description="A value.", formerly=("sex",)).found_in(names) == found


@given(number=st.one_of(st.integers(-(2**63), 2**63 - 1), st.floats()), kind=st.sampled_from(["integer", "float"]))
@settings(deadline=None, max_examples=60)
def test_a_number_written_as_text_is_that_number_or_none(number: float, kind: ColumnType) -> None:
    with duckdb.connect() as connection:
        connection.execute("create table t as select $1::varchar as a", [str(number)])
        relation = connection.sql("select * from t")
        reading = reading_of(
            Column(name="a", type=kind, description="A value."), FoundColumn("a", "a", relation.types[0])
        )
        ((found, lost),) = connection.execute(f"select {reading.value}, {reading.unread} from t").fetchall()
    assert lost == (found is None)
    if found is None:
        assert not math.isfinite(number) or not _held_exactly(number)
    else:
        assert found == number


def _held_exactly(number: float) -> bool:
    return float(number).is_integer() and abs(number) <= 2**53
