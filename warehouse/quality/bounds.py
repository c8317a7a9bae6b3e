"""The mathematics of stability: how far a figure may move, by what was written down or by what its history shows.

Pure functions over numbers, without a database. Effects are sizes, never p-values: with a million rows every
difference is significant, and none of that says whether it matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

Standing = Literal["stable", "warning", "error", "no history"]
"""How a figure stands: within its bounds, beyond the first or the second of them, or without anything to compare."""

ENOUGH_POINTS = 8
"""From so many movements on, the history of a figure tells its bounds; before, they are those written down."""

# A median absolute deviation times this estimates the standard deviation of a normal distribution.
_MAD_TO_DEVIATION = 1.4826
_DEVIATIONS_TO_WARNING = 5.0
_DEVIATIONS_TO_ERROR = 12.0

# Shares below this are taken for it in a population stability index, whose logarithms have no value at 0.
_SMALLEST_SHARE = 1e-4


@dataclass(frozen=True)
class Limit:
    """How far an effect may go before it is a warning, and before it is an error; both inclusive."""

    warning: float
    error: float

    def standing(self, effect: float) -> Standing:
        """Return how an effect (its size; a sign does not count) stands to the limit.

        What is no number is beyond any.
        """
        size = abs(effect)
        if math.isnan(size) or size > self.error:
            return "error"
        if size > self.warning:
            return "warning"
        return "stable"

    def times(self, count: int) -> Limit:
        """Return the limit of so many steps at once."""
        return self if count == 1 else Limit(count * self.warning, count * self.error)


@dataclass(frozen=True)
class Bounds:
    """Where movements are expected, and how far from there they may be."""

    centre: float
    limit: Limit

    def standing(self, movement: float) -> Standing:
        """Return how a movement stands to the bounds."""
        return self.limit.standing(movement - self.centre)


def worst(standings: Sequence[Standing]) -> Standing:
    """Return the worst of several standings; `stable` of none."""
    order: tuple[Standing, ...] = ("no history", "stable", "warning", "error")
    return max(standings, key=order.index) if standings else "stable"


def bounds_of(history: Sequence[float], written: Limit, floor: Limit) -> Bounds:
    """Return the bounds of the next movement of a figure, from its earlier ones where they are enough.

    With `ENOUGH_POINTS` earlier movements their median is what is expected, and their median absolute deviation the
    unit: one outlier moves neither. The `floor` keeps a history in which nothing ever moved from alarming at one row,
    and is what a small movement is at all. With fewer movements, 0 is expected and the `written` limit holds.

    The movement under test is never in `history`.
    """
    known = [movement for movement in history if math.isfinite(movement)]
    if len(known) < ENOUGH_POINTS:
        return Bounds(0.0, written)
    centre = median(known)
    deviation = _MAD_TO_DEVIATION * median([abs(movement - centre) for movement in known])
    return Bounds(
        centre,
        Limit(
            max(floor.warning, _DEVIATIONS_TO_WARNING * deviation),
            max(floor.error, _DEVIATIONS_TO_ERROR * deviation),
        ),
    )


def growth(before: float, after: float) -> float:
    """Return by what share something grew (0.1: by a tenth) or shrank (-0.1).

    In logarithms, so that growing and shrinking by one factor are of one size; infinite from or to nothing.
    """
    if before == after:
        return 0.0
    if before <= 0 or after <= 0:
        return math.copysign(math.inf, after - before)
    return math.log(after / before)


def movements(values: Sequence[float]) -> list[float]:
    """Return the growth from each value of a history to the next."""
    return [growth(before, after) for before, after in pairwise(values)]


def differences(values: Sequence[float]) -> list[float]:
    """Return the difference from each value of a history to the next."""
    return [after - before for before, after in pairwise(values)]


def sampling_noise(share: float, rows: float) -> float:
    """Return by how much a share of so many rows differs by chance alone: three standard errors.

    A share of 0 or 1 is taken for one row's less, since other rows need not be so pure.
    """
    if rows <= 0:
        return 1.0
    inner = min(max(share, 1.0 / rows), 1.0 - 1.0 / rows) if rows > 1 else 0.5
    return 3.0 * math.sqrt(inner * (1.0 - inner) / rows)


def stability_index(before: Mapping[str, float], after: Mapping[str, float], fewest: float = 5.0) -> float:
    """Return the population stability index of two distributions of counts: 0 where their shares are the same.

    Values that neither side has `fewest` times are taken together: shares of a few rows say nothing. Below 0.1 a
    distribution counts as stable and above 0.25 as another one, by the convention of credit scoring that it is from.
    It depends on shares alone, not on how many rows there are. 0 where a side has no rows.
    """
    first, second = sum(before.values()), sum(after.values())
    if first <= 0 or second <= 0:
        return 0.0
    index, rest = 0.0, [0.0, 0.0]
    for value in sorted({*before, *after}):
        counts = before.get(value, 0.0), after.get(value, 0.0)
        if max(counts) < fewest:
            rest = [rest[0] + counts[0], rest[1] + counts[1]]
        else:
            index += _stability_term(counts[0] / first, counts[1] / second)
    return index + _stability_term(rest[0] / first, rest[1] / second)


def _stability_term(before: float, after: float) -> float:
    before, after = max(before, _SMALLEST_SHARE), max(after, _SMALLEST_SHARE)
    return (after - before) * math.log(after / before)


def common_factor(before: Sequence[float], after: Sequence[float], tolerance: float = 0.002) -> float | None:
    """Return the factor by which all of several figures were multiplied, such as 1.048576 (MB for MiB); else None.

    The figures are quantiles of one column, taken alike. A factor shows in at least three different ones that are not
    0; those that are 0 must have stayed so. One row more or less moves no two quantiles by the same factor.
    """
    ratios = []
    for old, new in zip(before, after, strict=True):
        if old == 0 or new == 0:
            if old != new:
                return None
        else:
            ratios.append(new / old)
    if len(set(before) - {0.0}) < 3 or min(ratios) <= 0:
        return None
    middle = median(ratios)
    alike = all(abs(ratio / middle - 1.0) <= tolerance for ratio in ratios)
    return middle if alike and abs(middle - 1.0) > 5 * tolerance else None


def common_shift(before: Sequence[float], after: Sequence[float]) -> float | None:
    """Return the number that was added to all of several figures, such as 365 (days); None where there is none.

    The figures are quantiles of one column, taken alike, at least three of them different.
    """
    steps = [new - old for old, new in zip(before, after, strict=True)]
    if len(set(before)) < 3 or not steps:
        return None
    middle = median(steps)
    spread = max(before) - min(before)
    alike = all(abs(step - middle) <= 0.001 * spread for step in steps)
    return middle if alike and abs(middle) > 0.01 * spread else None


def quantile_shift(before: Sequence[float], after: Sequence[float]) -> float:
    """Return by how much a distribution of numbers has moved: the mean step of its quantiles over their old spread.

    Between 0 (the same) and whatever it is; the sign is that of the move. A distribution that was a single value has
    no spread, and its own size is taken instead.
    """
    if not before:
        return 0.0
    steps = [new - old for old, new in zip(before, after, strict=True)]
    mean = sum(steps) / len(steps)
    if mean == 0:
        return 0.0
    spread = max(before) - min(before) or max(map(abs, before))
    return mean / spread if spread else math.copysign(math.inf, mean)
