"""What Dagster shows of how a refresh ended: a degraded one is a green run that is marked."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from warehouse.alerts.runs import concerns
from warehouse.errors import Degraded
from warehouse.run_record import last_run

OUTCOME_TAG = "icw/outcome"
DEGRADED_TAG = "icw/degraded_by"


def show_outcome(instance: dg.DagsterInstance, run_id: str, home: Path) -> tuple[str, ...]:
    """Tag a run with the outcome that its record has; return what it could not do, nothing where all was done."""
    run = last_run(home)
    if run is None or run.run_id != run_id:
        return ()
    degraded = concerns(run) if run.exit_code == Degraded.exit_code else ()
    tags = {OUTCOME_TAG: "degraded", DEGRADED_TAG: ", ".join(degraded)} if degraded else {OUTCOME_TAG: run.outcome}
    instance.add_run_tags(run_id, tags)
    return degraded
