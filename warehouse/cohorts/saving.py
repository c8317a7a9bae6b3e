"""Make the record of a cohort: run its query once, prove it, and note what it chose."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from warehouse.answers.opening import ASKED
from warehouse.answers.record import SnapshotCited
from warehouse.cohorts.members import members
from warehouse.cohorts.record import Cohort, require_name
from warehouse.errors import UsageError
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot


def new_cohort(name: str, sql: str, snapshot: Snapshot, settings: Settings) -> Cohort:
    """Return a cohort of what a query chooses in a snapshot; nothing is kept yet.

    Raises:
        UsageError: the name is none, or the query is wrong, returns no key or chooses nothing.
        NotCitable: the query may choose others next time.
        IntegrityError: the snapshot's file cannot be opened.
    """
    require_name(name)
    with tempfile.TemporaryDirectory(prefix="icw-cohort-") as scratch:
        found = members(snapshot, sql, settings, Path(scratch, "members.parquet"))
    if found.totals.records == 0:
        raise UsageError(
            f"The query chooses no {found.totals.kind} of {snapshot.id}, so that there is no cohort to save. Try it "
            "with `icw sql`."
        )
    return Cohort(
        name=name,
        sql=sql,
        saved_at=datetime.now(UTC).replace(microsecond=0),
        snapshot=SnapshotCited.of(ASKED, snapshot),
        totals=found.totals,
        keys_sha256=found.keys_sha256,
    ).sealed()
