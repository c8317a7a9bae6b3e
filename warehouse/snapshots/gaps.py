"""The gaps between two systems as a snapshot has them, one line a comparison, and how they moved since."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from warehouse.quality.history import is_half_synthetic, read_gaps
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.query import run

State = Literal["compared", "not landed", "not comparable"]

_GAPS = """
with causes as (
    select
        comparison_id,
        list(
            {'side': side, 'cause': cause, 'records': cause_count, 'is_explained': is_explained}
            order by cause_count desc, cause, side
        ) as found
    from rec_gap_cause
    group by comparison_id
)
select
    rec_gap.comparison_id,
    left_system,
    right_system,
    entity,
    is_compared,
    left_count,
    right_count,
    gap,
    gap_percent,
    explained_count,
    unexplained_count,
    coalesce(found, [])
from rec_gap
left join causes on rec_gap.comparison_id = causes.comparison_id
order by rec_gap.comparison_id
"""


@dataclass(frozen=True)
class Cause:
    """Why the sides of a comparison differ by some records, which only the one `side` has."""

    side: str
    cause: str
    records: int
    is_explained: bool


@dataclass(frozen=True)
class GapLine:
    """One comparison: `left` and `right` are what the systems have (records or bytes), `gap` is left less right.

    `moved` is by how much the gap has changed since the snapshot before; None where that did not compare them. Where a
    side is not landed, or made up while the other is real, there are no figures.
    """

    comparison: str
    left_system: str
    right_system: str
    entity: str
    state: State
    left: int | None
    right: int | None
    gap: int | None = None
    percent: Decimal | None = None
    explained: int | None = None
    unexplained: int | None = None
    moved: int | None = None
    causes: tuple[Cause, ...] = ()


def gap_lines(snapshot: Snapshot, earlier: Snapshot | None) -> list[GapLine]:
    """Return every comparison of a snapshot, by its id; `earlier` is the snapshot before, if there is one.

    Raises:
        IntegrityError: the file of the snapshot cannot be opened.
    """
    table = None if earlier is None else earlier.table("rec_gap")
    known = {} if earlier is None or table is None else read_gaps(earlier.files_of(table))
    synthetic = {source.source for source in snapshot.manifest.sources if source.synthetic}
    # Rows of Python, not of `Page`: a list of causes is no text.
    with run(snapshot, _GAPS) as result:
        rows = result.reader().read_all().to_pylist()
    lines = []
    for row in rows:
        comparison, left_system, right_system, entity, is_compared, left, right, *figures = row.values()
        gap, percent, explained, unexplained, causes = figures
        is_sample = is_half_synthetic(comparison, synthetic)
        state: State = "not landed" if not is_compared else "not comparable" if is_sample else "compared"
        before = known.get(comparison)
        lines.append(
            GapLine(comparison, left_system, right_system, entity, state, left, right)
            if state != "compared"
            else GapLine(
                comparison,
                left_system,
                right_system,
                entity,
                state,
                left,
                right,
                gap,
                percent,
                explained,
                unexplained,
                None if before is None else gap - before.gap,
                tuple(Cause(**cause) for cause in causes),
            )
        )
    return lines
