"""The gaps between systems that describe the same things: how large, why, and whether they have moved.

Belongs here: measuring them in a build, and the figures of the snapshot in service that they are held against. The gaps
themselves and their causes are models (`rec_gap`, `rec_gap_cause`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

from warehouse.quality.acknowledgements import Acknowledgement, in_force
from warehouse.quality.profiles import GapProfile
from warehouse.sql_text import literal

# What may open without an explanation from one snapshot to the next before nothing is published: so many records, or
# such a share of the larger side, whichever is more. Two changed identifiers are for a person to read in the morning.
_TOLERATED_RECORDS = 20
_TOLERATED_SHARE = 0.01

# A single wrong size can be as large as all others together: what bytes say is a warning, what records say is not.
_OF_BYTES = ":byte"


@dataclass(frozen=True)
class EarlierGap:
    """A gap of the snapshot in service, and how much of it was unexplained."""

    gap: int
    unexplained: int


@dataclass(frozen=True)
class KnownGaps:
    """What is known of gaps before a build is judged: those in service, and those that a person has accepted."""

    in_service: Mapping[str, EarlierGap] = field(default_factory=dict)
    acknowledgements: tuple[Acknowledgement, ...] = ()


def measure_gaps(connection: duckdb.DuckDBPyConnection, known: KnownGaps, day: date) -> list[GapProfile]:
    """Measure every comparison that a build could make; `day` is when its newest data was fetched.

    Those that only the snapshot in service could make come last, without figures of their own.
    """
    accepted = in_force(known.acknowledgements, day)
    made = [
        _profile(comparison, found, known.in_service.get(comparison), accepted.get(comparison))
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
    comparison: str, found: list, earlier: EarlierGap | None, acknowledgement: Acknowledgement | None
) -> GapProfile:
    gap, percent, unaccounted, unexplained, causes, larger_side = found
    let_through = max(
        acknowledgement.unexplained if acknowledgement else 0,
        earlier.unexplained if earlier else 0,
    )
    words = (
        f"up to {acknowledgement.unexplained:,} unexplained accepted until {acknowledgement.until} by "
        f"{acknowledgement.by}: {acknowledgement.reason}"
        if acknowledgement
        else ""
    )
    return GapProfile(
        comparison=comparison,
        is_stated=_is_stated(comparison),
        gap=gap,
        gap_percent=percent,
        unaccounted=unaccounted,
        unexplained=unexplained,
        accepted=let_through,
        tolerated=max(
            let_through + _TOLERATED_RECORDS,
            int(larger_side * (1.0 if comparison.endswith(_OF_BYTES) else _TOLERATED_SHARE)),
        ),
        movement="no earlier figure" if earlier is None else "as before" if earlier.gap == gap else "moved",
        earlier_gap=earlier.gap if earlier else 0,
        causes=causes,
        acknowledged=words,
    )


def _lost(comparison: str, earlier: EarlierGap) -> GapProfile:
    return GapProfile(
        comparison=comparison,
        is_stated=_is_stated(comparison),
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
    """Whether a system is compared with what it states of itself (see the seed seed_comparison)."""
    return "_reported-" in comparison


def read_gaps(table: Path) -> dict[str, EarlierGap]:
    """Read the gaps of a published snapshot from its `rec_gap.parquet`; none, where it has no such table."""
    if not table.is_file():
        return {}
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(
            f"select comparison_id, gap, unexplained_count from read_parquet({literal(str(table))}) where is_compared"
        ).fetchall()
    return {comparison: EarlierGap(gap, unexplained) for comparison, gap, unexplained in found}
