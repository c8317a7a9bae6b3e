"""What refreshes have looked at, for the freshness that Dagster shows, whoever started them, with or without news.

The daemon that judges freshness makes these events too, of the record of the last run: a refresh by the timer or by
hand that finds nothing new does not load Dagster for it.
"""

from __future__ import annotations

import dagster as dg

from dagster_project.outcome import looks_of
from warehouse.run_record import last_run
from warehouse.settings import Settings

_INTERVAL_S = 60


def record_of_looks(settings: Settings) -> dg.SensorDefinition:
    """Return a sensor that materializes, once for each refresh that ended well, the assets of what it has looked at."""

    def evaluated(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        run = last_run(settings.home)
        if run is None or not run.is_good or run.run_id == context.cursor:
            return dg.SkipReason("No refresh has ended well since the last one that was noted.")
        return dg.SensorResult(asset_events=looks_of(run), cursor=run.run_id)

    return dg.SensorDefinition(
        name="record_of_looks",
        evaluation_fn=evaluated,
        minimum_interval_seconds=_INTERVAL_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Note what the last refresh has looked at, so that a source which nobody could read turns stale.",
    )
