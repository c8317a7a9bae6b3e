"""What became of each release of a backfill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console

if TYPE_CHECKING:
    from warehouse.backfill import Backfilled

_DONE = {
    "landed": "landed and profiled",
    "profiled": "was landed, profiled now",
    "unchanged": "was landed and profiled",
}


def backfilled(console: Console, found: Backfilled) -> None:
    """Print one line of a release."""
    if found.error is not None:
        line = f"{found.requested:<8} failed: {found.error}"
    else:
        line = (
            f"{found.version:<8} {_DONE[found.outcome]} ({found.channel}, {found.rows:,} rows, {found.seconds:.1f} s)"
        )
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def backfill_report(found: Backfilled) -> dict[str, Any]:
    """Return what `backfilled` prints, for programs."""
    return {
        "requested": found.requested,
        "version": found.version,
        "outcome": found.outcome,
        "channel": found.channel,
        "rows": found.rows,
        "seconds": found.seconds,
        "problem": None if found.error is None else str(found.error),
    }
