"""Suite `freshness`: a portal or hub that has sent nothing new for longer than is usual for it, while others have.

What has not changed upstream is not fetched again, so a load is as old as the last change. One that stands still is not
wrong in itself, and its figures are those of the night before: nothing but its age tells.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from warehouse.quality.checks import at_most
from warehouse.quality.suite import BuiltStar, Declared, Detail, ProfileRow, StarSuite, star_table
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RELEASES = star_table("dim_release")

# Days without a change: never too many up to the least, up to twice the longest pause so far, and a quarter of a year
# where fewer than these pauses are known.
_LEAST_DAYS, _PAUSES, _WITHOUT_PAUSES, _MOST_DAYS = 7, 2, 3, 90


@dataclass(frozen=True)
class FreshnessProfile(ProfileRow):
    """One portal: the day of its last change, how many `days` that is before the newest data, and how many may be.

    `pauses` are the times between two changes that are known, the longest of `longest` days.
    """

    source: str
    changed: date
    days: int
    limit: int
    pauses: int
    longest: int

    @property
    def label(self) -> str:
        """The source, its age, and what is usual."""
        usual = f"the longest of {self.pauses} pauses was {self.longest} days" if self.pauses else "no history"
        return f"{self.source} has not changed for {self.days} days, since {self.changed} ({usual})"

    @property
    def detail(self) -> Detail:
        """The source, and its loads."""
        return Detail(
            scope=self.source,
            expected=f"at most {self.limit} days without a change",
            affected=self.days,
            query=f"select * from star.dim_release where source_id = {literal(self.source)}",
        )

    @property
    def asset(self) -> Asset:
        """The table of the loads."""
        return RELEASES


def measure_freshness(changes: Iterable[tuple[str, date]], latest: date) -> list[FreshnessProfile]:
    """Return the age of each source, whose changes these are (source and day, in any order), on the `latest` day."""
    days_of: dict[str, set[date]] = {}
    for source, day in changes:
        days_of.setdefault(source, set()).add(day)
    return [_profile(source, sorted(days), latest) for source, days in sorted(days_of.items())]


def _profile(source: str, days: Sequence[date], latest: date) -> FreshnessProfile:
    pauses = [(after - before).days for before, after in itertools.pairwise(days)]
    longest = max(pauses, default=0)
    limit = max(_LEAST_DAYS, _PAUSES * longest) if len(pauses) >= _WITHOUT_PAUSES else _MOST_DAYS
    return FreshnessProfile(source, days[-1], (latest - days[-1]).days, limit, len(pauses), longest)


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[FreshnessProfile]:
    """Measure the portals: an IDC release is a version, which does not change."""
    portals = [contract.source for contract in star.declared.contracts if not contract.one_version]
    named = ", ".join(map(literal, portals))
    changes = connection.execute(
        f"""
        select source_id, cast(fetched_at as date) from landed.releases
        where fetched_at is not null and source_id in ({named})
        union
        select source_id, cast(as_of as date) from landed.count_history
        where as_of is not null and source_id in ({named})
        """
    ).fetchall()
    return measure_freshness(changes, star.latest)


def _assets(_: Declared) -> Iterable[Asset]:
    return [RELEASES]


SUITE = StarSuite(
    name="freshness",
    order=110,
    row=FreshnessProfile,
    checks=(
        at_most(
            "days", "limit", "A portal has sent something new within twice its longest pause, or in a week", "warning"
        ),
    ),
    measure=_measure,
    assets=_assets,
    default=RELEASES,
)
