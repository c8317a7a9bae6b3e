"""The changes of the same records of two loads: what is told of them, and which stand out of their groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from warehouse.quality.bounds import Limit, Standing, worst
from warehouse.quality.rules.stability import Tolerance
from warehouse.quality.suite import Detail, ProfileRow
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal

Aspect = Literal["history", "fixed", "described", "gone", "repeated"]

# More groups than these in one row of their own would bury the others.
_MOST_GROUPS = 8
_GROUPS_NAMED = 3


@dataclass(frozen=True)
class RecordProfile(ProfileRow):
    """One thing that was compared of the same records of two loads: a column, or whether they are there at all.

    `compared` records of the `group` (empty: all), of which `changed` have changed.
    """

    source: str
    dataset: str
    aspect: Aspect
    scope: str
    group: str
    standing: Standing
    compared: int
    changed: int
    worst_groups: str
    example: str
    expected: str
    query: str

    @property
    def label(self) -> str:
        """The dataset and what has changed of it, the worst groups first."""
        if self.aspect == "history":
            return f"{self.source} ({'no history' if self.standing == 'no history' else 'compared'})"
        where = f" in {self.worst_groups}" if self.worst_groups else ""
        example = f", most often {self.example}" if self.example else ""
        word = {"gone": "gone", "repeated": "repeated"}.get(self.aspect, "changed")
        return f"{self.dataset} {self.scope}: {self.changed} of {self.compared} {word}{where}{example}"

    @property
    def asset(self) -> Asset:
        """The dataset."""
        return self.source, self.dataset

    @property
    def detail(self) -> Detail:
        """The column and the group, and the query that lists every changed record."""
        return Detail(self.scope, self.expected, self.changed, self.query or None)


@dataclass(frozen=True)
class Count:
    """How many records of a group are the same as before by their identifier, and how many of them have changed."""

    group: str
    compared: int
    changed: int


def row_of(
    source: str,
    dataset: str,
    aspect: Aspect,
    scope: str,
    group: str,
    standing: Standing,
    count: Count,
    worst_groups: str = "",
    example: str = "",
    expected: str = "",
    query: str = "",
) -> RecordProfile:
    """Return a row of the profile: the counts and, where something has changed, where, how and how to list it."""
    return RecordProfile(
        source,
        dataset,
        aspect,
        scope,
        group,
        standing,
        count.compared,
        count.changed,
        worst_groups,
        example,
        expected,
        query,
    )


def findings_of(
    name: str, counts: Sequence[Count], tolerance: Tolerance
) -> Iterator[tuple[str, Count, Standing, Sequence[Count]]]:
    """Yield what stands out of the groups of one column: its scope, how many, how it stands, and in which groups.

    A group beyond its bound is a finding of its own, unless many are. What has changed elsewhere is one finding of the
    whole, if it is beyond the bound of the whole.
    """
    changed = sorted((count for count in counts if count.changed), key=lambda count: (-count.changed, count.group))
    alone: list[tuple[Count, Standing]] = [
        (count, standing)
        for count in changed
        if count.changed >= tolerance.fewest
        and count.group
        and (standing := tolerance.group.standing(count.changed / count.compared)) != "stable"
    ]
    total = total_of(counts)
    if not total.changed:
        return
    if len(alone) > _MOST_GROUPS:
        whole = of_whole(total, tolerance.whole)
        yield name, total, worst([whole, *(standing for _, standing in alone)]), changed
        return
    for count, standing in alone:
        yield f"{name}, {count.group}", count, standing, [count]
    shown = {count.group for count, _ in alone}
    rest = [count for count in changed if count.group not in shown]
    others = Count("", total.compared, sum(count.changed for count in rest))
    if is_many(others, tolerance) and (standing := of_whole(others, tolerance.whole)) != "stable":
        yield name, others, standing, rest
    elif (
        is_many(total, tolerance)
        and of_whole(total, tolerance.whole) == "error"
        and all(standing != "error" for _, standing in alone)
    ):
        yield name, total, "error", changed


def is_many(count: Count, tolerance: Tolerance) -> bool:
    """Return whether so many have changed that it is worth a word: of what is to stay as it is, one is."""
    return count.changed >= (1 if tolerance.whole.warning == 0 else tolerance.fewest)


def of_whole(count: Count, limit: Limit) -> Standing:
    """Return how the share of changed records stands to a limit; nothing has changed is stable."""
    return limit.standing(count.changed / count.compared) if count.changed else "stable"


def total_of(counts: Iterable[Count]) -> Count:
    """Return the sum of the counts of groups."""
    known = list(counts)
    return Count("", sum(count.compared for count in known), sum(count.changed for count in known))


def worst_groups(counts: Sequence[Count]) -> str:
    """Return in words the groups of which the most records have changed."""
    changed = sorted((c for c in counts if c.changed and c.group), key=lambda c: (-c.changed, c.group))
    text = ", ".join(f"{count.group} ({count.changed} of {count.compared})" for count in changed[:_GROUPS_NAMED])
    rest = len(changed) - _GROUPS_NAMED
    return f"{text} and {rest} more" if rest > 0 else text


def shortened(value: str | None) -> str:
    """Return a value as a label quotes it."""
    if value is None:
        return "nothing"
    return literal(value if len(value) <= 40 else f"{value[:37]}...")
