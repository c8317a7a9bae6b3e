"""Nights whose runs Dagster keeps in Postgres: a killed one is closed by the next, and the password is nowhere."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from tests.refresh.conftest import FirstNight, Icw
from tests.refresh.test_struck import ROOT, left_running, runs_in_dagster
from tests.support.icw import ICW
from tests.support.postgres import PASSWORD, Postgres, running_postgres
from tests.support.signals import heed_every_signal
from tests.support.small_bucket import LISTED, Bucket, environment
from warehouse.run_record import last_run
from warehouse.snapshots import catalog

VARIABLE = "ICW_DAGSTER_POSTGRES_URL"


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as found:
        yield found


@pytest.mark.full
def test_a_killed_night_in_postgres_is_closed_by_the_next_and_one_without_postgres_is_published(
    first_night: FirstNight,
    bucket: Bucket,
    icw: Icw,
    postgres: Postgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = first_night.copied_to(tmp_path / "home")
    before = set(runs_in_dagster(home))
    bucket.publish("24.3.0", LISTED)
    command = [sys.executable, "-m", "tests.refresh.struck", "auditing the star", "0", "SIGKILL", "refresh"]
    settings = environment(bucket, home, **{VARIABLE: postgres.url})
    killed = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=300)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    while left_running(home):
        time.sleep(0.05)
    died = last_run(home)
    done = icw("refresh", home=home, **{VARIABLE: postgres.url})
    assert done.returncode == 0, done.stderr
    good = last_run(home)
    assert died is not None
    assert good is not None
    monkeypatch.setenv(VARIABLE, postgres.url)
    statuses = runs_in_dagster(home)
    assert statuses == {
        died.run_id: dg.DagsterRunStatus.FAILURE,
        good.run_id: dg.DagsterRunStatus.SUCCESS,
    }
    for path in home.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
    assert PASSWORD not in done.stdout + done.stderr

    bucket.publish("24.4.0", LISTED)
    postgres.stop()
    try:
        without = icw("refresh", home=home, **{VARIABLE: postgres.url})
    finally:
        postgres.start()
    assert without.returncode == 0, without.stderr
    assert "The refresh goes on; this run shows in `icw status`" in without.stderr
    assert not [word for word in ("Traceback", PASSWORD) if word in without.stdout + without.stderr]
    assert catalog.snapshot(home, None).manifest.sources[0].version == "24.4.0"
    assert runs_in_dagster(home) == statuses

    # Without the setting the records of the home go on.
    assert icw("refresh", home=home).returncode == 0
    bucket.publish("24.5.0", LISTED)
    assert icw("refresh", home=home).returncode == 0
    monkeypatch.delenv(VARIABLE)
    assert before < set(runs_in_dagster(home))


@pytest.mark.full
def test_the_service_knows_the_password_and_shows_it_in_no_list_of_processes(
    bucket: Bucket, postgres: Postgres, tmp_path: Path
) -> None:
    settings = environment(bucket, tmp_path / "home", **{VARIABLE: postgres.url})
    service = subprocess.Popen(
        [ICW, "dev", "--port", "0"],
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=heed_every_signal,
    )
    try:
        assert service.stdout is not None
        said = ""
        for line in service.stdout:
            said += line
            if "Serving dagster-webserver" in line:
                break
        commands = left_running(tmp_path / "home")
        assert len(commands) > 2, said
        assert not [command for command in commands if PASSWORD in command or postgres.url in command]
        assert PASSWORD not in said
    finally:
        service.send_signal(signal.SIGTERM)
        service.communicate(timeout=60)
