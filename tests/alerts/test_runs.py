"""How the refreshes of a home end is told once: degraded, failed, stale, and good again."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.support.icw import ICW
from tests.support.receiver import PASSWORD, Receiver
from tests.support.sample_build import PASSED, make_build
from warehouse.alerts.heartbeat import send_heartbeat
from warehouse.alerts.runs import alert_of_state, alerting
from warehouse.errors import SourceError, StorageError, WarehouseError
from warehouse.run_record import RunRecord, end_run, fail_run, last_run, now, recording
from warehouse.settings import Settings
from warehouse.snapshots.manifest import SourceFailure
from warehouse.snapshots.publish import publish

DOWN = SourceFailure(source="midrc", version="7", reason="the portal does not answer")
OTHER = SourceFailure(source="bih", version="3", reason="the hub does not answer")


def night(settings: Settings, *failures: SourceFailure, not_pushed: str | None = None) -> None:
    with alerting(settings), recording(settings.home, str(uuid.uuid4())):
        exit_code = 8 if failures or not_pushed else 0
        end_run(settings.home, "unchanged", exit_code, "20261101T033000Z-0123456789ab", failures, not_pushed)


NO_SOURCE = SourceError("No source answers.")


def failing(settings: Settings, error: WarehouseError = NO_SOURCE) -> None:
    with pytest.raises(type(error)), alerting(settings), recording(settings.home, str(uuid.uuid4())):
        raise error


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    """A home with a snapshot in service."""
    publish(make_build(tmp_path / "build", series=5), [PASSED], settings.home, {})
    return settings


def titles(receiver: Receiver) -> list[str]:
    return [message["title"].removeprefix("Imaging Commons Warehouse: ") for message in receiver.messages]


def test_each_state_is_told_once_and_that_it_is_over(settings: Settings, receiver: Receiver) -> None:
    night(settings)
    assert titles(receiver) == []
    for _ in range(2):
        night(settings, DOWN)
    assert titles(receiver) == ["degraded"]
    assert "midrc: the portal does not answer" in receiver.messages[0]["message"]
    for _ in range(2):
        failing(settings)
    assert titles(receiver) == ["degraded", "failed"]
    assert "No source answers." in receiver.messages[1]["message"]
    for _ in range(2):
        night(settings)
    assert titles(receiver) == ["degraded", "failed", "recovered"]
    assert [message["type"] for message in receiver.messages] == ["warning", "warning", "success"]
    night(settings, DOWN)
    assert titles(receiver) == ["degraded", "failed", "recovered", "degraded"]


def test_what_is_made_up_is_said_to_be(settings: Settings, receiver: Receiver, tmp_path: Path) -> None:
    sandbox = settings.model_copy(update={"home": tmp_path / "sandbox"})
    publish(make_build(tmp_path / "build", series=5, synthetic=True), [PASSED], sandbox.home, {})
    night(sandbox, DOWN)
    assert titles(receiver) == ["SYNTHETIC data: degraded"]


def test_another_source_that_fails_is_another_message(settings: Settings, receiver: Receiver) -> None:
    night(settings, DOWN)
    night(settings, DOWN, OTHER)
    night(settings, DOWN, OTHER, not_pushed="The store does not answer.")
    assert titles(receiver) == ["degraded"] * 3
    night(settings, DOWN, OTHER, not_pushed="The store refuses.")
    assert len(receiver.messages) == 3


def test_another_failure_is_another_message(settings: Settings, receiver: Receiver) -> None:
    for error in (NO_SOURCE, StorageError("There is no room."), StorageError("There is no room, again.")):
        failing(settings, error)
    told = [message["message"] for message in receiver.messages]
    assert len(told) == 2
    assert "No source answers." in told[0]
    assert "There is no room." in told[1]


def test_a_degraded_night_is_not_told_again_while_the_next_one_goes_on(settings: Settings, receiver: Receiver) -> None:
    night(settings, DOWN)
    with alerting(settings), recording(settings.home, str(uuid.uuid4())):
        alert_of_state(settings, timedelta(hours=36))
        end_run(settings.home, "unchanged", 8, "20261101T033000Z-0123456789ab", [DOWN])
    assert titles(receiver) == ["degraded"]


def test_a_run_that_was_killed_is_told_by_the_next(settings: Settings, receiver: Receiver) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from warehouse.run_record import begin_run;"
        "begin_run(Path(sys.argv[1]), 'killed'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(settings.home)])
    assert done.returncode == -signal.SIGKILL
    night(settings)
    assert titles(receiver) == ["failed", "recovered"]
    assert "died without a word while starting" in receiver.messages[0]["message"]


def test_a_home_that_nobody_refreshes_is_stale_once(settings: Settings, receiver: Receiver) -> None:
    night(settings)
    long_ago = now() - timedelta(days=3)
    run = last_run(settings.home)
    assert run is not None
    _record(settings.home, run.model_copy(update={"finished_at": long_ago, "last_good_at": long_ago}))
    for _ in range(2):
        alert_of_state(settings, timedelta(hours=36))
    assert titles(receiver) == ["stale"]
    night(settings)
    assert titles(receiver) == ["stale", "recovered"]
    again = last_run(settings.home)
    assert again is not None
    _record(settings.home, again.model_copy(update={"finished_at": long_ago, "last_good_at": long_ago}))
    alert_of_state(settings, timedelta(hours=36))
    assert titles(receiver) == ["stale", "recovered", "stale"]


def test_what_no_address_took_is_told_by_the_next_run(
    settings: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.status = 500
    night(settings, DOWN)
    receiver.status = 200
    night(settings, DOWN)
    # The second run tells what the first one could not, before it begins.
    assert titles(receiver) == ["degraded", "degraded"]
    night(settings, DOWN)
    assert len(receiver.messages) == 2
    assert PASSWORD not in caplog.text
    assert not any(PASSWORD.encode() in path.read_bytes() for path in settings.home.rglob("*") if path.is_file())


def test_without_addresses_nothing_is_kept(settings: Settings, receiver: Receiver) -> None:
    night(settings.model_copy(update={"alerts": SecretStr("")}), DOWN)
    assert not (settings.home / "alert_state.json").exists()
    night(settings, DOWN)
    assert titles(receiver) == ["degraded"]


def test_what_was_told_and_cannot_be_read_is_told_again(settings: Settings, receiver: Receiver) -> None:
    night(settings, DOWN)
    (settings.home / "alert_state.json").write_text("{")
    night(settings, DOWN)
    assert titles(receiver) == ["degraded", "degraded"]


def test_a_run_that_failed_and_raised_nothing_sends_no_heartbeat(settings: Settings, receiver: Receiver) -> None:
    beating = settings.model_copy(update={"heartbeat_url": SecretStr(receiver.heartbeat_address)})
    with alerting(beating), recording(beating.home, "dagster"):
        # As a step of a scheduled run ends.
        fail_run(beating.home, SourceError("No source answers."))
    assert titles(receiver) == ["failed"]
    assert receiver.heartbeats == []


def test_a_run_that_could_not_even_be_recorded_is_told_and_sends_no_heartbeat(
    settings: Settings, receiver: Receiver
) -> None:
    beating = settings.model_copy(update={"heartbeat_url": SecretStr(receiver.heartbeat_address)})
    night(beating)
    for _ in range(2):
        with pytest.raises(StorageError), alerting(beating):
            raise StorageError("There is no room on the disk.")
    assert titles(receiver) == ["failed"]
    assert "There is no room on the disk." in receiver.messages[0]["message"]
    assert len(receiver.heartbeats) == 1
    alert_of_state(beating, timedelta(hours=36))
    assert titles(receiver) == ["failed"]
    night(beating)
    assert titles(receiver) == ["failed", "recovered"]


def test_a_run_that_ends_well_sends_a_heartbeat_and_no_other(
    settings: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    beating = settings.model_copy(update={"heartbeat_url": SecretStr(receiver.heartbeat_address)})
    night(beating)
    night(beating, DOWN)
    assert receiver.heartbeats == [settings.user_agent] * 2
    failing(beating)
    assert len(receiver.heartbeats) == 2
    receiver.status = 503
    assert not send_heartbeat(beating)
    nobody = settings.model_copy(update={"heartbeat_url": SecretStr(f"http://127.0.0.1:1/{PASSWORD}")})
    assert not send_heartbeat(nobody)
    assert not send_heartbeat(settings.model_copy(update={"heartbeat_url": SecretStr(f"ftp://{PASSWORD}")}))
    assert "The heartbeat was not taken (status 503)." in caplog.text
    assert "The heartbeat was not taken (ConnectionError)." in caplog.text
    assert PASSWORD not in caplog.text + repr(beating) + beating.model_dump_json()


def test_the_check_of_a_monitor_tells_on_request(tmp_path: Path, receiver: Receiver) -> None:
    long_ago = now() - timedelta(days=3)
    _record(tmp_path, RunRecord(outcome="failed", finished_at=long_ago, exit_code=3, error="No source answers."))
    environment = {"ICW_HOME": str(tmp_path), "ICW_ALERTS": receiver.address, "PATH": os.environ["PATH"]}
    for options in (["--check"], ["--check", "--alert"], ["--check", "--alert"]):
        done = subprocess.run([ICW, "status", *options], env=environment, capture_output=True, text=True)
        assert done.returncode == 9, done.stderr
    assert titles(receiver) == ["failed"]
    done = subprocess.run([ICW, "status", "--alert"], env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Use --alert with --check" in done.stderr


def _record(home: Path, run: RunRecord) -> None:
    (home / "last_run.json").write_text(run.model_dump_json())
