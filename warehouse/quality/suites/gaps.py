"""Suite `gaps`: the gaps between two systems that describe the same things: how large, why, and whether they moved.

The gaps themselves and their causes are models (`rec_gap`, `rec_gap_cause`). A gap is a warning with its causes, and an
error where much of it opens without an explanation.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from warehouse.acknowledgements import Acknowledgement, in_force
from warehouse.quality.checks import at_most, never, zero
from warehouse.quality.history import EarlierGap, KnownGaps, is_half_synthetic
from warehouse.quality.suite import BuiltStar, Detail, ProfileRow, StarSuite, star_table
from warehouse.quality.verdicts import Asset
from warehouse.sql_text import literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

GAPS = star_table("rec_gap")

Movement = Literal["no earlier figure", "as before", "moved", "not made any more", "not comparable"]

# What may open without an explanation from one snapshot to the next before nothing is published: so many records, or
# such a share of the larger side, whichever is more. Two changed identifiers are for a person to read in the morning.
_TOLERATED_RECORDS = 20
_TOLERATED_SHARE = 0.01

# A single wrong size can be as large as all others together: a gap in bytes is a warning only, one in records an error.
_OF_BYTES = ":byte"


@dataclass(frozen=True)
class GapProfile(ProfileRow):
    """One comparison of two systems. `accepted` unexplained records are known: in service, or acknowledged by a person.

    Up to `tolerated` are published with a warning.
    `is_comparable` is false where one side is made up and the other is real: their gap says nothing.
    `unaccounted` must be 0: by how much the gap differs from its causes on the left less those on the right, and its
    unexplained part from the causes that explain nothing.
    """

    comparison: str
    is_stated: bool
    is_comparable: bool
    gap: int
    gap_percent: str
    unaccounted: int
    unexplained: int
    accepted: int
    tolerated: int
    movement: Movement
    earlier_gap: int
    causes: str
    acknowledged: str

    @property
    def detail(self) -> Detail:
        """The rows that only one side has; of a comparison without rows, such as one of bytes, the causes."""
        of_it = f"comparison_id = {literal(self.comparison)}"
        return Detail(
            scope=self.comparison,
            query=f"from (select *, 1 as cause_count from star.rec_gap_row where {of_it} union all by name"
            f" (from star.rec_gap_cause where {of_it} and not exists (from star.rec_gap_row where {of_it})))"
            " order by cause = 'unexplained' desc, side, cause, natural_id",
        )

    @property
    def label(self) -> str:
        """The gap, its causes, the earlier figure, and who has accepted it."""
        if not self.is_comparable:
            return f"{self.comparison}: not comparable, one side is made up and the other real"
        if self.movement == "not made any more":
            return f"{self.comparison}: {self.earlier_gap:+,} before, not compared now"
        percent = f" ({self.gap_percent} %)" if self.gap_percent else ""
        parts = [f"{self.comparison} {self.gap:+,}{percent}", self.causes]
        if self.movement == "moved":
            parts.append(f"{self.earlier_gap:+,} before")
        return "; ".join(part for part in (*parts, self.acknowledged) if part)

    @property
    def asset(self) -> Asset:
        """The table of all gaps: a gap is between two assets."""
        return GAPS


def measure_gaps(
    connection: DuckDBPyConnection, known: KnownGaps, day: date, synthetic: Collection[str] = ()
) -> list[GapProfile]:
    """Measure every comparison that a build could make; `day` is when its newest data was fetched.

    `synthetic` are the sources of which the data is made up: a sample of them is not held against real data.

    Those that only the snapshot in service could make come last, without figures of their own.
    """
    accepted = in_force(known.acknowledgements, day)
    made = [
        _profile(
            comparison,
            found,
            known.in_service.get(comparison),
            accepted.get(comparison),
            is_comparable=not is_half_synthetic(comparison, synthetic),
        )
        for comparison, *found in connection.execute(_GAPS).fetchall()
    ]
    names = {profile.comparison for profile in made}
    return made + [_lost(name, earlier) for name, earlier in sorted(known.in_service.items()) if name not in names]


_GAPS = """
    with causes as (
        select
            comparison_id,
            sum(case when side = 'left' then cause_count else -cause_count end) as difference,
            sum(case when is_explained then 0 else cause_count end) as unexplained,
            string_agg(format('{:,} {} ({})', cause_count, cause, side), ', ' order by cause_count desc, cause, side)
                as causes
        from star.rec_gap_cause
        group by comparison_id
    )
    select
        rec_gap.comparison_id,
        rec_gap.gap,
        coalesce(format('{:+.2f}', cast(rec_gap.gap_percent as double)), ''),
        abs(rec_gap.gap - coalesce(causes.difference, 0))
        + abs(rec_gap.unexplained_count - coalesce(causes.unexplained, 0)),
        rec_gap.unexplained_count,
        coalesce(causes.causes, ''),
        greatest(rec_gap.left_count, rec_gap.right_count)
    from star.rec_gap as rec_gap
    left join causes on rec_gap.comparison_id = causes.comparison_id
    where rec_gap.is_compared
    order by rec_gap.comparison_id
"""


def _profile(
    comparison: str,
    found: list,
    earlier: EarlierGap | None,
    acknowledgement: Acknowledgement | None,
    *,
    is_comparable: bool,
) -> GapProfile:
    gap, percent, unaccounted, unexplained, causes, larger_side = found
    accepted = max(
        acknowledgement.unexplained if acknowledgement else 0,
        earlier.unexplained if earlier else 0,
    )
    acknowledged = (
        f"up to {acknowledgement.unexplained:,} unexplained accepted until {acknowledgement.until} by "
        f"{acknowledgement.by}: {acknowledgement.reason}"
        if acknowledgement
        else ""
    )
    return GapProfile(
        comparison=comparison,
        is_stated=_is_stated(comparison),
        is_comparable=is_comparable,
        gap=gap,
        gap_percent=percent,
        unaccounted=unaccounted,
        unexplained=unexplained,
        accepted=accepted,
        tolerated=max(
            accepted + _TOLERATED_RECORDS,
            int(larger_side * (1.0 if comparison.endswith(_OF_BYTES) else _TOLERATED_SHARE)),
        ),
        movement=_movement(gap, earlier) if is_comparable else "not comparable",
        earlier_gap=earlier.gap if earlier else 0,
        causes=causes,
        acknowledged=acknowledged,
    )


def _movement(gap: int, earlier: EarlierGap | None) -> Movement:
    if earlier is None:
        return "no earlier figure"
    return "as before" if earlier.gap == gap else "moved"


def _lost(comparison: str, earlier: EarlierGap) -> GapProfile:
    return GapProfile(
        comparison=comparison,
        is_stated=_is_stated(comparison),
        is_comparable=True,
        gap=0,
        gap_percent="",
        unaccounted=0,
        unexplained=0,
        accepted=0,
        tolerated=0,
        movement="not made any more",
        earlier_gap=earlier.gap,
        causes="",
        acknowledged="",
    )


def _is_stated(comparison: str) -> bool:
    """Whether a system is compared with its self-reported counts (see the seed seed_comparison)."""
    return "_reported-" in comparison


def _measure(connection: DuckDBPyConnection, star: BuiltStar) -> list[GapProfile]:
    return measure_gaps(connection, star.known, star.latest, star.synthetic)


SUITE = StarSuite(
    name="gaps",
    order=90,
    row=GapProfile,
    checks=(
        zero("unaccounted", "The causes of every gap add up to it", "error"),
        at_most("unexplained", "accepted", "No gap has opened without an explanation", "warning"),
        at_most("unexplained", "tolerated", "No gap has opened without an explanation beyond the bound", "error"),
        zero("unexplained", "Every gap is fully explained", "warning"),
        zero(
            "gap",
            "Two systems that describe the same things have as many of them",
            "warning",
            {"is_stated": False, "is_comparable": True},
        ),
        never("movement", "moved", "No gap has changed since the snapshot in service", "warning"),
        never("movement", "not made any more", "What the snapshot in service compares is still compared", "warning"),
    ),
    measure=_measure,
    assets=lambda declared: [GAPS],
    default=GAPS,
)
