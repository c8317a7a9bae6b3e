"""The digest of an answer: the same for the same rows, another one for any other value, name, type or row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from warehouse.answers.digest import BLOCK_ROWS, digests_of
from warehouse.logical_digest import logical_digest

ROW = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "text": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
        "share": st.none() | st.floats(),
        "flag": st.none() | st.booleans(),
        "list": st.none() | st.lists(st.none() | st.text("ab", max_size=2), max_size=3),
        "record": st.none()
        | st.fixed_dictionaries({"a": st.none() | st.integers(0, 3), "b": st.text("xy", max_size=1)}),
        "map": st.none() | st.lists(st.tuples(st.text("k", max_size=2), st.none() | st.integers(0, 2)), max_size=2),
    }
)
SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("text", pa.string()),
        ("share", pa.float64()),
        ("flag", pa.bool_()),
        ("list", pa.list_(pa.string())),
        ("record", pa.struct([("a", pa.int64()), ("b", pa.string())])),
        ("map", pa.map_(pa.string(), pa.int64())),
    ]
)


def table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, SCHEMA)


def digest(found: pa.Table, batch: int = 1000) -> str:
    return logical_digest(found.to_reader(max_chunksize=batch))


@settings(deadline=None)
@given(st.lists(ROW, max_size=12), st.integers(1, 5))
def test_how_rows_are_cut_into_batches_does_not_matter(rows: list[dict[str, Any]], batch: int) -> None:
    assert digest(table(rows)) == digest(table(rows), batch)


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=6), st.data())
def test_any_other_value_is_another_digest(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    place, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.sampled_from(SCHEMA.names))
    other = [dict(row) for row in rows]
    other[place][column] = data.draw(ROW)[column]
    before, after = rows[place][column], other[place][column]
    # Zero has one sign and NaN one form here.
    assume(before != after and repr(before) != repr(after))
    assert digest(table(rows)) != digest(table(other))


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5))
def test_one_row_more_is_another_digest(rows: list[dict[str, Any]]) -> None:
    assert digest(table(rows)) != digest(table([*rows, rows[-1]]))


def test_names_and_types_count() -> None:
    one = pa.table({"a": pa.array([1, 2], pa.int64())})
    assert digest(one) != digest(one.rename_columns(["b"]))
    assert digest(one) != digest(one.cast(pa.schema([("a", pa.int32())])))


def test_equal_numbers_have_one_form() -> None:
    assert digest(pa.table({"a": [0.0]})) == digest(pa.table({"a": [-0.0]}))
    assert digest(pa.table({"a": [float("nan")]})) == digest(pa.table({"a": [-float("nan")]}))


def test_each_thousand_rows_has_a_digest() -> None:
    numbers = pa.table({"a": pa.array(range(2 * BLOCK_ROWS + 7))})
    found = digests_of(numbers.to_reader(max_chunksize=333))
    assert (found.rows, len(found.block_sha256)) == (2 * BLOCK_ROWS + 7, 3)
    assert found.sha256 == digest(numbers)
    assert found.block_sha256[2] == digest(numbers.slice(2 * BLOCK_ROWS))


def test_no_rows_have_a_digest_of_their_columns() -> None:
    none = digests_of(table([]).to_reader())
    assert (none.rows, none.block_sha256) == (0, ())
    assert none.sha256 != digest(table([]).select(["number"]))
