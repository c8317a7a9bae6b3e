"""Suite `integrity`: what the rows of a release say of each other.

The rules are in `warehouse.quality.rules.integrity`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.quality.landed_rules import RuleProfile, checks_of, measure_rules
from warehouse.quality.rules.integrity import RULES, SHARED
from warehouse.quality.suite import LandedRelease, ReleaseSuite

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def _measure(connection: DuckDBPyConnection, release: LandedRelease) -> list[RuleProfile]:
    return measure_rules(connection, release, RULES, SHARED)


SUITE = ReleaseSuite(name="integrity", order=35, row=RuleProfile, checks=checks_of(RULES), measure=_measure)
