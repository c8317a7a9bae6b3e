"""Sensors that look between nights whether an upstream has a new release, or a new index behind an alias."""

from __future__ import annotations

import time

import dagster as dg
from pydantic import BaseModel, ConfigDict

from dagster_project.definitions import refresh_job
from warehouse.errors import WarehouseError
from warehouse.landing import Landing
from warehouse.registry import SOURCES, SourceSpec
from warehouse.run_record import last_run
from warehouse.settings import Settings
from warehouse.upstreams import upstreams

# An upstream that fails is looked at after one interval, two, four ... but this many at most.
_LONGEST_PAUSE = 24


class _Cursor(BaseModel):
    """What a sensor keeps: what it has asked a run for last, failed looks in a row, and when to look again (epoch)."""

    model_config = ConfigDict(frozen=True)

    seen: str | None = None
    failures: int = 0
    not_before: float = 0.0


def news_sensors(settings: Settings) -> list[dg.SensorDefinition]:
    """Return a sensor for each source that the settings name."""
    return [news_sensor(spec, settings) for spec in SOURCES if spec.name in settings.upstreams]


def news_sensor(spec: SourceSpec, settings: Settings) -> dg.SensorDefinition:
    """Return the sensor of one source: a run for each new thing, once; a source that does not answer is left alone."""
    # The night tries again; a look does not.
    once = settings.model_copy(
        update={"retries": 0, "guppy_retry_after_max_s": 0.0, "guppy_read_timeout_s": settings.answer_timeout_s}
    )

    def look(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        cursor = _Cursor.model_validate_json(context.cursor or "{}")
        if last_run(settings.home) is None:
            return dg.SkipReason("The home waits for its first refresh, which fetches all there is.")
        at = time.time()
        if at < cursor.not_before:
            return dg.SkipReason(f"{spec.title} failed {cursor.failures} times and is left alone for a while.")
        try:
            (upstream,) = upstreams(once, [spec])
            news = upstream.news(Landing(settings.home))
        except WarehouseError as error:
            pause = min(2**cursor.failures, _LONGEST_PAUSE) * settings.look_interval_s
            failed = {"failures": cursor.failures + 1, "not_before": at + pause}
            context.update_cursor(cursor.model_copy(update=failed).model_dump_json())
            return dg.SkipReason(str(error))
        context.update_cursor(_Cursor(seen=news or cursor.seen).model_dump_json())
        if news is None:
            return dg.SkipReason(f"{spec.title} has what is landed.")
        if news == cursor.seen:
            return dg.SkipReason(f"A run was requested for {news} already; the night tries again.")
        return dg.RunRequest(run_key=f"{spec.name} {news}")

    return dg.SensorDefinition(
        name=f"{spec.name}_news",
        job=refresh_job,
        evaluation_fn=look,
        minimum_interval_seconds=settings.look_interval_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Refresh when {spec.title} has something new, without waiting for the night.",
    )
