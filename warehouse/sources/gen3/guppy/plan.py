"""How a type is partitioned into requests that fit Guppy's window: batches of ids, or ranges of a number.

Belongs here: arithmetic only, no requests. Batches follow the census; where no census is possible, a number that is
never missing is bisected by counts until every range fits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from warehouse.sources.gen3.guppy.client import WINDOW, Filter, all_of

SMALLEST_PAGE = 10
"""A page of so few records is not made smaller when it is slow: it is retried."""

_GROWTH = 1.5


class PageSize:
    """How many records to ask for at once; safe to use from several threads.

    Halves when a page was too slow, is steered to `target_bytes` a page, grows slowly, and never exceeds the window.
    """

    def __init__(self, start: int, target_bytes: int) -> None:
        self._size = max(1, min(start, WINDOW))
        self._target = target_bytes
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """The number of records to ask for next."""
        return self._size

    def too_slow(self, size: int) -> None:
        """Record that a page of `size` records took too long."""
        with self._lock:
            self._size = max(min(SMALLEST_PAGE, self._size), min(self._size, size // 2))

    def answered(self, size: int, received_bytes: int) -> None:
        """Record that a page of `size` records arrived with so many bytes."""
        if size < 1 or received_bytes < 1:
            return
        fitting = max(1, self._target * size // received_bytes)
        with self._lock:
            if size >= self._size or fitting < self._size:
                grown = int(self._size * _GROWTH) + 1
                self._size = max(1, min(WINDOW, fitting, grown))


class CannotSplit(Exception):
    """A range holds more records than the window and only one value: `value` is shared by `count` records."""

    def __init__(self, value: float, count: int) -> None:
        super().__init__(f"{count} records share the value {value}")
        self.value = value
        self.count = count


class CountsDisagree(Exception):
    """The counts of a range and of its halves do not add up: the data changed between the requests."""


@dataclass(frozen=True)
class NumberRange:
    """The numbers from `low` to `high`; `high` is included, `low` unless the range is `open_below`."""

    low: float
    high: float
    open_below: bool = False

    def filter(self, field_name: str) -> Filter:
        """Return Guppy's filter for the range, each bound wrapped by itself."""
        above = ">" if self.open_below else ">="
        return all_of([{above: {field_name: self.low}}, {"<=": {field_name: self.high}}])


@dataclass(frozen=True)
class Measure:
    """How many records a range holds, and the smallest and largest value among them."""

    count: int
    low: float
    high: float


@dataclass(frozen=True)
class RangePart:
    """A range that fits the window, and how many records it must give."""

    range: NumberRange
    count: int


def bisect(
    whole: Measure, limit: int, whole_numbers: bool, measure: Callable[[NumberRange], Measure]
) -> Iterator[RangePart]:
    """Partition a never-missing number into disjoint, complete, ascending ranges of at most `limit` records each.

    The ranges that come out are closed at values that occur, so that no value lies in two of them or between two: it
    does not matter that an index may hold a number less exactly than JSON writes it. A single value that more than
    `limit` records share becomes one part as long as it fits the window.

    Raises:
        CannotSplit: more records than the window share one value.
        CountsDisagree: the halves of a range do not hold what the range held.
    """
    open_ranges = [whole]
    while open_ranges:
        part = open_ranges.pop()
        if part.count == 0:
            continue
        if part.count <= limit or part.low == part.high:
            if part.count > WINDOW:
                raise CannotSplit(part.low, part.count)
            yield RangePart(NumberRange(part.low, part.high), part.count)
            continue
        middle = _middle(part.low, part.high, whole_numbers)
        lower = measure(NumberRange(part.low, middle))
        upper = measure(NumberRange(middle, part.high, open_below=True))
        if lower.count + upper.count != part.count or not lower.count or not upper.count:
            raise CountsDisagree(
                f"{part.count} records from {part.low} to {part.high}, "
                f"but {lower.count} up to {middle} and {upper.count} above"
            )
        open_ranges += [upper, lower]


def _middle(low: float, high: float, whole_numbers: bool) -> float:
    """Return a number from `low` on and below `high`."""
    if whole_numbers:
        return (int(low) + int(high)) // 2
    middle = low / 2 + high / 2
    return middle if low <= middle < high else low
