"""The figures of a relation are those that plain Python counts, whatever the order of rows and the threads."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.profiles import measure
from warehouse.profiles.figures import OTHER, Figure
from warehouse.profiles.measure import QUANTILES, Relation, measure_relations

Row = dict[str, Any]
Entry = tuple[str | None, str, str | None, str | None, str | None]

TYPES = {
    "id": pa.string(),
    "Modality": pa.string(),
    "collection_id": pa.string(),
    "license": pa.list_(pa.string()),
    "size_bytes": pa.int64(),
    "size_MB": pa.float64(),
    "StudyDate": pa.string(),
    "ages": pa.list_(pa.float64()),
    "is_new": pa.bool_(),
}

TEXTS = st.sampled_from(["CT", "MR", " ", "", "ü", None, "1.2.840.1", "2020-01-31", "x" * 201])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["a", "b", "c", "", None]),
            "Modality": st.sampled_from(["CT", "MR", "", None]),
            "collection_id": TEXTS,
            "license": st.none() | st.lists(TEXTS, max_size=3),
            "size_bytes": st.none() | st.integers(-(10**12), 10**12),
            "size_MB": st.none() | st.sampled_from([0.0, -0.0, 0.1, 0.2, 1e300, math.inf, math.nan, 12.345678]),
            "StudyDate": st.sampled_from(["2020-01-31", "20200131", "2019-12-31", "1969-12-31", "", None]),
            "ages": st.none() | st.lists(st.none() | st.sampled_from([1.0, 2.5]), max_size=3),
            "is_new": st.sampled_from([True, False, None]),
        }
    ),
    max_size=25,
)


def figures_of(rows: Sequence[Row], threads: int = 1) -> dict[Entry, float]:
    """What is measured of rows, by what it is."""
    table = pa.Table.from_pylist(list(rows), pa.schema(list(TYPES.items())))
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        connection.register("arrived", table)
        connection.execute("create table measured as from arrived")
        return by_entry(measure_relations(connection, [Relation("measured", "landed", "idc", "series", ("id",))]))


def by_entry(figures: Sequence[Figure]) -> dict[Entry, float]:
    """Figures by what they are of; each is there once."""
    found = {(one.column_name, one.metric, one.scope_column, one.scope_value, one.value): one.number for one in figures}
    assert len(found) == len(figures)
    return found


def stated(text: str | None) -> bool:
    return text is not None and text.strip(" ") != ""


FILLED: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("id", "Modality", "collection_id", "StudyDate"), stated),
    "license": lambda values: any(map(stated, values or ())),
    "ages": lambda values: any(value is not None for value in values or ()),
    **dict.fromkeys(("size_bytes", "is_new"), lambda value: value is not None),
    "size_MB": lambda value: value is not None and not math.isnan(value),
}


@settings(max_examples=10, deadline=None)
@given(ROWS)
def test_rows_and_nulls_are_those_that_are_there(rows: list[Row]) -> None:
    found = figures_of(rows)
    assert found[None, "rows", None, None, None] == len(rows)
    for name, filled in FILLED.items():
        nulls = sum(not filled(row[name]) for row in rows)
        assert found.get((name, "null", None, None, None), 0) == nulls
        for modality in {row["Modality"] if stated(row["Modality"]) else None for row in rows}:
            of_it = [row for row in rows if (row["Modality"] or None) == modality]
            assert found[name, "null", "Modality", modality, None] == sum(not filled(row[name]) for row in of_it)


@settings(max_examples=10, deadline=None)
@given(ROWS)
def test_values_and_distinct_values_are_counted(rows: list[Row]) -> None:
    found = figures_of(rows)
    for name in ("Modality", "collection_id", "license", "StudyDate", "is_new", "size_bytes"):
        elements = [element for row in rows for element in set(elements_of(row[name]))]
        counts = Counter(element for element in elements if not isinstance(element, str) or stated(element))
        assert found.get((name, "distinct", None, None, None), 0) == len(counts)
        told = {text(value): number for value, number in counts.items() if len(text(value)) <= 200}
        if len(counts) == counts.total():
            told = {}
        assert values_of(found, name) == told
        assert found.get((name, "value", None, None, OTHER), 0) == counts.total() - sum(told.values())
    for name in ("size_MB", "ages"):
        different = {
            element for row in rows for element in elements_of(row[name]) if element is not None and element == element
        }
        assert found.get((name, "distinct", None, None, None), 0) == len(different)
        assert not values_of(found, name)


@settings(max_examples=10, deadline=None)
@given(ROWS)
def test_numbers_have_sums_and_quantiles(rows: list[Row]) -> None:
    found = figures_of(rows)
    whole = [row["size_bytes"] for row in rows if row["size_bytes"] is not None]
    finite = [row["size_MB"] for row in rows if row["size_MB"] is not None and math.isfinite(row["size_MB"])]
    assert found.get(("size_bytes", "sum", None, None, None), 0) == sum(whole)
    # What is beyond 10^24 is not added.
    small = sum((Fraction(str(value)) for value in finite if abs(value) < 1e24), Fraction())
    assert found.get(("size_MB", "sum", None, None, None), 0) == pytest.approx(float(small), abs=1e-6)
    assert found.get(("ages", "sum", None, None, None), 0) == sum(len(row["ages"] or ()) for row in rows)
    days = [day(row["StudyDate"]) for row in rows if row["StudyDate"]]
    for name, values in (("size_bytes", whole), ("size_MB", finite), ("StudyDate", days)):
        for quantile in QUANTILES:
            number = found.get((name, "quantile", None, None, str(quantile)))
            assert number == (lowest_with(quantile, values) if values else None)


@settings(max_examples=10, deadline=None)
@given(ROWS)
def test_groups_have_rows_and_sizes(rows: list[Row]) -> None:
    found = figures_of(rows)
    for name in ("Modality", "collection_id", "license"):
        groups: dict[str | None, list[Row]] = {}
        for row in rows:
            for value in {each for each in elements_of(row[name]) if stated(each)} or {None}:
                groups.setdefault(value, []).append(row)
        for value, members in groups.items():
            assert found[None, "group rows", name, value, None] == len(members)
            size = sum(row["size_bytes"] or 0 for row in members)
            assert found["size_bytes", "group sum", name, value, None] == size
        assert sum(entry[1:3] == ("group rows", name) for entry in found) == len(groups)


@settings(max_examples=10, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_neither_order_nor_threads_nor_the_way_of_counting_matters(rows: list[Row], chance: random.Random) -> None:
    expected = figures_of(rows)
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert figures_of(shuffled, threads=2) == expected
    with pytest.MonkeyPatch.context() as patched:
        # As with many rows: each column by itself.
        patched.setattr(measure, "_ROWS_AT_ONCE", 0)
        assert figures_of(shuffled) == expected


@pytest.mark.parametrize("at_once", [0, 10**9])
def test_sums_of_fractions_are_the_same_with_any_threads(at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_ROWS_AT_ONCE", at_once)
    chance = random.Random(12)
    with duckdb.connect() as connection:
        numbers = [chance.uniform(0, 1e6) for _ in range(300_000)]
        connection.register(
            "arrived", pa.table({"size_MB": numbers, "modality": [f"M{i % 7}" for i in range(300_000)]})
        )
        connection.execute("create table measured as from arrived")
        connection.execute("create table turned as from measured order by size_MB desc")
        found = []
        for relation, threads in (("measured", 1), ("measured", 2), ("turned", 2)):
            connection.execute(f"set threads = {threads}")
            found.append(
                sorted(map(repr, measure_relations(connection, [Relation(relation, "star", None, "t", ("size_MB",))])))
            )
    assert found[0] == found[1] == found[2]


def test_of_many_values_the_frequent_ones_are_told() -> None:
    texts = ["often"] * 500 + ["seldom"] * 2 + [f"once {number}" for number in range(400)]
    rows = [{**dict.fromkeys(TYPES), "collection_id": text} for text in texts]
    found = figures_of(rows)
    assert values_of(found, "collection_id") == {"often": 500, "seldom": 2}
    assert found["collection_id", "value", None, None, OTHER] == 400
    assert found["collection_id", "distinct", None, None, None] == 402


def test_of_many_groups_the_largest_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "GROUPS_KEPT", 2)
    names = ["a"] * 3 + ["b"] * 2 + ["c", "d", None]
    rows = [{**dict.fromkeys(TYPES), "collection_id": name, "size_bytes": 10} for name in names]
    found = figures_of(rows)
    counted = {entry[3]: number for entry, number in found.items() if entry[1:3] == ("group rows", "collection_id")}
    assert counted == {"a": 3, "b": 2, OTHER: 2, None: 1}
    assert found["size_bytes", "group sum", "collection_id", OTHER, None] == 20


def test_distinct_keys_are_those_of_rows_that_have_one() -> None:
    rows = [{**dict.fromkeys(TYPES), "id": key} for key in ("a", "a", "b", None)]
    assert figures_of(rows)[None, "distinct keys", None, None, None] == 2


def test_a_relation_without_rows_has_only_these() -> None:
    assert figures_of([]) == {(None, "rows", None, None, None): 0}


def test_of_surrogate_keys_only_the_nulls_are_counted() -> None:
    with duckdb.connect() as connection:
        connection.execute("create table bridge as select 1::bigint as study_key, null::bigint as patient_key")
        found = by_entry(
            measure_relations(connection, [Relation("bridge", "star", None, "bridge", ("study_key", "patient_key"))])
        )
    assert found == {
        (None, "rows", None, None, None): 1,
        (None, "distinct keys", None, None, None): 0,
        ("study_key", "null", None, None, None): 0,
        ("patient_key", "null", None, None, None): 1,
    }


def values_of(found: dict[Entry, float], column: str) -> dict[str | None, float]:
    return {entry[4]: number for entry, number in found.items() if entry[:2] == (column, "value") and entry[4] != OTHER}


def elements_of(value: Any) -> list[Any]:
    if value is None:
        return []
    return [each for each in value if each is not None] if isinstance(value, list) else [value]


def text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def day(text_of_day: str) -> int:
    digits = text_of_day.replace("-", "")
    return (date(int(digits[:4]), int(digits[4:6]), int(digits[6:])) - date(1970, 1, 1)).days


def lowest_with(quantile: float, values: Sequence[float]) -> float:
    """The smallest value that is not below so large a share of the values."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * Fraction(str(quantile))) - 1, 0)]
