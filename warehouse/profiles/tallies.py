"""Tallies: what is counted of the rows of a group, added up for each value that they state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from warehouse.profiles.figures import OTHER

Elements = frozenset[str | None]
"""The values of a group that a row states; None alone where it states none."""

_NONE: Elements = frozenset({None})

# What DuckDB's trim removes: the space separators of Unicode (category Zs).
_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


@dataclass(frozen=True)
class Tally:
    """What is counted of some rows: how many they are, in how many of them each column has something, and sums."""

    rows: int
    filled: tuple[int, ...]
    sums: tuple[Decimal | int, ...]

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.rows + other.rows,
            tuple(map(sum, zip(self.filled, other.filled, strict=True))),
            tuple(one + another for one, another in zip(self.sums, other.sums, strict=True)),
        )


def elements_of(value: str | Sequence[str | None] | None) -> Elements:
    """Return the different values that a value of a group states: those of a list, or the one; none is None."""
    if value is None or isinstance(value, str):
        return frozenset({value})
    return frozenset(one for one in value if one is not None and one.strip(_SPACES)) or _NONE


def by_element(groups: Iterable[tuple[Elements, Tally]]) -> list[tuple[str | None, Tally]]:
    """Return the tally of each value: a row counts for each of the different values that it states."""
    found: dict[str | None, Tally] = {}
    for elements, tally in groups:
        for element in elements:
            found[element] = found[element] + tally if element in found else tally
    return list(found.items())


def most_frequent(groups: Iterable[tuple[str | None, Tally]], kept: int) -> Iterator[tuple[str | None, Tally]]:
    """Yield the groups with the most rows, then the others as one; rows of no group are not among these."""
    none = [(value, tally) for value, tally in groups if value is None]
    stating = [(value, tally) for value, tally in groups if value is not None]
    stating.sort(key=lambda entry: (-entry[1].rows, entry[0]))
    yield from none
    yield from sorted(stating[:kept])
    others = [tally for _, tally in stating[kept:]]
    if others:
        yield OTHER, sum(others[1:], others[0])
