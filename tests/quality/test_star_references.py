"""What the suite `star references` measures, on small tables."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from warehouse.dbt_manifest import Reference
from warehouse.quality.suites.star_references import measure_references


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("create schema star")
        yield opened


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
    (profile,) = measure_references(connection, [reference])
    assert (profile.orphans, profile.examples) == (orphans, examples)


def test_references_to_one_key_are_told_apart_whatever_their_types(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table star.parent as select 1::bigint as id")
    connection.execute("create table star.numbers as select * from (values (1), (7), (7)) as rows(parent_id)")
    connection.execute("create table star.texts as select * from (values ('01'), ('1'), ('9')) as rows(parent_id)")
    connection.execute("create table star.others as select 1 as parent_id, 8 as other_id")
    references = [
        Reference("numbers", "parent_id", "star.parent", "id", None, True),
        Reference("others", "parent_id", "star.parent", "id", None, True),
        Reference("others", "other_id", "star.parent", "id", None, False),
        Reference("texts", "parent_id", "star.parent", "id", None, True),
    ]
    profiles = measure_references(connection, references)
    assert [profile.label for profile in profiles] == [
        "numbers.parent_id -> star.parent.id: 2 orphans, such as '7' x 2",
        "others.parent_id -> star.parent.id",
        "others.other_id -> star.parent.id: 1 orphans, such as '8' x 1",
        "texts.parent_id -> star.parent.id: 1 orphans, such as '9' x 1",
    ]
    assert [profile.must_hold for profile in profiles] == [True, True, False, True]


def test_only_the_most_frequent_orphans_of_each_reference_are_quoted(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table star.parent as select 1 as id")
    connection.execute("create table star.child as select 100 + i // 2 as first, 200 + i as second from range(14) t(i)")
    first, second = measure_references(
        connection, [Reference("child", name, "star.parent", "id", None, True) for name in ("first", "second")]
    )
    assert first.examples == "'100' x 2, '101' x 2, '102' x 2, '103' x 2, '104' x 2 and 2 more values"
    assert second.examples.endswith("'204' x 1 and 9 more values")
    assert (first.orphans, second.orphans) == (14, 14)
