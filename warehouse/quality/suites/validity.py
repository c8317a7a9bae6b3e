"""Suite `validity`: what the values of a release may be.

The rules are in `warehouse.quality.rules.validity`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.quality.landed_rules import RuleProfile, checks_of, measure_rules
from warehouse.quality.rules.validity import RULES, SHARED
from warehouse.quality.suite import LandedRelease, ReleaseSuite

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def _measure(connection: DuckDBPyConnection, release: LandedRelease) -> list[RuleProfile]:
    return measure_rules(connection, release, RULES, SHARED)


SUITE = ReleaseSuite(name="validity", order=36, row=RuleProfile, checks=checks_of(RULES), measure=_measure)
