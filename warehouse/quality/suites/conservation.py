"""Suite `conservation`: counts and sums of the landed data against those of the star, one check a rule.

The rules are in `warehouse.quality.rules`, by subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.quality.checks import equal
from warehouse.quality.rules import CONSERVATION
from warehouse.quality.rules.rule import ConservationRule
from warehouse.quality.suite import LARGEST_FACT, BuiltStar, Detail, ProfileRow, StarSuite
from warehouse.quality.verdicts import Asset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class ConservationProfile(ProfileRow):
    """One rule of conservation: the figure of the landed data and that of the star."""

    judged_asset: Asset
    rule: str
    landed: int
    star: int
    query: str = ""

    @property
    def detail(self) -> Detail:
        """Both figures again."""
        return Detail(expected=f"{self.landed:,}", query=self.query)

    @property
    def label(self) -> str:
        """Both figures."""
        return f"landed {self.landed}, star {self.star}"

    @property
    def asset(self) -> Asset:
        """The asset that the rule protects."""
        return self.judged_asset


def measure_conservation(
    connection: DuckDBPyConnection, rules: Sequence[ConservationRule]
) -> list[ConservationProfile]:
    """Evaluate both sides of each rule of conservation; a figure that several rules need is computed once."""
    queries = dict.fromkeys(sql for rule in rules for sql in (rule.landed, rule.star))
    figures = {sql: int(connection.execute(sql).fetchall()[0][0] or 0) for sql in queries}
    return [
        ConservationProfile(
            rule.asset,
            rule.sentence,
            figures[rule.landed],
            figures[rule.star],
            f"select ({rule.landed}) as landed, ({rule.star}) as star",
        )
        for rule in rules
    ]


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[ConservationProfile]:
    return measure_conservation(connection, CONSERVATION)


SUITE = StarSuite(
    name="conservation",
    order=40,
    row=ConservationProfile,
    checks=tuple(equal("landed", "star", rule.sentence, "error", {"rule": rule.sentence}) for rule in CONSERVATION),
    measure=_measure,
    assets=lambda declared: [rule.asset for rule in CONSERVATION],
    default=LARGEST_FACT,
)
