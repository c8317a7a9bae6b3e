"""One release beside those before it, as the suites `stable records` and `stable figures` measure it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from warehouse.contracts import load_contract
from warehouse.landed_views import lay_out_release
from warehouse.landing import Landing, Release
from warehouse.quality.past import PastProfile
from warehouse.quality.record_changes import RecordProfile
from warehouse.quality.suite import LandedRelease
from warehouse.quality.suites import stable_figures, stable_records
from warehouse.quality.suites.stable_figures import FigureProfile

Row = RecordProfile | FigureProfile


@dataclass(frozen=True)
class Found:
    """What both suites measured of a release, over a connection that can still run their queries."""

    rows: tuple[Row, ...]
    connection: duckdb.DuckDBPyConnection

    def of(self, standing: str) -> list[Row]:
        return [row for row in self.rows if row.standing == standing]

    def about(self, dataset: str, scope: str) -> list[str]:
        """Return how the rows about a column or group of a dataset stand."""
        return [row.standing for row in self.rows if row.dataset == dataset and scope in row.scope]


def compare(landing: Landing, now: Release, previous: Release | None, profiles: Sequence[PastProfile] = ()) -> Found:
    landed = LandedRelease(now, load_contract(now.source), previous, tuple(profiles))
    connection = duckdb.connect()
    lay_out_release(connection, landing, now, landed.landed)
    if previous is not None:
        lay_out_release(connection, landing, previous, landed.earlier)
    rows = (
        *stable_records.measure_records(connection, landed),
        *stable_figures.measure_figures(connection, landed),
    )
    return Found(rows, connection)
