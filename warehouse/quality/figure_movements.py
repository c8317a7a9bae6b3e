"""How the figures of one dataset have moved since the load before, and how that stands to their bounds.

Pure functions over figures. Every effect is 0 where nothing has moved and grows with what has; its bounds come from the
same effect between the loads before, where these are enough, and from `warehouse.quality.rules.figure_limits` before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from warehouse.profiles.figures import OTHER, Metric
from warehouse.quality.bounds import (
    ENOUGH_POINTS,
    Standing,
    bounds_of,
    common_factor,
    common_shift,
    growth,
    movements,
    quantile_shift,
    sampling_noise,
    stability_index,
    worst,
)
from warehouse.quality.figure_history import DatasetHistory, Key, distribution, quantiles, rows_key
from warehouse.quality.rules.figure_limits import (
    FEWEST_LOST,
    FEWEST_ROWS,
    LIMITS,
    MOST_JOINED,
    NIGHTS_BACK,
    OF_ONE_OWNER,
    STILL_FOR,
    Movement,
    Unit,
)

Aspect = Literal["history", "datasets", "rows", "groups", "nulls", "values", "numbers", "patterns"]
Figures = Mapping[Key, float]
Effect = Callable[[Figures, Figures], float]


@dataclass(frozen=True)
class Moved:
    """A figure that has moved beyond a bound: of a column, of a group (its column and value), and in words."""

    aspect: Aspect
    movement: str
    column: str | None
    group_column: str | None
    group: str | None
    standing: Standing
    effect: float
    text: str


@dataclass(frozen=True)
class Compared:
    """One dataset whose figures are compared.

    `columns` are those that may be judged by their values (the others change by nature), `all_columns` those that both
    loads have, `categories` those whose distribution means something. `respelled` returns a value of a column as it is
    compared. Limits are those of one release to the next: of several at once (`releases_apart`) so many times as wide.
    """

    unit: Unit
    releases_apart: int
    history: DatasetHistory
    all_columns: frozenset[str]
    columns: frozenset[str]
    categories: frozenset[str]
    respelled: Callable[[str, str], str]

    def moved(self) -> Iterator[Moved]:
        """Yield every figure that has moved beyond a bound; nothing without a load before."""
        if not self.history.before:
            return
        yield from self._rows()
        if self.history.last[rows_key()] >= FEWEST_ROWS:
            yield from self._groups()
            yield from self._nulls()
            for column in sorted(self.columns):
                yield from self._values(column)
                yield from self._numbers(column)
        elif self.history.last[rows_key()] == self.history.now.get(rows_key()) == 1:
            yield from self._statement()

    def _statement(self) -> Iterator[Moved]:
        """Yield the numbers of a dataset of one row, such as the totals that a register states of itself."""
        for column in self.history.columns("quantile"):
            key: Key = ("quantile", column, None, None, "0.5")
            if column not in self.all_columns or not {key} <= self.history.last.keys() & self.history.now.keys():
                continue
            before, now = self.history.last[key], self.history.now[key]
            standing, effect = self._standing("stated", lambda old, new, key=key: abs(growth(old[key], new[key])))
            if standing != "stable":
                yield Moved("numbers", "stated", column, None, None, standing, effect, _of_counts(column, before, now))

    def _standing(self, movement: Movement, effect: Effect) -> tuple[Standing, float]:
        """Return how a movement of now stands, and its size."""
        now = effect(self.history.last, self.history.now)
        limits = LIMITS[self.unit][movement]
        # A dataset never shrinks from one release to the next, so it does not over several.
        steps = 1 if movement == "shrinking" else self.releases_apart
        written, floor = limits.written.times(steps), limits.floor.times(steps)
        if now <= min(written.warning, floor.warning):
            return "stable", now
        earlier = [effect(one, other) for one, other in pairwise(self.history.before)]
        bounds = bounds_of(earlier, written, floor)
        return bounds.limit.standing(max(0.0, now - bounds.centre)), now

    def _rows(self) -> Iterator[Moved]:
        key = rows_key()
        before, now = self.history.last[key], self.history.now.get(key, 0.0)
        directions: tuple[tuple[Movement, int], ...] = (("shrinking", -1), ("growing", 1))
        for movement, sign in directions:
            standing, effect = self._standing(movement, _grown(key, sign))
            enough = before >= FEWEST_ROWS and before - now >= 3 if sign < 0 else now - before >= FEWEST_ROWS
            if standing != "stable" and enough:
                yield Moved("rows", movement, None, None, None, standing, effect, _of_counts("rows", before, now))
        counts = [figures[key] for figures in self.history.before]
        steps = movements(counts[: 1 - STILL_FOR])[-ENOUGH_POINTS:]
        grew = len(steps) == ENOUGH_POINTS and min(steps) > 0
        if self.unit == "night" and grew and set(counts[-STILL_FOR:]) == {now}:
            text = f"{now:,.0f} rows for {STILL_FOR + 1} loads, after growing in each of the {ENOUGH_POINTS} before"
            yield Moved("rows", "standing still", None, None, None, "warning", 0.0, text)
        for column in sorted(self.columns):
            distinct: Key = ("distinct", column, None, None, None)
            old, new = self.history.last.get(distinct, 0.0), self.history.now.get(distinct, 0.0)
            standing, effect = self._standing("distinct shrinking", _grown(distinct, -1))
            if standing != "stable" and old >= FEWEST_ROWS and old - new >= FEWEST_LOST:
                text = _of_counts(f"different values of {column}", old, new)
                yield Moved("values", "distinct shrinking", column, None, None, standing, effect, text)

    def _groups(self) -> Iterator[Moved]:
        """Yield groups that vanish, shrink, grow, or whose mean size changes."""
        history = DatasetHistory(tuple(map(self._merged, self.history.before)), self._merged(self.history.now))
        spelled = replace(self, history=history)
        for key in history.keys("group rows", None):
            _, _, column, value, _ = key
            if column in self.all_columns and value not in (None, OTHER):
                yield from spelled._group(key, str(column), str(value))

    def _group(self, key: Key, column: str, value: str) -> Iterator[Moved]:
        before, now = self.history.last.get(key, 0.0), self.history.now.get(key, 0.0)
        text = _of_counts(f"{column} '{value}': rows", before, now)
        if before and not now:
            standing: Standing = "error" if before >= FEWEST_LOST else "warning"
            yield Moved("groups", "vanished", None, column, value, standing, math.inf, text)
            return
        if before < FEWEST_ROWS:
            return
        if before - now >= FEWEST_LOST:
            standing, effect = self._standing("group shrinking", _grown(key, -1))
            if standing != "stable":
                yield Moved("groups", "shrinking", None, column, value, standing, effect, text)
        elif now - before >= 5 * FEWEST_ROWS:
            standing, effect = self._standing("group growing", _grown(key, 1))
            if standing != "stable":
                yield Moved("groups", "growing", None, column, value, standing, effect, text)
        for summed in self.history.columns("group sum"):
            total: Key = ("group sum", summed, column, value, None)
            if summed not in self.columns or total not in self.history.last:
                continue
            same = before == now
            movement: Movement = "group mean of the same rows" if same else "group mean"
            standing, effect = self._standing(movement, _mean_moved(total, key))
            if standing != "stable":
                means = self.history.last[total] / before, self.history.now.get(total, 0.0) / now
                if abs(means[0] - means[1]) <= _HALF_A_HUNDREDTH and self._is_rounded(summed):
                    continue
                text = f"{column} '{value}': mean {summed} {means[0]:.6g} before, {means[1]:.6g} now"
                yield Moved("numbers", movement, summed, column, value, standing, effect, text)

    def _is_rounded(self, column: str) -> bool:
        """Return whether the numbers of a column have two places at most, before or now: their means differ by chance.

        Sizes of IDC had two until 23.5.0.
        """
        sides = quantiles(self.history.last, column), quantiles(self.history.now, column)
        return any(all(abs(value - round(value, 2)) < 1e-9 for value in side.values()) for side in sides)

    def _merged(self, figures: Figures) -> dict[Key, float]:
        """Return the figures of groups, those of spellings of one group added up."""
        merged: dict[Key, float] = {}
        for (metric, column, group, value, counted), number in figures.items():
            if metric in ("group rows", "group sum") and group is not None:
                spelled = value if value in (None, OTHER) else self.respelled(group, str(value))
                key: Key = (metric, column, group, spelled, counted)
                merged[key] = merged.get(key, 0.0) + number
        return merged

    def _nulls(self) -> Iterator[Moved]:
        """Yield columns that lack more or fewer values than before, in all rows or in those of one modality."""
        for column in self.history.columns("null"):
            if column not in self.all_columns:
                continue
            for key in self.history.keys("null", column):
                group, value = key[2], key[3]
                if value == OTHER or (group is not None and value is None):
                    continue
                found = list(self._null(key, rows_key(group, value)))
                if found:
                    yield max(found, key=lambda moved: (moved.standing == "error", moved.effect))

    def _null(self, key: Key, rows: Key) -> Iterator[Moved]:
        column, group, value = str(key[1]), key[2], key[3]
        old, new = self.history.last.get(rows, 0.0), self.history.now.get(rows, 0.0)
        if min(old, new) < FEWEST_ROWS:
            return
        shares = _share(self.history.last, key, rows), _share(self.history.now, key, rows)
        where = f" in {group} '{value}'" if group is not None else ""
        measured: tuple[tuple[Movement, Effect], ...] = (
            ("null" if group is None else "group null", _null_moved(key, rows)),
            ("null unexplained", _unexplained(key, rows)),
        )
        for movement, effect in measured:
            standing, size = self._standing(movement, effect)
            if standing != "stable" and size * new >= 3:
                # Upstream completes its records; text that only looks like a value is worth a look, not a stop.
                standing = "warning" if shares[1] < shares[0] else standing
                text = f"{column} null{where}: {shares[0]:.1%} before, {shares[1]:.1%} now"
                yield Moved("nulls", movement, column, group, value, standing, size, text)
        if self.unit == "night":
            yield from self._creeping(key, rows, where)

    def _creeping(self, key: Key, rows: Key, where: str) -> Iterator[Moved]:
        """Yield a share that has moved little each night, and more than may be over several."""
        back = [figures for figures in self.history.before[-NIGHTS_BACK:] if figures.get(rows, 0.0) >= FEWEST_ROWS]
        if len(back) < 3:
            return
        limit = LIMITS[self.unit]["null" if key[2] is None else "group null"].floor
        now, count = _share(self.history.now, key, rows), self.history.now[rows]
        oldest = _share(back[0], key, rows)
        middle = sorted(_share(figures, key, rows) for figures in back)[len(back) // 2]
        effect = min(abs(now - oldest), 2 * abs(now - middle)) - _chance(now, back[0][rows], count)
        standing = limit.standing(max(0.0, effect))
        if standing != "stable" and effect * count >= 3:
            standing = "warning" if now < oldest else standing
            text = f"{key[1]} null{where}: {oldest:.1%} {len(back)} loads ago, {now:.1%} now"
            yield Moved("nulls", "creeping", str(key[1]), key[2], key[3], standing, effect, text)

    def _values(self, column: str) -> Iterator[Moved]:
        """Yield a column whose values, or patterns of values, are distributed otherwise, or of which some have gone."""
        kinds: tuple[tuple[Aspect, Metric, Movement], ...] = (
            ("values", "value", "left value"),
            ("values", "value", "distribution"),
            ("patterns", "pattern", "left pattern"),
        )
        for aspect, metric, movement in kinds:
            if not self.history.keys(metric, column):
                continue
            if movement == "distribution" and (column not in self.categories or self._is_another_sample):
                continue
            standing, effect = self._standing(movement, self._redistributed(metric, column, movement))
            if standing != "stable":
                text = f"{column}: {self._gains_and_losses(metric, column)}"
                yield Moved(aspect, movement, column, None, None, standing, effect, text)

    @property
    def _is_another_sample(self) -> bool:
        """Whether so many rows have joined that what all of them have in common may be something else."""
        before, now = self.history.last[rows_key()], self.history.now.get(rows_key(), 0.0)
        return before < (1.0 - MOST_JOINED) * now

    def _redistributed(self, metric: Metric, column: str, movement: Movement) -> Effect:
        measure = stability_index if movement == "distribution" else left_share

        def effect(before: Figures, now: Figures) -> float:
            old, new = self._counts(before, metric, column), self._counts(now, metric, column)
            if sum(old.values()) < FEWEST_ROWS or sum(new.values()) < FEWEST_ROWS:
                return 0.0
            return measure(*_kept_on_both(old, new))

        return effect

    def _counts(self, figures: Figures, metric: Metric, column: str) -> dict[str, float]:
        counts: dict[str, float] = {}
        for value, number in distribution(figures, metric, column).items():
            spelled = value if value == OTHER or metric == "pattern" else self.respelled(column, value)
            counts[spelled] = counts.get(spelled, 0.0) + number
        return counts

    def _gains_and_losses(self, metric: Metric, column: str) -> str:
        """Return in words the values that have lost and gained the most rows."""
        sides = (self._counts(figures, metric, column) for figures in (self.history.last, self.history.now))
        old, new = _kept_on_both(*sides)
        steps = sorted(
            ((new.get(value, 0.0) - old.get(value, 0.0), value) for value in {*old, *new}), key=lambda step: step
        )
        shown = [step for step in (*steps[:2], *reversed(steps[-2:])) if step[0]]
        named = ("other values" if value == OTHER else f"'{value}'" for _, value in dict.fromkeys(shown))
        return ", ".join(f"{name} {step:+,.0f}" for (step, _), name in zip(dict.fromkeys(shown), named, strict=True))

    def _numbers(self, column: str) -> Iterator[Moved]:
        """Yield a column whose numbers (or days) have all been multiplied or shifted, or have moved as a whole."""
        old, new = quantiles(self.history.last, column), quantiles(self.history.now, column)
        if not old or not new or set(old) != set(new):
            return
        sides = list(old.values()), list(new.values())
        factor, shift = common_factor(*sides), common_shift(*sides)
        if factor is not None:
            text = f"{column}: all quantiles are {factor:.6g} times those before"
            yield Moved("numbers", "multiplied", column, None, None, "error", abs(math.log(factor)), text)
        elif shift is not None:
            text = f"{column}: all quantiles are {shift:+.6g} from those before"
            yield Moved("numbers", "shifted", column, None, None, "error", abs(shift), text)
        elif not self._is_another_sample:
            standing, effect = self._standing("quantiles", _quantiles_moved(column))
            if standing != "stable":
                middle = {share: number for share, number in old.items() if share in _NAMED}
                named = ", ".join(f"{number:.6g} to {new[share]:.6g}" for share, number in middle.items())
                text = f"{column}: lower quartile, median and upper quartile {named}"
                yield Moved("numbers", "quantiles", column, None, None, standing, effect, text)


_HALF_A_HUNDREDTH = 0.0051

_NAMED = (0.25, 0.5, 0.75)


def left_share(before: Mapping[str, float], after: Mapping[str, float]) -> float:
    """Return the share of the rows before that their values have lost: 0 where rows have only joined."""
    total = sum(before.values())
    lost = sum(max(0.0, number - after.get(value, 0.0)) for value, number in before.items())
    return lost / total if total else 0.0


def worst_of(moved: Sequence[Moved]) -> Standing:
    """Return the worst standing of several movements."""
    return worst([movement.standing for movement in moved])


def _grown(key: Key, sign: int) -> Effect:
    def effect(before: Figures, now: Figures) -> float:
        return max(0.0, sign * growth(before.get(key, 0.0), now.get(key, 0.0)))

    return effect


def _mean_moved(total: Key, rows: Key) -> Effect:
    def effect(before: Figures, now: Figures) -> float:
        counts = before.get(rows, 0.0), now.get(rows, 0.0)
        if min(counts) <= 0 or counts[0] < (1.0 - MOST_JOINED) * counts[1]:
            return 0.0
        return abs(growth(before.get(total, 0.0) / counts[0], now.get(total, 0.0) / counts[1]))

    return effect


def _share(figures: Figures, key: Key, rows: Key) -> float:
    count = figures.get(rows, 0.0)
    return figures.get(key, 0.0) / count if count else 0.0


def _null_moved(key: Key, rows: Key) -> Effect:
    def effect(before: Figures, now: Figures) -> float:
        old, new = before.get(rows, 0.0), now.get(rows, 0.0)
        # A group that has become another one by what joined it may lack what it likes.
        if min(old, new) < FEWEST_ROWS or max(old, new) > 1.5 * min(old, new):
            return 0.0
        share = _share(now, key, rows)
        return max(0.0, abs(share - _share(before, key, rows)) - _chance(share, old, new))

    return effect


def _chance(share: float, before: float, now: float) -> float:
    """Return by how much the share of all rows may differ because other rows of the same kind have joined."""
    joined = max(0.0, 1.0 - before / now)
    return joined * sampling_noise(share, max(1.0, now * joined / OF_ONE_OWNER)) if joined else 0.0


def _unexplained(key: Key, rows: Key) -> Effect:
    """Return the effect of more nulls than rows that joined can bring, and of fewer values than rows that left had."""

    def effect(before: Figures, now: Figures) -> float:
        old, new = before.get(rows, 0.0), now.get(rows, 0.0)
        if min(old, new) < FEWEST_ROWS:
            return 0.0
        nulls = now.get(key, 0.0) - before.get(key, 0.0)
        stated = (new - now.get(key, 0.0)) - (old - before.get(key, 0.0))
        joined, left = max(0.0, new - old), max(0.0, old - new)
        return max(0.0, nulls - joined, -stated - left) / new

    return effect


def _kept_on_both(old: Mapping[str, float], new: Mapping[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Return two distributions with what only one side counts by itself among the others, if the other has others."""
    sides = dict(old), dict(new)
    for side, other in (sides, sides[::-1]):
        if OTHER in other:
            for value in [value for value in side if value not in other]:
                side[OTHER] = side.get(OTHER, 0.0) + side.pop(value)
    return sides


def _quantiles_moved(column: str) -> Effect:
    def effect(before: Figures, now: Figures) -> float:
        old, new = quantiles(before, column), quantiles(now, column)
        shares = [share for share in old if 0.05 <= share <= 0.95 and share in new]
        return abs(quantile_shift([old[share] for share in shares], [new[share] for share in shares]))

    return effect


def _of_counts(what: str, before: float, now: float) -> str:
    change = f" ({(now - before) / before:+.1%})" if before else ""
    return f"{what} {before:,.0f} before, {now:,.0f} now{change}"
