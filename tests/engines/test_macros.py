"""Every macro that engines have in versions of their own says the same on each, whatever text or list it is given."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.macros import rendered_macros
from warehouse.engine_packages import Engine
from warehouse.sql_text import literal

TEXTS = [
    None,
    "",
    " ",
    "\u00a0",
    "\u3000x\u2003",
    " x ",
    "\tx\t",
    "x\n",
    "5",
    "5\n",
    " 5 ",
    "+5",
    "-05",
    "5.",
    ".5",
    "5.0",
    "5.5",
    "1e3",
    "1_000",
    "5d",
    "0x10",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "1e400",
    "123456789012345678",
    "1234567890123456789",
    "2020",
    "2020-01",
    "2020-1-5",
    "2020-01-05",
    " 2020-01-05",
    "2020-02-30",
    "2020-01-05T10:11:12",
    "2020-01-05 10:11:12.5",
    "2020-01-05T10:11:12Z",
    "2020-01-05T10:11:12+02:00",
    "2020-01-05 10:11:12+00",
    "20-01-05 10:11:12+0000",
    "2020/01/05",
    "20200105",
    "20201305",
    "0000-00-00",
    "9999-12-31",
    "true",
    "TRUE",
    "t",
    "yes",
    "1",
    "0",
    "No",
    "maybe",
    "061Y",
    "003M",
    "999Y",
    "000y",
    "61Y",
    "061Y\n",
    "1.2.840.10008",
    "1.02.3",
    "1.2.",
    "CC BY-NC 4.0",
    "\u00dcber",
    "a\\b",
    "it's",
    '"quoted"',
    "a,b",
    "\x1f",
]
LISTS: list[list[str | None] | None] = [
    None,
    [],
    [None],
    [""],
    [" "],
    ["a"],
    [" a "],
    ["a", "a"],
    ["a", " a"],
    ["b", "a"],
    ["b", None, "a"],
    ["b", "c", "a"],
    [None, "b", "a"],
    ["\u00a0", "b"],
    ["a", "", "a"],
    ["x y", "x  y"],
    ["B", "a", "b"],
]
NUMBERS = [
    None,
    0.0,
    -0.0,
    1.5,
    0.0005,
    1.0005,
    0.285,
    1.005,
    2.5,
    -2.5,
    61.0,
    999999.9994,
    1e6,
    1e20,
    math.nan,
    math.inf,
]
DATES = [None, "1880-01-04", "1970-01-05", "2020-02-29", "2026-11-30"]


def place(macros: Any, data_type: str) -> str:
    """The place of a value in the order of all of them."""
    return f"cast(rank() over (order by {macros.portable_order('x', data_type)}) as bigint)"


def of_texts(macros: Any) -> dict[str, str]:
    """What is asked of each text."""
    return {
        "place": place(macros, "varchar"),
        "trimmed": macros.trimmed("x"),
        "text_or_null": macros.text_or_null("x"),
        "not_blank": macros.not_blank("x"),
        "bare_doi": macros.bare_doi("x"),
        "snake_case_id": macros.snake_case_id("x"),
        "whole": macros.stated_whole_number("x"),
        "number": macros.stated_number("x"),
        "date": macros.stated_date("x"),
        "timestamp": macros.stated_timestamp("x"),
        "boolean": macros.stated_boolean("x"),
        "age": macros.dicom_age_years("x"),
        "uid": macros.is_dicom_uid("x"),
        "first_match": macros.first_match("x", "([0-9]+)"),
        "key": macros.surrogate_key(["x", "'y'"]),
        "date_of_digits": macros.date_of_digits("x"),
    }


def of_lists(macros: Any) -> dict[str, str]:
    """What is asked of each list of texts. The order of different values is told by no macro but the sorted ones."""
    return {
        "place": place(macros, "varchar[]"),
        "length": macros.list_length("x"),
        "first": macros.list_first("x"),
        "only": macros.only_element("x"),
        "sole": macros.sole_value("x"),
        "count": macros.value_count("x"),
        "joined": macros.joined_elements("x", "'; '"),
        "sorted": macros.sorted_list("x"),
        "stated": macros.stated_list("x", "string" if "array_join" in macros.joined_elements("x", "''") else "varchar"),
        "distinct": macros.sorted_elements(macros.distinct_elements("x")),
        "dicom": macros.dicom_values("x"),
    }


def of_numbers(macros: Any) -> dict[str, str]:
    """What is asked of each double."""
    return {
        "place": place(macros, "double"),
        "years": macros.years_of("x"),
        "count": macros.plausible_count("x"),
        "bytes": macros.size_bytes_of("x"),
        "rounded": "case when abs(x) < 1e9 then cast(round(x * 100) / 100 as decimal(18, 2)) end",
    }


def of_dates(macros: Any) -> dict[str, str]:
    """What is asked of each date."""
    return {
        "weekday": f"cast({macros.iso_day_of_week('x')} as bigint)",
        "later": macros.days_after("x", "30"),
        "year": macros.first_day_of_year("x"),
    }


def written(folder: Path, values: list[Any], kind: str) -> Path:
    """The values as a Parquet file with a number for each."""
    path = folder / f"{abs(hash((kind, repr(values))))}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"create table t (id integer, x {kind})")
        connection.executemany("insert into t values (?, ?)", list(enumerate(values)))
        connection.execute(f"copy t to {literal(str(path))} (format parquet)")
    return path


def on_duckdb(path: Path, asked: dict[str, str]) -> list[tuple[Any, ...]]:
    """The answers of DuckDB."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        return connection.execute(
            f"select {', '.join(asked.values())} from read_parquet({literal(str(path))}) order by id"
        ).fetchall()


def on_engine(session: Any, path: Path, asked: dict[str, str], numbers: itertools.count[int]) -> list[tuple[Any, ...]]:
    """The answers of the engine, read back from Parquet that it has written, as a build's are."""
    made = path.with_name(f"answers-{next(numbers)}")
    source = f"given_{next(numbers)}"
    session.sql(f"create table {source} using parquet location '{path}'")
    columns = ", ".join(f"{sql} as answer_{name}" for name, sql in asked.items())
    session.sql(f"select id, {columns} from {source}").write.parquet(str(made))
    with duckdb.connect() as connection:
        answers = ", ".join(f"answer_{name}" for name in asked)
        written_by_engine = literal(str(made / "*.parquet"))
        return connection.execute(f"select {answers} from read_parquet({written_by_engine}) order by id").fetchall()


def same(left: Any, right: Any) -> bool:
    """Whether two answers say the same: not a number is one value, and a moment has no zone."""
    if isinstance(left, float) and isinstance(right, float):
        return left == right or (math.isnan(left) and math.isnan(right))
    if isinstance(left, datetime) and isinstance(right, datetime):
        return left.replace(tzinfo=None) == right.replace(tzinfo=None)
    return left == right


@pytest.fixture(scope="module")
def numbers() -> itertools.count[int]:
    """Names of what is made, none twice."""
    return itertools.count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what is asked of goes."""
    return tmp_path_factory.mktemp("asked")


AGES = [f"{count:03}{unit}" for count in range(1000) for unit in "DWMY"]


def of_ages(macros: Any) -> dict[str, str]:
    """What is asked of each age string."""
    return {"age": macros.dicom_age_years("x")}


CASES = [
    ("varchar", TEXTS, of_texts),
    ("varchar", AGES, of_ages),
    ("varchar[]", LISTS, of_lists),
    ("double", NUMBERS, of_numbers),
    ("date", DATES, of_dates),
]


@pytest.mark.parametrize(("kind", "values", "asking"), CASES, ids=[asking.__name__ for *_, asking in CASES])
def test_odd_values(
    engine: Engine,
    session: Any,
    folder: Path,
    numbers: itertools.count[int],
    kind: str,
    values: list[Any],
    asking: Callable[[Any], dict[str, str]],
) -> None:
    path = written(folder, values, kind)
    ours = asking(rendered_macros("duckdb"))
    expected = on_duckdb(path, ours)
    found = on_engine(session, path, asking(rendered_macros(engine)), numbers)
    differing = {
        (name, repr(value)): (left, right)
        for value, lefts, rights in zip(values, expected, found, strict=True)
        for name, left, right in zip(ours, lefts, rights, strict=True)
        if not same(left, right)
    }
    assert differing == {}


ODD = st.text(st.sampled_from(" \t\n!~aZ09.-+e:T\u00a0\u3000\u00e9\u0301\u200d\\'\""), max_size=6)


@given(values=st.lists(st.none() | ODD, min_size=50, max_size=50))
@settings(deadline=None, max_examples=5, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_texts(
    engine: Engine, session: Any, folder: Path, numbers: itertools.count[int], values: list[Any]
) -> None:
    path = written(folder, values, "varchar")
    ours = of_texts(rendered_macros("duckdb"))
    expected, found = on_duckdb(path, ours), on_engine(session, path, of_texts(rendered_macros(engine)), numbers)
    for value, lefts, rights in zip(values, expected, found, strict=True):
        for name, left, right in zip(ours, lefts, rights, strict=True):
            assert same(left, right), (name, value)
