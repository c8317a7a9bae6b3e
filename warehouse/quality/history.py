"""What was known of gaps before a build: those of the snapshot in service, and those that a person has accepted.

The gaps of a build are measured by the suite `gaps`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.acknowledgements import Acknowledgement
from warehouse.registry import SOURCE_NAMES
from warehouse.sql_text import read_parquet


@dataclass(frozen=True)
class EarlierGap:
    """A gap of the snapshot in service, and how much of it was unexplained (records or bytes, as its comparison)."""

    gap: int
    unexplained: int


@dataclass(frozen=True)
class KnownGaps:
    """The gaps in service, by comparison, and what a person has accepted."""

    in_service: Mapping[str, EarlierGap] = field(default_factory=dict)
    acknowledgements: tuple[Acknowledgement, ...] = ()


def is_half_synthetic(comparison: str, synthetic: Collection[str]) -> bool:
    """Return whether one side of a comparison (`left-right:entity`) is made up and the other real.

    A system is a source, or a part of one (`bih_tcia`); one that is neither belongs to the source beside it.
    """
    kinds = {
        name in synthetic
        for system in comparison.partition(":")[0].split("-")
        for name in SOURCE_NAMES
        if system == name or system.startswith(f"{name}_")
    }
    return len(kinds) > 1


def read_gaps(files: Sequence[Path]) -> dict[str, EarlierGap]:
    """Read the gaps of a published snapshot from the Parquet files of `rec_gap`; none, where one is not there."""
    # The suites are listed without DuckDB, and they name the types of this module.
    import duckdb

    if not files or not all(file.is_file() for file in files):
        return {}
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(
            f"select comparison_id, gap, unexplained_count from {read_parquet(files)} where is_compared"
        ).fetchall()
    return {comparison: EarlierGap(gap, unexplained) for comparison, gap, unexplained in found}
