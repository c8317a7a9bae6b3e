"""Checks: what is expected of the rows of a profile, as data. `engine` has Great Expectations evaluate them.

Imports nothing heavy: the suites can be listed without Great Expectations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from warehouse.quality.verdicts import Severity

# Column -> value: the rows of a profile that a check applies to.
Rows = Mapping[str, bool | str]


@dataclass(frozen=True)
class Check:
    """One expectation about the rows of a profile.

    `sentence` states in the positive what is expected. `expectation` is the name of a Great Expectations class and
    `arguments` are its arguments; it must judge row by row (a "map" expectation), so that the failing rows can be
    named. `rows` restricts it to the rows whose columns have these values.
    """

    sentence: str
    severity: Severity
    expectation: str
    arguments: Mapping[str, object]
    rows: Rows = field(default_factory=dict)


def zero(column: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that the counts in `column` are 0."""
    arguments = {"column": column, "min_value": 0, "max_value": 0}
    return Check(sentence, severity, "ExpectColumnValuesToBeBetween", arguments, rows or {})


def at_least_one(column: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that the counts in `column` are 1 or more."""
    return Check(sentence, severity, "ExpectColumnValuesToBeBetween", {"column": column, "min_value": 1}, rows or {})


def never(column: str, value: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that `column` does not hold `value`."""
    arguments = {"column": column, "value_set": [value]}
    return Check(sentence, severity, "ExpectColumnValuesToNotBeInSet", arguments, rows or {})


def equal(column: str, other: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that two columns are equal."""
    arguments = {"column_A": column, "column_B": other}
    return Check(sentence, severity, "ExpectColumnPairValuesToBeEqual", arguments, rows or {})


def at_most(column: str, limit: str, sentence: str, severity: Severity, rows: Rows | None = None) -> Check:
    """Return a check that `column` does not exceed the column `limit`."""
    arguments = {"column_A": limit, "column_B": column, "or_equal": True}
    return Check(sentence, severity, "ExpectColumnPairValuesAToBeGreaterThanB", arguments, rows or {})
