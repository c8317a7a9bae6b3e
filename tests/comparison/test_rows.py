"""Rows and columns of a table are counted as a plain program over both lists of rows would count them."""

from __future__ import annotations

import itertools
import json
import math
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.comparison.made_snapshots import Made, Row, make_snapshot
from warehouse.comparison.difference import SnapshotDifference, TableDifference, compare, comparison
from warehouse.comparison.lines import lines
from warehouse.comparison.rows import RowCounts
from warehouse.comparison.schema import paired
from warehouse.errors import IntegrityError
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import digest_of_files
from warehouse.sql_text import read_parquet

# Ten columns: more than are compared in one pass. Values that a hash or a text could take for each other are likely.
COLUMNS: Mapping[str, str] = {
    "part": "VARCHAR",
    "number": "BIGINT",
    "text": "VARCHAR",
    "words": "VARCHAR[]",
    "share": "DOUBLE",
    "shares": "DOUBLE[]",
    "day": "DATE",
    "flag": "BOOLEAN",
    "amount": "DECIMAL(12,3)",
    "count 1": "INTEGER",
    'quoted "x"': "VARCHAR",
    "last": "VARCHAR",
}
KEY = ("part", "number")

_texts = st.sampled_from([None, "", "a", "null", "[]", "a, b", "'", "\x1f", "ä", "1"])
_numbers = st.sampled_from([None, 0.0, 1.0, 0.1, 1e300, math.nan, math.inf])
_values = st.tuples(
    _texts,
    st.one_of(st.none(), st.lists(_texts, max_size=2)),
    _numbers,
    st.one_of(st.none(), st.lists(st.sampled_from([None, 1.0, 0.5]), max_size=2)),
    st.sampled_from([None, "2026-01-01", "1999-12-31"]),
    st.sampled_from([None, True, False]),
    st.sampled_from([None, "0.001", "1.000"]),
    st.sampled_from([None, 0, -1, 2**31 - 1]),
    _texts,
    _texts,
)
_tables = st.dictionaries(st.tuples(st.sampled_from(["x", "y"]), st.integers(0, 2**60)), _values, max_size=8)


@st.composite
def _two_tables(draw: st.DrawFn) -> tuple[dict[Row, Row], dict[Row, Row]]:
    """Two tables that have most of their keys, and many of their rows, in common."""
    before = draw(_tables)
    after = dict(draw(_tables))
    for key, row in before.items():
        match draw(st.sampled_from(["same", "same", "one column", "other row", "gone"])):
            case "same":
                after[key] = row
            case "one column":
                place = draw(st.integers(0, len(row) - 1))
                after[key] = (*row[:place], draw(_values)[place], *row[place + 1 :])
            case "other row":
                after[key] = draw(_values)
    # A part that is the same in both.
    still = draw(st.sampled_from([None, "x", "y"]))
    after = {key: row for key, row in after.items() if key[0] != still}
    return before, after | {key: row for key, row in before.items() if key[0] == still}


# Whether the table has parts in the earlier and in the later snapshot.
_in_parts = st.sampled_from([(False, False), (True, True), (True, True), (False, True)])


@contextmanager
def snapshots(
    before: Mapping[Row, Row], after: Mapping[Row, Row], in_parts: tuple[bool, bool] = (False, False)
) -> Iterator[tuple[Snapshot, Snapshot]]:
    folder = Path(tempfile.mkdtemp())
    try:
        one, other = (
            make_snapshot(
                folder / name, {"things": Made(COLUMNS, KEY, [(*key, *row) for key, row in rows.items()], {}, parted)}
            )
            for name, rows, parted in (("a", before, in_parts[0]), ("b", after, in_parts[1]))
        )
        yield one, other
    finally:
        shutil.rmtree(folder)


def one_table(found: SnapshotDifference) -> TableDifference:
    (table,) = found.tables
    return table


def same(one: Any, other: Any) -> bool:
    """Equal as SQL's `is not distinct from` has it: a null is a null, and NaN is NaN."""
    return one == other or (isinstance(one, float) and isinstance(other, float) and one != one and other != other)


@settings(max_examples=25, deadline=None)
@given(_two_tables(), _in_parts)
def test_rows_and_columns_are_counted_as_a_plain_program_counts_them(
    tables: tuple[dict[Row, Row], dict[Row, Row]], in_parts: tuple[bool, bool]
) -> None:
    before, after = tables
    common = before.keys() & after.keys()
    changed = {
        column: [key for key in common if not same(before[key][place], after[key][place])]
        for place, column in enumerate(list(COLUMNS)[len(KEY) :])
    }
    with snapshots(before, after, in_parts) as (a, b):
        found = one_table(compare(a, b, threads=1, memory_limit="500MB"))
    assert found.rows is not None
    assert found.rows.before == len(before)
    assert found.rows.after == len(after)
    assert found.rows.added == len(after.keys() - before.keys())
    assert found.rows.removed == len(before.keys() - after.keys())
    assert found.rows.changed == len(set().union(*changed.values()))
    assert found.rows.unchanged == len(common) - found.rows.changed
    assert found.rows.absence_only == 0
    assert {column.column: column.changed for column in found.columns} == {
        column: len(keys) for column, keys in changed.items() if keys
    }
    for column in found.columns:
        place = list(COLUMNS).index(column.column) - len(KEY)
        keys = changed[column.column]
        assert column.from_null == sum(before[key][place] is None for key in keys)
        assert column.to_null == sum(after[key][place] is None for key in keys)
        pairs = Counter((repr(before[key][place]), repr(after[key][place])) for key in keys)
        assert column.pairs == len(pairs)
        assert [change.rows for change in column.most_frequent] == sorted(pairs.values(), reverse=True)[:10]
        if COLUMNS[column.column] == "VARCHAR":
            texts = Counter((before[key][place], after[key][place]) for key in keys)
            assert {(change.before, change.after): change.rows for change in column.most_frequent} == texts


def test_a_part_that_is_one_file_in_both_is_not_read() -> None:
    (one, other), values = (("x", 1), ("y", 1)), (None,) * 10
    with snapshots({one: values, other: values}, {one: values, other: values}, (True, True)) as (a, b):
        # The part x of the later one is one that the manifests call the same, and is not.
        path = b.tables_folder / "things" / "x.parquet"
        query = f"select * replace ('changed' as text) from '{path}' union all from '{path}'"
        duckdb.sql(f"copy ({query}) to '{path.with_name('new')}' (format parquet)")
        path.with_name("new").replace(path)
        (pair,) = paired(a.manifest.tables, b.manifest.tables).common
        assert pair.shared == {file.sha256 for file in a.manifest.tables[0].files}
        (changed,) = (file for file in b.manifest.tables[0].parts if file.path.endswith("y.parquet"))
        table = b.manifest.tables[0]
        parts = tuple(file.model_copy(update={"sha256": "1" * 64}) if file == changed else file for file in table.parts)
        later = table.model_copy(update={"parts": parts, "parquet_sha256": digest_of_files(parts)})
        b = Snapshot(b.folder, b.manifest.model_copy(update={"tables": (later,)}))
        found = one_table(compare(a, b, threads=1, memory_limit="500MB"))
    assert found.rows == RowCounts(2, 2, added=0, removed=0, changed=0, absence_only=0, unchanged=2)
    assert not found.is_identical


@settings(max_examples=15, deadline=None)
@given(_two_tables(), _in_parts)
def test_the_lines_applied_to_the_earlier_table_give_the_later_one(
    tables: tuple[dict[Row, Row], dict[Row, Row]], in_parts: tuple[bool, bool]
) -> None:
    with snapshots(*tables, in_parts) as (a, b):
        with comparison(a, b, threads=1, memory_limit="500MB") as (found, workspace):
            listed = lines(found, workspace).read_all().to_pylist()
        earlier, later = (_as_texts(snapshot) for snapshot in (a, b))
    for line in listed:
        key = tuple(json.loads(line["key"]).values())
        match line["kind"]:
            case "removed":
                assert earlier.pop(key) == json.loads(line["before"])
            case "added":
                assert key not in earlier
                earlier[key] = json.loads(line["after"])
            case "changed":
                assert earlier[key][line["column"]] == line["before"] != line["after"]
                earlier[key][line["column"]] = line["after"]
            case kind:
                pytest.fail(kind)
    assert earlier == later


def _as_texts(snapshot: Snapshot) -> dict[Row, dict[str, str | None]]:
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"select columns(*)::varchar from {read_parquet(snapshot.files_of(snapshot.manifest.tables[0]))}"
        ).fetchall()
    return {row[: len(KEY)]: dict(zip(COLUMNS, row, strict=True)) for row in rows}


def test_a_null_and_an_empty_list_are_not_the_same(tmp_path: Path) -> None:
    # DuckDB's hash of both is the same.
    values = [None, [], [None], [""], ["", ""], ["a, b"], ["a", "b"]]
    changes = list(itertools.permutations(values, 2))
    a, b = (
        make_snapshot(
            tmp_path / side,
            {
                "things": Made(
                    {"k": "BIGINT", "v": "VARCHAR[]"}, ("k",), [(k, pair[place]) for k, pair in enumerate(changes)]
                )
            },
        )
        for place, side in enumerate("ab")
    )
    rows = one_table(compare(a, b)).rows
    assert rows is not None
    assert (rows.changed, rows.unchanged) == (len(changes), 0)


def test_a_table_of_the_same_digest_is_not_read(tmp_path: Path) -> None:
    a, b = (
        make_snapshot(tmp_path / side, {"things": Made({"k": "BIGINT"}, ("k",), [(1,), (2,)])}) for side in ("a", "b")
    )
    found = compare(a, b)
    rows = one_table(found).rows
    assert rows is not None
    assert not found.differs
    assert one_table(found).is_identical
    assert (rows.before, rows.unchanged, rows.after) == (2, 2, 2)


def _spoil_rows(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table t as from '{path}' limit 2")
        connection.execute(f"copy t to '{path}' (format parquet)")


def _spoil_key(path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"create table t as select 1::bigint as k, v from '{path}'")
        connection.execute(f"copy t to '{path}' (format parquet)")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_spoil_rows, "has 2 rows, and its manifest says 3"),
        (_spoil_key, "do not add up"),
        (lambda path: path.write_bytes(b"PAR1 and nothing else"), "cannot be read"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
)
def test_a_file_that_is_not_the_published_one_stops_the_comparison(tmp_path: Path, spoil: Any, words: str) -> None:
    columns = {"k": "BIGINT", "v": "VARCHAR"}
    a = make_snapshot(tmp_path / "a", {"things": Made(columns, ("k",), [(1, "x"), (2, "y"), (3, "z")])})
    b = make_snapshot(tmp_path / "b", {"things": Made(columns, ("k",), [(1, "x"), (2, "y"), (4, "z")])})
    spoil(b.tables_folder / "things.parquet")
    with pytest.raises(IntegrityError, match=words) as raised:
        compare(a, b)
    assert "icw verify" in str(raised.value)
