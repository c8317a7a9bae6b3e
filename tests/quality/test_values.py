"""What the suite `values` measures, on small tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from warehouse.quality.rules.rule import ValueRule
from warehouse.quality.suites.values import measure_values
from warehouse.quality.verdicts import Asset

ASSET: Asset = ("star", "t")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def test_the_most_frequent_values_are_quoted_and_the_rest_is_counted(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "create table t as select case when i < 9 then null when i < 12 then 'it''s' else 'v' || i end as v"
        " from range(20) as numbers(i)"
    )
    rule = ValueRule(ASSET, "No value", "warning", "t", "v", "true")
    (profile,) = measure_values(connection, [rule], 2026)
    assert profile.label == "20 rows: (null) x 9, \"it's\" x 3, 'v12' x 1, 'v13' x 1, 'v14' x 1 and 5 more values"


@pytest.mark.parametrize(
    ("broken", "label"),
    [("i < 2", "0 rows"), ("i < 3", "1 row: '3 of 200' x 1"), ("i is null", "0 rows")],
)
def test_a_share_of_the_rows_may_be_tolerated(connection: duckdb.DuckDBPyConnection, broken: str, label: str) -> None:
    connection.execute("create table t as select i from range(200) as numbers(i)")
    rule = ValueRule(ASSET, "Few", "error", "t", "i", broken, tolerated_percent=1)
    (profile,) = measure_values(connection, [rule], 2026)
    assert profile.label == label


def test_a_column_without_any_value_breaks_no_rule_about_a_share(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table t as select null as i, 1 as j from range(200)")
    rule = ValueRule(ASSET, "Few", "error", "t", "i", "i is null", tolerated_percent=1)
    found = measure_values(connection, [rule, replace(rule, value="j")], 2026)
    assert [profile.label for profile in found] == ["0 rows", "1 row: '200 of 200' x 1"]


def test_rules_know_the_latest_year(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table t as select i from range(2020, 2030) as years(i)")
    rule = ValueRule(ASSET, "Not later", "warning", "t", "i", "i > getvariable('latest_year')")
    for year, broken in ((2025, 4), (2028, 1)):
        (profile,) = measure_values(connection, [rule], year)
        assert profile.broken == broken
