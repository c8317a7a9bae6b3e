from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.sources.gen3.guppy.client import WINDOW, all_of
from warehouse.sources.gen3.guppy.plan import (
    SMALLEST_PAGE,
    CannotSplit,
    CountsDisagree,
    Measure,
    NumberRange,
    PageSize,
    bisect,
)


def measure_of(values: list[float]):
    """Count as a server does, from the values themselves."""

    def measure(within: NumberRange) -> Measure:
        held = [v for v in values if v <= within.high and (v > within.low if within.open_below else v >= within.low)]
        return Measure(len(held), min(held), max(held)) if held else Measure(0, within.low, within.high)

    return measure


whole = st.lists(st.integers(-(2**53), 2**53) | st.integers(0, 5), min_size=1, max_size=200)
fractions = st.lists(
    st.floats(allow_nan=False, allow_infinity=False, width=32) | st.sampled_from([0.5, 1.5]), min_size=1, max_size=200
)


@given(st.one_of(whole.map(lambda v: (v, True)), fractions.map(lambda v: (v, False))), st.integers(1, 50))
def test_ranges_are_disjoint_complete_and_small_or_one_value(drawn: tuple[list[float], bool], limit: int) -> None:
    values, whole_numbers = drawn
    found = list(bisect(Measure(len(values), min(values), max(values)), limit, whole_numbers, measure_of(values)))
    for value in values:
        assert sum(part.range.low <= value <= part.range.high for part in found) == 1
    for part in found:
        assert part.count == sum(part.range.low <= value <= part.range.high for value in values)
        assert part.count <= limit or part.range.low == part.range.high
    assert sum(part.count for part in found) == len(values)
    assert all(a.range.high < b.range.low for a, b in pairwise(found))


def test_more_records_than_the_window_with_one_value_cannot_be_split() -> None:
    values = [7.0] * (WINDOW + 1) + [1.0, 9.0]
    with pytest.raises(CannotSplit) as caught:
        list(bisect(Measure(len(values), 1, 9), 100, True, measure_of(values)))
    assert (caught.value.value, caught.value.count) == (7.0, WINDOW + 1)


def test_as_many_records_as_the_window_with_one_value_are_one_part() -> None:
    values = [7.0] * WINDOW
    assert [part.count for part in bisect(Measure(WINDOW, 7, 7), 100, True, measure_of(values))] == [WINDOW]


def test_counts_that_do_not_add_up_are_noticed() -> None:
    values = [float(v) for v in range(100)]
    with pytest.raises(CountsDisagree):
        list(bisect(Measure(101, 0, 99), 10, True, measure_of(values)))


def test_bounds_are_wrapped_one_by_one() -> None:
    assert NumberRange(1, 5, True).filter("n") == {"AND": [{"AND": [{">": {"n": 1}}]}, {"AND": [{"<=": {"n": 5}}]}]}
    three = all_of([{">": {"n": 1}}, {"<": {"n": 5}}, {"<": {"m": 5}}])
    assert all(list(clause) == ["AND"] and len(clause["AND"]) == 1 for clause in three["AND"])


events = st.lists(
    st.one_of(st.tuples(st.just("slow"), st.just(0)), st.tuples(st.just("came"), st.integers(1, 10**9))), max_size=80
)


@given(st.integers(1, WINDOW), st.integers(10_000, 10**8), events)
def test_page_sizes_stay_within_the_window_and_halve_when_slow(
    start: int, target: int, learned: list[tuple[str, int]]
) -> None:
    pages = PageSize(start, target)
    for kind, received in learned:
        before = pages.size
        if kind == "slow":
            pages.too_slow(before)
            assert pages.size == max(before // 2, min(before, SMALLEST_PAGE))
        else:
            pages.answered(before, received)
            assert pages.size <= max(1, target * before // received)
            assert pages.size <= before * 1.5 + 1
        assert 1 <= pages.size <= WINDOW


def test_page_size_bears_several_threads() -> None:
    pages = PageSize(1000, 1_000_000)
    threads = [threading.Thread(target=lambda: [pages.answered(1000, 1000) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 1 <= pages.size <= WINDOW
