"""Apportionment: distributing whole numbers in proportion so that every total is met exactly.

What belongs here: the arithmetic of the synthesis, whatever is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def apportion(total: int, weights: Sequence[float] | NDArray[np.float64] | Counts) -> Counts:
    """Distribute `total` in proportion to the weights, by largest remainders; ties go to the first.

    Raises:
        ValueError: the total is not 0 and no weight is positive.
    """
    share = np.asarray(weights, dtype=np.float64)
    if total == 0:
        return np.zeros(len(share), dtype=np.int64)
    if share.sum() <= 0:
        raise ValueError(f"{total} cannot be apportioned to weights that sum to {share.sum()}.")
    exact = total * share / share.sum()
    parts = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: total - parts.sum()]] += 1
    return parts


def apportion_to_all(total: int, weights: Counts) -> Counts:
    """Distribute `total` as `apportion` does, but with at least one for every positive weight.

    Raises:
        ValueError: the total is smaller than the number of positive weights.
    """
    needed = (weights > 0).astype(np.int64)
    if total < needed.sum():
        raise ValueError(f"{total} cannot be apportioned to {needed.sum()} with one each.")
    parts = np.maximum(apportion(total, weights), needed)
    while parts.sum() > total:
        parts[int(np.argmax(parts))] -= 1
    return parts


def consolidated(counts: Counts, holders: int) -> Counts:
    """Return the counts in at most `holders` places: the counts of the smaller ones are added to the largest."""
    keep = np.argsort(-counts, kind="stable")[:holders]
    kept = np.zeros_like(counts)
    kept[keep] = counts[keep]
    kept[keep[:1]] += counts.sum() - kept.sum()
    return kept


def two_way_table(rows: Counts, columns: Counts, weights: NDArray[np.float64]) -> Counts:
    """Return a table of whole numbers with exactly these row and column sums, near to the shape of the weights.

    The weights are fitted to the margins by iterative proportional fitting, rounded down, and the rest is added
    where a margin is not yet met. Both margins must have the same sum.
    """
    if rows.sum() != columns.sum():
        raise ValueError(f"The rows sum to {rows.sum()} and the columns to {columns.sum()}.")
    table = np.asarray(weights, dtype=np.float64) + 1e-9
    for _ in range(200):
        table *= (rows / np.maximum(table.sum(axis=1), 1e-300))[:, None]
        table *= columns / np.maximum(table.sum(axis=0), 1e-300)
    whole = np.floor(table + 1e-9).astype(np.int64)
    # Rounding noise may leave a margin one too large: take it back before filling up.
    for row in np.flatnonzero(whole.sum(axis=1) > rows):
        whole[row, int(np.argmax(whole[row]))] -= whole[row].sum() - rows[row]
    for column in np.flatnonzero(whole.sum(axis=0) > columns):
        whole[int(np.argmax(whole[:, column])), column] -= whole[:, column].sum() - columns[column]
    lacking_rows, lacking_columns = rows - whole.sum(axis=1), columns - whole.sum(axis=0)
    for row in np.flatnonzero(lacking_rows):
        for column in np.argsort(-weights[row], kind="stable"):
            more = min(lacking_rows[row], lacking_columns[column])
            whole[row, column] += more
            lacking_rows[row] -= more
            lacking_columns[column] -= more
    return whole


def spread(total: int, holders: int, random: np.random.Generator, skew: float = 1.5) -> Counts:
    """Return how many of `total` items each holder has: at least one each if there are enough, some far more.

    A larger `skew` gives more to fewer.
    """
    if holders == 0:
        if total:
            raise ValueError(f"{total} items have no holder.")
        return np.zeros(0, dtype=np.int64)
    if total <= holders:
        counts = np.zeros(holders, dtype=np.int64)
        counts[random.permutation(holders)[:total]] = 1
        return counts
    position = (holders * random.random(total - holders) ** skew).astype(np.int64)
    counts = 1 + np.bincount(position, minlength=holders)
    return counts[random.permutation(holders)].astype(np.int64)


def choose_up_to_sum(sizes: Counts, target: int, order: Counts) -> Counts:
    """Return positions, taken in `order`, whose sizes sum to `target`.

    The remainder after the first ones is filled by one of exactly that size or by several of size one; if there are too
    few of those, the sum stays below the target.
    """
    running = np.cumsum(sizes[order])
    taken = int(np.searchsorted(running, target, side="right"))
    lacking = target - (int(running[taken - 1]) if taken else 0)
    rest = order[taken:]
    exact = rest[sizes[rest] == lacking][:1]
    filling = exact if len(exact) else rest[sizes[rest] == 1][:lacking]
    return np.concatenate([order[:taken], filling]) if lacking else order[:taken]


def shuffled_labels(counts: Counts, random: np.random.Generator) -> Counts:
    """Return one label (the position in `counts`) for each of `sum(counts)` items, in random order."""
    return random.permutation(np.repeat(np.arange(len(counts)), counts))
