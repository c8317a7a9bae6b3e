"""A sensor for runs that died with their code server, as in a power cut: each would hold up the queue for hours.

A code server that lives notices by itself that a run of its own has died.
"""

from __future__ import annotations

import dagster as dg

from dagster_project.dead_runs import close_idle_runs, close_run_that_died
from warehouse.alerts.runs import alert_of_state
from warehouse.run_record import last_run
from warehouse.settings import Settings

_LOOK_S = 60


def dead_runs(settings: Settings) -> dg.SensorDefinition:
    """Return a sensor that closes such runs in Dagster and tells of them, without waiting for the next night."""

    def look(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        run = last_run(settings.home)
        if run is not None and run.outcome == "died":
            close_run_that_died(context.instance, run)
            alert_of_state(settings)
        idle = close_idle_runs(context.instance, settings.home, (context.cursor or "").split())
        context.update_cursor(" ".join(idle))
        return dg.SkipReason("Closes runs whose process has ended, and never asks for one.")

    return dg.SensorDefinition(
        name="dead_runs",
        evaluation_fn=look,
        minimum_interval_seconds=_LOOK_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Notice that the process of a run has died, and tell of it.",
    )
