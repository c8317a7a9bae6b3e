"""The SQL of a measure: one aggregate of one expression over its rows, wherever its columns stand."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from warehouse.metrics.model import Measure

# A text, which stays as it is; a dimension in braces; a name that is not a part of another one or called as a function.
_PARTS = re.compile(r"('(?:[^']|'')*')|\{(\w+)\}|(?<![\w.])([a-z_]\w*)(?!\w*\s*\(|[\w.])")

Placed = Callable[[str], str]
"""Where a name stands: the SQL of a column, or of a dimension."""


def placed(expression: str, columns: Collection[str], column: Placed, dimension: Placed) -> str:
    """Return an expression with its columns and its dimensions (in braces) where they stand."""

    def replace(found: re.Match[str]) -> str:
        text, named, name = found.groups()
        if text is not None:
            return text
        if named is not None:
            return dimension(named)
        return column(name) if name in columns else name

    return _PARTS.sub(replace, expression)


def dimensions_in(expression: str | None) -> tuple[str, ...]:
    """Return the names of the dimensions that an expression has in braces."""
    return tuple(named for _, named, _ in _PARTS.findall(expression or "") if named)


def counted(measure: Measure) -> str:
    """Return what a measure aggregates of one row (SQL): null for a row that its filter leaves out."""
    value = measure.expression or "1"
    return value if measure.filter is None else f"case when {measure.filter} then {value} end"


def aggregate(measure: Measure, value: str) -> str:
    """Return the aggregate of a measure over values (SQL) of its rows."""
    match measure.aggregate:
        case "count_distinct":
            return f"count(distinct {value})"
        case "count" if value == "1":
            return "count(*)"
        case kind:
            return f"{kind}({value})"


def percent(part: str, whole: str) -> str:
    """Return one number (SQL) in percent of another; null where that is zero. Rounded as by dbt's percent_of."""
    return f"cast(round(1e5 * {part} / nullif({whole}, 0)) / 1000 as decimal(12, 3))"


def names_in(expression: str | None) -> frozenset[str]:
    """Return the names in an expression that are columns of its table: of a measure, one column."""
    return frozenset(name for _, _, name in _PARTS.findall(expression or "") if name)
