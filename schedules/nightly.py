"""The nightly refresh. Its time and zone are the settings ICW_SCHEDULE_CRON and ICW_SCHEDULE_TIMEZONE.

Of the nights that a service was off, Dagster evaluates the last one alone, as soon as it is up again. What remains to
decide is whether that night has had its refresh by other means, and that of a home which never had one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._utils.schedules import reverse_cron_string_iterator

from dagster_project.definitions import refresh_job
from warehouse.run_record import RunRecord, last_run, now
from warehouse.settings import Settings

# Later than this, a night is made up for.
_LATE = timedelta(minutes=15)

_FIRST_LOOK_S = 60


def nightly_refresh(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule of the refresh job, running from the moment a Dagster service loads it."""

    def requested(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        due = context.scheduled_execution_time
        run = last_run(settings.home)
        needless = _why_needless(run, due, _previous(settings, due), now())
        return dg.RunRequest(run_key=f"night {due.isoformat()}") if needless is None else dg.SkipReason(needless)

    return dg.ScheduleDefinition(
        name="nightly_refresh",
        job=refresh_job,
        cron_schedule=settings.schedule_cron,
        execution_timezone=settings.schedule_timezone,
        execution_fn=requested,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Refresh the warehouse and publish a snapshot if anything upstream is new.",
    )


def first_refresh(settings: Settings) -> dg.SensorDefinition:
    """Return a sensor that fills a home which has never been refreshed, once: its first night can be a month away."""
    home = settings.home

    def requested(_context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if last_run(home) is not None:
            return dg.SkipReason(f"{home} has had a refresh.")
        return dg.RunRequest(run_key=_key_of_first(home))

    return dg.SensorDefinition(
        name="first_refresh",
        job=refresh_job,
        evaluation_fn=requested,
        minimum_interval_seconds=_FIRST_LOOK_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Refresh a home that has never been refreshed, without waiting for the night.",
    )


def _key_of_first(home: Path) -> str:
    return f"first {home}"


def _why_needless(run: RunRecord | None, due: datetime, previous: datetime, at: datetime) -> str | None:
    """Return why a night needs no refresh, or None where it does.

    One that ended well since the night was due is this night's. So is one that ended well shortly before (in the half
    of the interval next to it) where the night comes late: a changed timetable makes times due that are past.
    """
    good_at = None if run is None else run.last_good_at
    if good_at is None:
        return None
    since = due if at - due <= _LATE else due - (due - previous) / 2
    return None if good_at < since else f"A refresh ended well at {good_at:%Y-%m-%d %H:%M} UTC, so this night has one."


def _previous(settings: Settings, due: datetime) -> datetime:
    """Return when the night before was due."""
    earlier = reverse_cron_string_iterator(
        (due - timedelta(seconds=1)).timestamp(), settings.schedule_cron, settings.schedule_timezone
    )
    return next(earlier)
