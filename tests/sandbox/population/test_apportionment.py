from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.sandbox.population.apportionment import (
    apportion,
    apportion_to_all,
    choose_up_to_sum,
    consolidated,
    shuffled_labels,
    spread,
    two_way_table,
)

COUNTS = st.lists(st.integers(0, 400), min_size=1, max_size=12).filter(sum)


@given(total=st.integers(0, 10_000), weights=COUNTS)
def test_shares_sum_to_the_total_and_lie_within_one_of_the_exact_share(total: int, weights: list[int]) -> None:
    parts = apportion(total, weights)
    exact = total * np.asarray(weights) / sum(weights)
    assert parts.sum() == total
    assert (np.abs(parts - exact) < 1 + 1e-6).all()


@given(weights=COUNTS)
def test_the_sum_of_the_weights_is_apportioned_to_the_weights(weights: list[int]) -> None:
    assert apportion(sum(weights), weights).tolist() == weights


def test_a_total_needs_a_positive_weight() -> None:
    with pytest.raises(ValueError, match="cannot be apportioned"):
        apportion(3, [0, 0])


@given(extra=st.integers(0, 500), weights=COUNTS)
def test_every_positive_weight_gets_one(extra: int, weights: list[int]) -> None:
    array = np.asarray(weights)
    total = int((array > 0).sum()) + extra
    parts = apportion_to_all(total, array)
    assert parts.sum() == total
    assert ((parts > 0) | (array == 0)).all()


@given(counts=COUNTS, holders=st.integers(1, 12))
def test_consolidating_keeps_the_sum_in_fewer_places(counts: list[int], holders: int) -> None:
    kept = consolidated(np.asarray(counts), holders)
    assert kept.sum() == sum(counts)
    assert (kept > 0).sum() <= holders


@given(rows=COUNTS, columns=COUNTS, seed=st.integers(0, 1000))
def test_a_table_meets_both_margins(rows: list[int], columns: list[int], seed: int) -> None:
    total = max(sum(rows), sum(columns))
    margins = apportion(total, rows), apportion(total, columns)
    table = two_way_table(*margins, np.random.default_rng(seed).random((len(rows), len(columns))))
    assert (table >= 0).all()
    assert (table.sum(axis=1) == margins[0]).all()
    assert (table.sum(axis=0) == margins[1]).all()


@given(total=st.integers(0, 300), holders=st.integers(1, 100), seed=st.integers(0, 1000))
def test_items_are_spread_over_as_many_holders_as_possible(total: int, holders: int, seed: int) -> None:
    counts = spread(total, holders, np.random.default_rng(seed))
    assert counts.sum() == total
    assert (counts > 0).sum() == min(total, holders)


@given(sizes=st.lists(st.integers(1, 9), min_size=1, max_size=40), ones=st.integers(9, 20), data=st.data())
def test_a_choice_sums_to_its_target(sizes: list[int], ones: int, data: st.DataObject) -> None:
    everything = np.asarray(sizes + [1] * ones)
    target = data.draw(st.integers(0, sum(sizes)))
    order = np.random.default_rng(target).permutation(len(everything))
    chosen = choose_up_to_sum(everything, target, order)
    assert len(set(chosen.tolist())) == len(chosen)
    assert everything[chosen].sum() <= target
    reachable = (everything[np.setdiff1d(order, chosen)] == 1).any()
    assert everything[chosen].sum() == target or not reachable


@given(counts=COUNTS)
def test_labels_come_as_often_as_counted(counts: list[int]) -> None:
    labels = shuffled_labels(np.asarray(counts), np.random.default_rng(1))
    assert np.bincount(labels, minlength=len(counts)).tolist() == counts
