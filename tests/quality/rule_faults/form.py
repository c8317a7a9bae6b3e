"""The form of a fault: what is planted in a clean dataset, and how many rows the rule must count and list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RuleFault:
    """Statements (SQL) that spoil the clean tables `landed_<source>.<dataset>`, and what a rule finds then."""

    sentence: str
    spoil: str
    broken: int
    column: str | None = None
    source: str = "idc"


def index(sentence: str, assign: str, where: str, broken: int, column: str | None = None) -> RuleFault:
    """Return a fault of the index; `assign` sets columns of the rows that meet a condition."""
    return RuleFault(sentence, f"update landed_idc.idc_index set {assign} where {where}", broken, column)


def series(number: int) -> str:
    """Return the condition for the series of a number."""
    return f"\"SeriesInstanceUID\" = '1.2.840.1.{number}'"


def up_to(number: int) -> str:
    """Return the condition for the series of the first numbers."""
    return f'cast("SeriesNumber" as integer) < {number}'
