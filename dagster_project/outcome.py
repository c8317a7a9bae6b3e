"""What Dagster shows of how a refresh ended: a degraded one is a green run that is marked."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from warehouse.alerts.runs import concerns
from warehouse.errors import Degraded
from warehouse.freshness import MAX_AGE
from warehouse.quality.assets import owner_tag
from warehouse.registry import SOURCES
from warehouse.run_record import RunRecord, last_run

OUTCOME_TAG = "icw/outcome"
DEGRADED_TAG = "icw/degraded_by"


# Dagster's freshness counts materializations, and a source that has nothing new has none though all is well. So each
# has an asset that every successful look at it materializes, and the snapshot one that every good refresh does. The
# service makes them of the records of runs (`schedules.looks`), whoever has started these.
_LOOKED_AT = "looked_at"


def looks() -> list[dg.AssetSpec]:
    """Return what turns unhealthy where a source was not read, or nothing proven to be in service, for 36 hours."""
    said = {spec.name: f"A refresh has read {spec.title}, whether anything was new or not." for spec in SOURCES}
    said["snapshot"] = "A refresh has ended with all that there is, new or not, in service."
    return [
        dg.AssetSpec(
            dg.AssetKey([_LOOKED_AT, name]),
            description=sentence,
            group_name=name,
            kinds={"freshness"},
            owners=[owner_tag((name, ""))],
            tags={"layer": _LOOKED_AT},
            freshness_policy=dg.FreshnessPolicy.time_window(fail_window=MAX_AGE),
        )
        for name, sentence in said.items()
    ]


def looks_of(run: RunRecord) -> list[dg.AssetMaterialization]:
    """Return what a refresh that ended well, or degraded, has read and left in service, as events of these assets."""
    read = [choice.source for choice in run.choices if choice.digest is not None and choice.failure is None]
    facts = {"snapshot_id": run.snapshot_id or "", "run": run.run_id}
    return [dg.AssetMaterialization(dg.AssetKey([_LOOKED_AT, name]), metadata=facts) for name in (*read, "snapshot")]


def show_outcome(instance: dg.DagsterInstance, run_id: str, home: Path) -> tuple[str, ...]:
    """Tag a run with the outcome that its record has; return what it could not do, nothing where all was done."""
    run = last_run(home)
    if run is None or run.run_id != run_id:
        return ()
    degraded = concerns(run) if run.exit_code == Degraded.exit_code else ()
    tags = {OUTCOME_TAG: "degraded", DEGRADED_TAG: ", ".join(degraded)} if degraded else {OUTCOME_TAG: run.outcome}
    instance.add_run_tags(run_id, tags)
    return degraded
