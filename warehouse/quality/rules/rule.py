"""The forms of rules: a conservation rule compares two figures, a value rule counts the rows that break it."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.quality.verdicts import Asset, Severity
from warehouse.sql_text import trimmed


@dataclass(frozen=True)
class ConservationRule:
    """Two queries for one integer each (null counts as 0), which must agree; `sentence` states what that means.

    `asset` is what has lost or invented something where they differ.
    """

    asset: Asset
    sentence: str
    landed: str
    star: str


@dataclass(frozen=True)
class ValueRule:
    """A rule in SQL: the rows of `relation` for which `broken` is true break it; a verdict quotes their `value`.

    `asset` is what has such values. With `tolerated_percent`, only more than that share of the rows breaks the rule,
    and nothing does where `value` is null throughout: the column is missing then, which the suite `landed contract`
    reports.

    `broken` may use the variable `latest_year`: the last year in which a study can have taken place.
    """

    asset: Asset
    sentence: str
    severity: Severity
    relation: str
    value: str
    broken: str
    tolerated_percent: int | None = None


def plausible(column: str) -> str:
    """Return a landed count or size (SQL) as the models take it: null where it is negative or no thousand add up."""
    return f"case when {column} between 0 and 9007199254740992 then {column} end"


def elements_of(dataset: str, node: str, column: str, condition: str = "true") -> str:
    """Return a query (SQL) for the distinct elements (`name`) of a list of text, and the id (`node`) of the record.

    The records of a dataset are taken to have different node ids, which the suite `landed keys` judges.
    """
    # Most lists have one element, and then there is nothing to tell apart.
    distinct = f"list_distinct(list_transform({column}, lambda element: {trimmed('element')}))"
    elements = f"case when len({column}) = 1 then [{trimmed(f'{column}[1]')}] else {distinct} end"
    return (
        f"select node, name from (select {node} as node, unnest({elements}) as name from {dataset} where {condition})"
        " where name <> ''"
    )
