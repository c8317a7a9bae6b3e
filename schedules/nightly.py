"""The nightly refresh. Its time and zone are the settings ICW_SCHEDULE_CRON and ICW_SCHEDULE_TIMEZONE."""

from __future__ import annotations

import dagster as dg

from dagster_project.definitions import refresh_job
from warehouse.settings import Settings


def nightly_refresh(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule of the refresh job, running from the moment a Dagster service loads it."""
    return dg.ScheduleDefinition(
        name="nightly_refresh",
        job=refresh_job,
        cron_schedule=settings.schedule_cron,
        execution_timezone=settings.schedule_timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Refresh the warehouse and publish a snapshot if anything upstream is new.",
    )
