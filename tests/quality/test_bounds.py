"""The mathematics of stability: what must hold for any figures."""

from __future__ import annotations

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from warehouse.quality.bounds import (
    ENOUGH_POINTS,
    Limit,
    bounds_of,
    common_factor,
    common_shift,
    differences,
    growth,
    movements,
    quantile_shift,
    sampling_noise,
    stability_index,
    worst,
)

WRITTEN, FLOOR = Limit(0.1, 0.5), Limit(0.01, 0.05)
SIZES = st.floats(1e-3, 1e6)
HISTORY = st.lists(st.floats(-0.5, 0.5), min_size=ENOUGH_POINTS, max_size=40)
COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 10_000).map(float), min_size=1)
QUANTILES = st.lists(st.integers(-10_000, 10_000).map(float), min_size=4, max_size=11, unique=True).map(sorted)


@given(st.lists(st.floats(-0.5, 0.5), max_size=ENOUGH_POINTS - 1))
def test_a_short_history_leaves_the_written_limit(history: list[float]) -> None:
    bounds = bounds_of(history, WRITTEN, FLOOR)
    assert (bounds.centre, bounds.limit) == (0.0, WRITTEN)


@given(HISTORY)
def test_no_bound_is_tighter_than_the_floor(history: list[float]) -> None:
    limit = bounds_of(history, WRITTEN, FLOOR).limit
    assert limit.warning >= FLOOR.warning
    assert limit.error >= max(FLOOR.error, limit.warning)


@given(st.floats(-0.5, 0.5), st.floats(-0.009, 0.009))
def test_a_constant_history_does_not_alarm_at_a_small_step(usual: float, step: float) -> None:
    assert bounds_of([usual] * ENOUGH_POINTS, WRITTEN, FLOOR).standing(usual + step) == "stable"


@given(HISTORY, st.floats(-0.3, 0.3))
def test_a_history_that_is_shifted_shifts_the_centre_and_not_the_limit(history: list[float], shift: float) -> None:
    one = bounds_of(history, WRITTEN, FLOOR)
    other = bounds_of([movement + shift for movement in history], WRITTEN, FLOOR)
    assert math.isclose(other.centre, one.centre + shift, abs_tol=1e-9)
    assert math.isclose(other.limit.warning, one.limit.warning, abs_tol=1e-9)


@given(HISTORY, st.floats(1.0, 20.0))
def test_a_history_that_moves_more_has_wider_bounds(history: list[float], factor: float) -> None:
    one = bounds_of(history, WRITTEN, FLOOR)
    other = bounds_of([movement * factor for movement in history], WRITTEN, FLOOR)
    assert other.limit.warning >= one.limit.warning - 1e-9


def test_one_outlier_in_a_history_moves_no_bound() -> None:
    history = [0.01] * 12
    assert bounds_of([*history, 5.0], WRITTEN, FLOOR) == bounds_of(history, WRITTEN, FLOOR)


@given(st.floats(0, 2), st.floats(0, 2))
def test_a_larger_effect_never_stands_better(one: float, other: float) -> None:
    small, large = sorted((one, other))
    assert worst([WRITTEN.standing(small), WRITTEN.standing(large)]) == WRITTEN.standing(large)


def test_what_is_no_number_is_beyond_any_limit() -> None:
    assert Limit(math.inf, math.inf).standing(math.nan) == "error"


@given(SIZES, SIZES, st.floats(0.01, 100))
def test_growth_does_not_depend_on_the_unit_and_is_undone_by_shrinking(a: float, b: float, unit: float) -> None:
    assert math.isclose(growth(a, b), growth(a * unit, b * unit), abs_tol=1e-6)
    assert math.isclose(growth(a, b), -growth(b, a), abs_tol=1e-9)


def test_growth_from_and_to_nothing_has_no_bound() -> None:
    assert growth(0, 5) == math.inf
    assert growth(5, 0) == -math.inf
    assert growth(0, 0) == 0
    assert movements([1, 1]) == [0.0]
    assert differences([1.0, 3.0]) == [2.0]


@given(st.floats(0, 1), st.integers(1, 10**6))
def test_chance_shrinks_with_rows(share: float, rows: int) -> None:
    assert sampling_noise(share, 4 * rows) <= sampling_noise(share, rows) + 1e-12


@given(COUNTS, COUNTS)
def test_the_stability_index_is_never_negative_and_symmetric(one: dict[str, float], other: dict[str, float]) -> None:
    index = stability_index(one, other)
    assert index >= 0
    assert math.isclose(index, stability_index(other, one), abs_tol=1e-9)


@given(COUNTS, st.integers(1, 50))
def test_the_stability_index_of_the_same_shares_is_nothing(counts: dict[str, float], times: int) -> None:
    assume(min(counts.values()) >= 5)
    assert stability_index(counts, {value: number * times for value, number in counts.items()}) < 1e-9


def test_values_of_a_few_rows_do_not_move_the_stability_index() -> None:
    before = {"CT": 1000.0, "MR": 1000.0, "a": 2.0, "b": 1.0}
    assert stability_index(before, {"CT": 1000.0, "MR": 1000.0, "c": 3.0}) == 0.0
    assert stability_index(before, {"CT": 2000.0}) > 0.25


@given(QUANTILES, st.floats(1.02, 50))
def test_a_common_factor_is_found(quantiles: list[float], factor: float) -> None:
    assume(len(set(quantiles) - {0.0}) >= 3)
    found = common_factor(quantiles, [value * factor for value in quantiles])
    assert found is not None
    assert math.isclose(found, factor, rel_tol=0.003)


@given(QUANTILES)
def test_the_same_numbers_have_neither_a_factor_nor_a_shift(quantiles: list[float]) -> None:
    assert common_factor(quantiles, quantiles) is None
    assert common_shift(quantiles, quantiles) is None
    assert quantile_shift(quantiles, quantiles) == 0.0


@given(QUANTILES, st.integers(1, 5))
def test_a_common_shift_is_found(quantiles: list[float], years: int) -> None:
    step = years * 365.0
    assume(step > 0.01 * (max(quantiles) - min(quantiles)))
    assert common_shift(quantiles, [value + step for value in quantiles]) == step


def test_mebibytes_for_megabytes_are_a_factor_and_growth_is_none() -> None:
    sizes = [0.1, 1.2, 5.5, 20.0, 830.0]
    found = common_factor(sizes, [size * 1.048576 for size in sizes])
    assert found is not None
    assert math.isclose(found, 1.048576, rel_tol=1e-6)
    assert common_factor(sizes, [0.1, 1.3, 5.6, 20.0, 830.0]) is None
