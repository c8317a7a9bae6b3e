from __future__ import annotations

from datetime import UTC, datetime

import pytest
from dagster import DefaultScheduleStatus, ScheduleDefinition
from dagster._utils.schedules import is_valid_cron_string, schedule_execution_time_iterator
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.definitions import refresh_job
from warehouse.errors import UsageError
from warehouse.settings import Settings, load_settings
from warehouse.timetable import checked_cron, checked_time_zone

GOOD = [
    "30 3 * * *",
    "*/15 * * * *",
    "0 0,12 1-15/2 * *",
    "5 4 * * sun",
    "0 22 * * MON-FRI",
    "0 0 29 feb *",
    "0 0 * jan,JUL 7",
    "0 0 31 4,5 *",
    "00  03 * * 0-7",
]
BAD = [
    "",
    "nightly",
    "@daily",
    "30 3 * *",
    "0 30 3 * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* * 32 * *",
    "* * * 13 *",
    "* * * * 8",
    "*/0 * * * *",
    "*/61 * * * *",
    "5-1 * * * *",
    "5/10 * * * *",
    "1,,2 * * * *",
    "-1 * * * *",
    "1.5 * * * *",
    "0 mon * * *",
    "0 0 30 2 *",
    "0 0 31 apr,jun *",
    "٣ * * * *",
]


@pytest.mark.parametrize("cron", GOOD)
def test_a_cron_that_is_taken_is_one_that_dagster_runs(cron: str) -> None:
    assert checked_cron(cron) == cron
    assert is_valid_cron_string(cron)
    begun = datetime(2026, 11, 21, tzinfo=UTC)
    assert next(schedule_execution_time_iterator(begun.timestamp(), cron, "UTC")) >= begun


@pytest.mark.parametrize("cron", BAD)
def test_a_cron_that_never_comes_or_means_nothing_is_refused(cron: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICW_SCHEDULE_CRON", cron)
    with pytest.raises(UsageError, match=r"^The setting ICW_SCHEDULE_CRON cannot be used: .* \(got ") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


def field(lowest: int, highest: int) -> st.SearchStrategy[str]:
    number = st.integers(lowest, highest)
    span = st.lists(number, min_size=2, max_size=2).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    stepped = st.tuples(st.just("*") | span, st.integers(1, highest)).map(lambda parts: f"{parts[0]}/{parts[1]}")
    item = st.just("*") | number.map(str) | span | stepped
    return st.lists(item, min_size=1, max_size=3).map(",".join)


@given(cron=st.tuples(field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7)).map(" ".join))
def test_dagster_takes_every_cron_that_is_taken_here(cron: str) -> None:
    refusal = None
    try:
        checked_cron(cron)
    except ValueError as error:
        refusal = str(error)
    # A date that never comes is all that can still be wrong with such an expression.
    assert is_valid_cron_string(cron) if refusal is None else "would never run" in refusal


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_a_zone_that_is_taken_is_one_that_dagster_runs(zone: str) -> None:
    assert checked_time_zone(zone) == zone
    schedule = ScheduleDefinition(
        job=refresh_job,
        cron_schedule="0 3 * * *",
        execution_timezone=zone,
        default_status=DefaultScheduleStatus.RUNNING,
    )
    assert schedule.execution_timezone == zone


@pytest.mark.parametrize("zone", ["", "Mars/Olympus", "America", "../etc/passwd", "/etc/localtime", "UTC+1", "a\0b"])
def test_a_zone_that_does_not_exist_is_refused(zone: str) -> None:
    with pytest.raises(UsageError, match=r"^The setting ICW_SCHEDULE_TIMEZONE cannot be used: .* Europe/Berlin"):
        load_settings(schedule_timezone=zone)


def test_the_schedule_by_default_is_one_of_both() -> None:
    settings = Settings()
    assert checked_cron(settings.schedule_cron) == settings.schedule_cron
    assert checked_time_zone(settings.schedule_timezone) == settings.schedule_timezone
