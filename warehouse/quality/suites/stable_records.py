"""Suite `stable records`: what an identifier says is unchanged is unchanged, and no record goes or repeats unseen.

Each dataset is held against the one of the previous release of its source. Two narrow passes over either side find the
records that differ; only these are read in full. Which records are the same, what of them may change and how much,
is data (`warehouse.quality.rules.stability`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from warehouse.quality.bounds import Standing
from warehouse.quality.checks import never
from warehouse.quality.record_changes import Count, RecordProfile, row_of
from warehouse.quality.record_comparison import Comparison, are_same, has_file
from warehouse.quality.rules.stability import (
    record_rules,
)
from warehouse.quality.suite import LandedRelease, ReleaseSuite

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def measure_records(connection: DuckDBPyConnection, landed: LandedRelease) -> list[RecordProfile]:
    """Compare every dataset of a release with the previous one: a row for each column that has changed or could not.

    One row says whether there is a previous release at all.
    """
    source = landed.release.source
    first = next(iter(landed.contract.datasets))
    standing: Standing = "no history" if landed.previous is None else "stable"
    rows = [row_of(source, first, "history", "history", "", standing, Count("", 0, 0))]
    if landed.previous is None:
        return rows
    for name, dataset in landed.contract.datasets.items():
        both = landed.release, landed.previous
        if all(has_file(release, name) for release in both) and not are_same(*both, name):
            for rule in record_rules(source, name, dataset):
                rows += Comparison(connection, landed, rule).rows()
    return rows


SUITE = ReleaseSuite(
    name="stable records",
    order=40,
    row=RecordProfile,
    checks=(
        never(
            "standing",
            "error",
            "The same record keeps its size, count, hash and owner, but for corrections of single records",
            "error",
            {"aspect": "fixed"},
        ),
        never(
            "standing",
            "warning",
            "The same record keeps its size, count, hash and owner",
            "warning",
            {"aspect": "fixed"},
        ),
        never(
            "standing",
            "error",
            "No large share of the same records is described anew",
            "error",
            {"aspect": "described"},
        ),
        never(
            "standing",
            "warning",
            "The same record keeps its dates, codes, licence and description",
            "warning",
            {"aspect": "described"},
        ),
        never("standing", "error", "No large share of the records is gone", "error", {"aspect": "gone"}),
        never("standing", "warning", "Few records are gone", "warning", {"aspect": "gone"}),
        never("standing", "error", "No large share of the records is there twice", "error", {"aspect": "repeated"}),
        never("standing", "warning", "No more records are there twice", "warning", {"aspect": "repeated"}),
        never(
            "aspect", "", "The records of a release are compared with those before", "warning", {"aspect": "history"}
        ),
    ),
    measure=measure_records,
)
