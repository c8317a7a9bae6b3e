"""Suite `evidence`: the earlier IDC releases that a build reads to tell what changed and since when.

A build needs none of them, so a lost one stops nothing; but spans, changes and growth are then told without it, which
must not pass for a change of IDC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from warehouse.quality.checks import never
from warehouse.quality.suite import BuiltStar, Detail, ProfileRow, StarSuite, star_table
from warehouse.quality.verdicts import Asset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SPANS = star_table("fct_series_version")


@dataclass(frozen=True)
class EvidenceProfile(ProfileRow):
    """One earlier release of IDC: `read`, or `lost` for this reason."""

    version: str
    state: str
    reason: str

    @property
    def detail(self) -> Detail:
        """The version."""
        return Detail(scope=f"idc {self.version}")

    @property
    def label(self) -> str:
        """The version, and why it is lost."""
        return f"idc {self.version} ({self.state})" + (f". {self.reason}" if self.reason else "")

    @property
    def asset(self) -> Asset:
        """The spans of revisions, which differ without the release."""
        return SPANS


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[EvidenceProfile]:
    read = [EvidenceProfile(release.version, "read", "") for release in star.evidence.releases]
    return [*read, *(EvidenceProfile(lost.version, "lost", lost.reason) for lost in star.evidence.lost)]


SUITE = StarSuite(
    name="evidence",
    order=100,
    row=EvidenceProfile,
    checks=(
        never(
            "state", "lost", "Every earlier release that tells what changed in IDC, and since when, is read", "warning"
        ),
    ),
    measure=_measure,
    assets=lambda declared: [SPANS],
    default=SPANS,
)
