"""Everything that a Dagster service loads: the definitions of `dagster_project` and what starts its job."""

from __future__ import annotations

import dagster as dg

from dagster_project.definitions import definitions
from schedules.dead_runs import dead_runs
from schedules.looks import record_of_looks
from schedules.news import news_sensors
from schedules.nightly import first_refresh, nightly_refresh
from warehouse.settings import load_settings


@dg.definitions
def defs() -> dg.Definitions:
    """Return assets, checks, the job, its schedule and sensors, for the settings of the environment."""
    settings = load_settings()
    return dg.Definitions.merge(
        definitions(settings),
        dg.Definitions(
            schedules=[nightly_refresh(settings)],
            sensors=[
                first_refresh(settings),
                dead_runs(settings),
                record_of_looks(settings),
                *news_sensors(settings),
            ],
        ),
    )
