"""Suite `values`: values of the star, one check a rule. The rules are in `warehouse.quality.rules`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.quality.broken_rows import aggregates, counted_rows, most_frequent, rows_where
from warehouse.quality.checks import zero
from warehouse.quality.rules import VALUES
from warehouse.quality.rules.rule import ValueRule
from warehouse.quality.suite import LARGEST_FACT, BuiltStar, Detail, ProfileRow, StarSuite
from warehouse.quality.verdicts import Asset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class ValueProfile(ProfileRow):
    """One rule about values: how many rows break it, and the values that break it most often.

    A rule that tolerates a share of the rows is broken by one row, which states the share.
    """

    judged_asset: Asset
    rule: str
    broken: int
    examples: str
    affected: int = 0
    query: str = ""

    @property
    def detail(self) -> Detail:
        """The rows that break the rule, the value that is judged first."""
        return Detail(affected=self.affected, query=self.query) if self.broken else Detail()

    @property
    def label(self) -> str:
        """The number of rows, and the frequent values."""
        return f"{counted_rows(self.broken)}: {self.examples}" if self.broken else "0 rows"

    @property
    def asset(self) -> Asset:
        """The asset whose values the rule is about."""
        return self.judged_asset


def measure_values(connection: DuckDBPyConnection, rules: Sequence[ValueRule], latest_year: int) -> list[ValueProfile]:
    """Count the rows that break each rule, and quote the values that break it most often.

    A relation is read once for all its rules, and once more for each rule that is broken. `latest_year` is the last
    year in which a study of this build can have taken place; rules read it as the variable of that name.
    """
    connection.execute(f"set variable latest_year = {latest_year:d}")
    by_relation: dict[str, list[ValueRule]] = {}
    for rule in rules:
        by_relation.setdefault(rule.relation, []).append(rule)
    counts = {
        relation: aggregates(
            connection,
            relation,
            [_ROWS, *(expression for rule in of_it for expression in (rows_where(rule.broken), _known(rule)))],
        )
        for relation, of_it in by_relation.items()
    }
    return [_profile(connection, rule, counts[rule.relation], latest_year) for rule in rules]


_ROWS = "count(*)"


def _known(rule: ValueRule) -> str:
    """Return the aggregate (SQL) of the rows that have a value at all, which only a rule about a share needs."""
    return _ROWS if rule.tolerated_percent is None else f"count({rule.value})"


def _profile(connection: DuckDBPyConnection, rule: ValueRule, counts: dict[str, int], latest_year: int) -> ValueProfile:
    rows, broken, known = counts[_ROWS], counts[rows_where(rule.broken)], counts[_known(rule)]
    if rule.tolerated_percent is None:
        examples = most_frequent(connection, rule.relation, rule.value, rule.broken)[1] if broken else ""
        return ValueProfile(rule.asset, rule.sentence, broken, examples, broken, _breaking(rule, latest_year))
    if known and 100 * broken > rule.tolerated_percent * rows:
        share = f"'{broken} of {rows}' x 1"
        return ValueProfile(rule.asset, rule.sentence, 1, share, broken, _breaking(rule, latest_year))
    return ValueProfile(rule.asset, rule.sentence, 0, "")


def _breaking(rule: ValueRule, latest_year: int) -> str:
    """Return the query of the rows that break a rule, the value that is judged first."""
    # Whoever asks it later has no variables.
    broken = rule.broken.replace("getvariable('latest_year')", str(latest_year))
    return f"select {rule.value} as judged_value, * from {rule.relation} where {broken} order by all"


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[ValueProfile]:
    return measure_values(connection, VALUES, star.latest.year)


SUITE = StarSuite(
    name="values",
    order=50,
    row=ValueProfile,
    checks=tuple(zero("broken", rule.sentence, rule.severity, {"rule": rule.sentence}) for rule in VALUES),
    measure=_measure,
    assets=lambda declared: [rule.asset for rule in VALUES],
    default=LARGEST_FACT,
)
