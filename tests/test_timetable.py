"""When a schedule runs: what is taken, what is refused, and that Dagster and systemd read it alike."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from itertools import islice

import pytest
from dagster import DefaultScheduleStatus, ScheduleDefinition
from dagster._utils.schedules import is_valid_cron_string, schedule_execution_time_iterator
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.definitions import refresh_job
from warehouse.errors import UsageError
from warehouse.settings import Settings, load_settings
from warehouse.timetable import calendar_events, checked_cron, checked_time_zone

SYSTEMD = shutil.which("systemd-analyze")

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
    "* * * * 0-0",
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
    span = st.lists(number, min_size=2, max_size=2, unique=True).map(sorted).map(lambda ends: f"{ends[0]}-{ends[1]}")
    stepped = st.tuples(st.just("*") | span, st.integers(1, highest)).map(lambda parts: f"{parts[0]}/{parts[1]}")
    item = st.just("*") | number.map(str) | span | stepped
    return st.lists(item, min_size=1, max_size=3).map(",".join)


def crons(last_day: int) -> st.SearchStrategy[str]:
    return st.tuples(field(0, 59), field(0, 23), field(1, last_day), field(1, 12), field(0, 7)).map(" ".join)


@given(cron=crons(last_day=31))
def test_dagster_takes_every_cron_that_is_taken_here(cron: str) -> None:
    refusal = None
    try:
        checked_cron(cron)
    except ValueError as error:
        refusal = str(error)
    # A date that never comes is all that can still be wrong with such an expression.
    assert is_valid_cron_string(cron) if refusal is None else "would never run" in refusal


@pytest.mark.skipif(SYSTEMD is None, reason="systemd-analyze is not here, which reads calendar events")
@given(cron=crons(last_day=28))
@settings(deadline=None, max_examples=30)
def test_systemd_runs_its_events_when_dagster_runs_the_schedule(cron: str) -> None:
    begin = datetime(2026, 11, 21, tzinfo=UTC)
    by_systemd = sorted({time for event in calendar_events(cron, "UTC") for time in next_times(event, begin, 12)})
    by_dagster = islice(schedule_execution_time_iterator(begin.timestamp(), cron, "UTC"), 11)
    # Dagster counts the moment at which it begins, systemd what comes after it.
    assert by_systemd[:10] == [time for time in by_dagster if time > begin][:10]


def next_times(event: str, begin: datetime, count: int) -> list[datetime]:
    assert SYSTEMD is not None
    done = subprocess.run(
        [SYSTEMD, "calendar", f"--iterations={count}", f"--base-time={begin:%Y-%m-%d %H:%M:%S} UTC", event],
        capture_output=True,
        text=True,
        env={**os.environ, "TZ": "UTC"},
    )
    assert done.returncode == 0, done.stderr
    found = re.findall(r"(?:Next elapse|Iter[a-z]*[.] #[0-9]+): [A-Z][a-z]{2} ([0-9-]+ [0-9:]+) UTC", done.stdout)
    return [datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for text in found]


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
