"""What makes tables, columns and keys of two snapshots different things, and what is said of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.comparison.made_snapshots import Made, make_snapshot
from warehouse.build.project import Project
from warehouse.comparison.difference import TableDifference, compare, comparison
from warehouse.comparison.keys import RELEASE_IN_KEY
from warehouse.comparison.lines import lines
from warehouse.comparison.rows import RowCounts
from warehouse.snapshots.manifest import AbsentPart
from warehouse.snapshots.star import star_tables


def tables_of(
    tmp_path: Path, before: dict[str, Made], after: dict[str, Made], **options: Any
) -> dict[str, TableDifference]:
    a, b = make_snapshot(tmp_path / "a", before, **options), make_snapshot(tmp_path / "b", after)
    return {table.name: table for table in compare(a, b).tables}


def test_tables_columns_and_types_that_differ_are_named_and_change_no_row(tmp_path: Path) -> None:
    before = {
        "gone": Made({"k": "BIGINT"}, ("k",), [(1,)]),
        "things": Made({"k": "INTEGER", "old": "VARCHAR", "n": "INTEGER", "m": "BIGINT"}, ("k",), [(1, "x", 7, 1)]),
    }
    after = {
        "new": Made({"k": "BIGINT"}, ("k",), [(1,), (2,)]),
        "things": Made({"k": "BIGINT", "fresh": "VARCHAR", "n": "BIGINT", "m": "VARCHAR"}, ("k",), [(1, "y", 7, "1")]),
    }
    a, b = make_snapshot(tmp_path / "a", before), make_snapshot(tmp_path / "b", after)
    with comparison(a, b) as (found, workspace):
        listed = lines(found, workspace).read_all().to_pylist()
    (things,) = found.tables
    assert [table.name for table in found.tables_added] == ["new"]
    assert [table.name for table in found.tables_removed] == ["gone"]
    assert things.pair.added_columns == ("fresh",)
    assert things.pair.removed_columns == ("old",)
    assert [(change.column, change.before, change.after) for change in things.pair.type_changes] == [
        ("k", "INTEGER", "BIGINT"),
        ("n", "INTEGER", "BIGINT"),
        ("m", "BIGINT", "VARCHAR"),
    ]
    assert things.rows == RowCounts(before=1, after=1, added=0, removed=0, changed=0, absence_only=0, unchanged=1)
    assert found.differs
    assert [(line["kind"], line["table"], line["column"]) for line in listed] == [
        ("table removed", "gone", None),
        ("table added", "new", None),
        ("column added", "things", "fresh"),
        ("column removed", "things", "old"),
        ("type changed", "things", "k"),
        ("type changed", "things", "n"),
        ("type changed", "things", "m"),
    ]


def test_a_column_of_another_type_is_compared_by_its_text(tmp_path: Path) -> None:
    before = {"things": Made({"k": "BIGINT", "v": "VARCHAR"}, ("k",), [(1, "1"), (2, "two"), (3, None)])}
    after = {"things": Made({"k": "BIGINT", "v": "BIGINT"}, ("k",), [(1, 1), (2, 2), (3, None)])}
    things = tables_of(tmp_path, before, after)["things"]
    assert things.rows is not None
    assert things.rows.changed == 1
    assert [(change.before, change.after) for change in things.columns[0].most_frequent] == [("two", "2")]


@pytest.mark.parametrize(
    ("columns", "key", "words"),
    [
        ({"k": "BIGINT", "n": "BIGINT"}, ("k", "n"), r"was \(k\) and is \(k, n\)"),
        ({"k": "VARCHAR", "n": "BIGINT"}, ("k",), "key column k of things was BIGINT and is VARCHAR"),
    ],
)
def test_a_table_with_another_key_is_not_compared_by_row_and_says_so(
    tmp_path: Path, columns: dict[str, str], key: tuple[str, ...], words: str
) -> None:
    before = {"things": Made({"k": "BIGINT", "n": "BIGINT"}, ("k",), [(1, 1), (2, 2)])}
    things = tables_of(tmp_path, before, {"things": Made(columns, key, [(1, 1)])})["things"]
    assert things.rows is None
    assert (things.rows_before, things.rows_after) == (2, 1)
    assert things.differs
    assert re.search(words, things.not_comparable or "")


def test_keys_that_are_made_in_another_way_are_found_and_so_are_the_tables_that_hold_them(tmp_path: Path) -> None:
    def made(factor: int, uids: str) -> dict[str, Made]:
        return {
            "series": Made(
                {"series_key": "BIGINT", "uid": "VARCHAR"}, ("series_key",), [(ord(uid) * factor, uid) for uid in uids]
            ),
            "links": Made(
                {"series_key": "BIGINT", "collection": "VARCHAR"},
                ("series_key", "collection"),
                [(ord(uid) * factor, "c") for uid in uids],
                {"series_key": "series.series_key"},
            ),
            "others": Made({"k": "BIGINT"}, ("k",), [(factor,)]),
        }

    found = tables_of(tmp_path, made(1, "abc"), made(1000, "bcd"))
    assert found["series"].rows is None
    assert "2 of the 3 keys of series" in str(found["series"].not_comparable)
    assert found["links"].rows is None
    assert "holds keys of series" in str(found["links"].not_comparable)
    assert found["others"].not_comparable is None


def test_rows_that_came_and_went_are_not_taken_for_new_keys(tmp_path: Path) -> None:
    columns = {"series_key": "BIGINT", "uid": "VARCHAR"}
    before = {"series": Made(columns, ("series_key",), [(1, "a"), (2, "b")])}
    after = {"series": Made(columns, ("series_key",), [(3, "c"), (4, "d")])}
    series = tables_of(tmp_path, before, after)["series"]
    assert series.rows is not None
    assert (series.rows.added, series.rows.removed, series.rekeyed) == (2, 2, 0)


def test_a_key_that_holds_the_release_is_compared_within_a_release_only(tmp_path: Path) -> None:
    columns = {"series_version_key": "BIGINT", "uid": "VARCHAR"}
    before = {"fct_series_version": Made(columns, ("series_version_key",), [(1, "a")])}
    after = {"fct_series_version": Made(columns, ("series_version_key",), [(1, "b")])}
    one = tables_of(tmp_path / "one", before, after)["fct_series_version"]
    other = tables_of(tmp_path / "other", before, after, idc_version="24.2.2")["fct_series_version"]
    assert one.rows is not None
    assert one.rows.changed == 1
    assert other.rows is None
    assert "holds the release" in str(other.not_comparable)


def test_tables_whose_key_holds_the_release_are_tables_of_the_star(project: Project) -> None:
    assert RELEASE_IN_KEY.keys() <= {table.name for table in star_tables(project.manifest)}


def test_rows_that_only_gained_a_column_that_was_absent_are_counted_apart(tmp_path: Path) -> None:
    columns = {"k": "BIGINT", "source_id": "VARCHAR", "v": "VARCHAR", "w": "VARCHAR"}
    before = [(1, "idc", None, "x"), (2, "idc", None, "x"), (3, "midrc", None, "x"), (4, "idc", None, "x")]
    after = [(1, "idc", "v", "x"), (2, "idc", "v", "y"), (3, "midrc", "v", "x"), (4, "idc", None, "x")]
    lacking = AbsentPart(table="things", column="v", is_empty=False, source="idc", dataset="index", reason="no such")
    a = make_snapshot(tmp_path / "a", {"things": Made(columns, ("k",), before)}, absent=[lacking])
    b = make_snapshot(tmp_path / "b", {"things": Made(columns, ("k",), after)})
    with comparison(a, b) as (found, workspace):
        listed = lines(found, workspace).read_all().to_pylist()
    (things,) = found.tables
    assert things.rows == RowCounts(before=4, after=4, added=0, removed=0, changed=2, absence_only=1, unchanged=1)
    assert [(column.column, column.changed, column.absent_for) for column in things.columns] == [
        ("v", 3, ("idc",)),
        ("w", 1, ()),
    ]
    assert found.absent_before == (lacking,)
    assert [(line["kind"], line["key"], line["column"]) for line in listed] == [
        ("absence", '{"k":"1"}', "v"),
        ("absence", '{"k":"2"}', "v"),
        ("changed", '{"k":"3"}', "v"),
        ("changed", '{"k":"2"}', "w"),
    ]
