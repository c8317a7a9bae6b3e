"""Nights by Dagster's own scheduler over a real code server: which of them ask for a refresh, and how often."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from dagster_project.job import dagster_home
from tests.support.dagster_service import Service, serving
from warehouse.run_record import RunRecord
from warehouse.settings import load_settings

pytestmark = pytest.mark.full

# The night that is due last, long enough ago to be made up for.
DUE = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ICW_HOME", str(home))
        patch.setenv("ICW_UPSTREAMS", '["bih"]')
        patch.setenv("ICW_BIH_URL", "http://127.0.0.1:9")
        patch.setenv("ICW_SCHEDULE_CRON", f"0 {DUE.hour} * * *")
        folder = dagster_home(load_settings())
        patch.setenv("DAGSTER_HOME", str(folder))
        with serving(home) as service:
            yield service


@pytest.fixture
def service(served: Service) -> Service:
    """The service on a home without a record, in a Dagster that has seen nothing."""
    instance = served.instance
    (served.home / "last_run.json").unlink(missing_ok=True)
    instance.wipe()
    instance.wipe_all_schedules()
    return served


def queued(service: Service) -> list[str]:
    runs = service.instance.get_runs()
    assert {run.status for run in runs} <= {dg.DagsterRunStatus.QUEUED}
    return sorted(run.tags["dagster/run_key"] for run in runs)


def record(service: Service, run: RunRecord) -> None:
    (service.home / "last_run.json").write_text(run.model_dump_json())


def published(at: datetime) -> RunRecord:
    return RunRecord(run_id="1", outcome="published", finished_at=at, last_good_at=at)


@pytest.mark.parametrize("nights", [1, 3])
def test_nights_that_the_service_was_off_are_made_up_for_once(service: Service, nights: int) -> None:
    record(service, published(DUE - nights * DAY + timedelta(minutes=9)))
    service.schedule(DUE - nights * DAY + timedelta(hours=1))
    assert queued(service) == []
    now = datetime.now(UTC)
    service.schedule(now)
    service.schedule(now + timedelta(minutes=1))
    assert queued(service) == [f"night {DUE.isoformat()}"]


def test_a_night_that_had_its_refresh_by_other_means_is_not_made_up_for(service: Service) -> None:
    service.schedule(DUE - DAY + timedelta(hours=1))
    record(service, published(DUE + timedelta(minutes=5)))
    service.schedule(datetime.now(UTC))
    assert queued(service) == []


def test_a_time_that_a_changed_timetable_makes_due_is_no_second_night(service: Service) -> None:
    service.schedule(DUE - DAY + timedelta(hours=1))
    record(service, published(DUE - timedelta(minutes=30)))
    service.schedule(datetime.now(UTC))
    assert queued(service) == []


def test_a_night_after_one_that_failed_is_made_up_for(service: Service) -> None:
    service.schedule(DUE - DAY + timedelta(hours=1))
    failed = RunRecord(run_id="1", outcome="failed", finished_at=DUE, last_good_at=DUE - DAY)
    record(service, failed)
    service.schedule(datetime.now(UTC))
    assert queued(service) == [f"night {DUE.isoformat()}"]


def test_a_run_that_died_with_its_code_server_does_not_hold_up_the_queue(service: Service) -> None:
    instance = service.instance
    run = instance.create_run_for_job(dg.job(name="refresh")(lambda: None), status=dg.DagsterRunStatus.STARTED)
    service.schedule(DUE - DAY + timedelta(hours=1))
    record(service, RunRecord(run_id=run.run_id, outcome="running", stage="building the star"))
    service.schedule(datetime.now(UTC))
    service.sense()
    statuses = sorted(found.status.value for found in instance.get_runs())
    assert statuses == ["FAILURE", "QUEUED"]


def test_a_home_that_never_had_a_refresh_gets_one_at_once(service: Service) -> None:
    service.sense()
    assert queued(service) == [f"first {service.home}"]


def test_a_home_that_had_a_refresh_waits_for_the_night(service: Service) -> None:
    record(service, published(DUE))
    service.sense()
    assert queued(service) == []
