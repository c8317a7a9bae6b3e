"""A choice is accepted only where there is none: held against all orders in which a few rows can come."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.marks import later
from warehouse.answers.question import question
from warehouse.answers.uniqueness import require_unique
from warehouse.errors import NotCitable

Rows = Sequence[tuple[int, int]]
ROWS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=5)


def is_accepted(sql: str) -> bool:
    with duckdb.connect() as connection:
        try:
            require_unique(question(sql), connection)
        except NotCitable:
            return False
    return True


def answers(rows: Rows, answer: Callable[[Rows], object]) -> int:
    """Return how many answers there are over all orders of the rows."""
    return len({repr(answer(order)) for order in itertools.permutations(rows)})


def values(rows: Rows) -> str:
    return f"(values {', '.join(map(str, rows))}) as t(x, y)"


def by_y(rows: Rows) -> list[tuple[int, int]]:
    return sorted(rows, key=lambda row: row[1])


@settings(deadline=None, max_examples=20)
@given(ROWS, st.integers(0, 5), st.integers(0, 4))
def test_limit_and_offset(rows: Rows, limit: int, offset: int) -> None:
    many = answers(rows, lambda order: sorted(x for x, _ in by_y(order)[offset : offset + limit]))
    accepted = is_accepted(f"select x from {values(rows)} order by y limit {limit} offset {offset}")
    # Both borders must be clear: where they are in one tie, some clear answers are refused.
    assert not accepted or many == 1
    if offset == 0:
        assert accepted == (many == 1)


@settings(deadline=None, max_examples=10)
@given(ROWS)
@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("first(x order by y)", lambda order: by_y(order)[0][0]),
        later("last(x order by y)", lambda order: by_y(order)[-1][0]),
        later("list(x order by y)", lambda order: [x for x, _ in by_y(order)]),
        ("list(x)", lambda order: [x for x, _ in order]),
        later("any_value(x)", lambda order: order[0][0]),
        later(
            "string_agg(x, ',' order by y desc)", lambda order: [x for x, _ in sorted(order, key=lambda row: -row[1])]
        ),
        ("arg_max(x, y)", lambda order: max(order, key=lambda row: row[1])[0]),
        later("arg_min(x, y)", lambda order: min(order, key=lambda row: row[1])[0]),
    ],
)
def test_aggregates(expression: str, answer: Callable[[Rows], object], rows: Rows) -> None:
    assert is_accepted(f"select {expression} from {values(rows)}") == (answers(rows, answer) == 1)
    # Hidden from the answer it is no better.
    hidden = is_accepted(f"select 1 from {values(rows)} having {expression} is null")
    assert hidden == (answers(rows, answer) == 1)


@settings(deadline=None, max_examples=10)
@given(ROWS)
def test_distinct_on(rows: Rows) -> None:
    def answer(order: Rows) -> object:
        kept: dict[int, int] = {}
        for x, y in order:
            kept.setdefault(y, x)
        return sorted(kept.items())

    assert is_accepted(f"select distinct on (y) x, y from {values(rows)}") == (answers(rows, answer) == 1)


@settings(deadline=None, max_examples=10)
@given(ROWS)
def test_row_numbers(rows: Rows) -> None:
    accepted = is_accepted(f"select x, row_number() over (order by y) from {values(rows)}")
    # Equal rows have the same numbers in any order, and are refused all the same.
    assert accepted == (len({y for _, y in rows}) == len(rows))
    assert not accepted or answers(rows, lambda order: by_y(order)) == 1
