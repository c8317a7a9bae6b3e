"""Runs that died, in a real instance: the next run and Dagster's own monitoring close them, and a live one stays."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from dagster._daemon.monitoring.run_monitoring import execute_run_monitoring_iteration

from dagster_project.dead_runs import close_dead_runs, close_idle_runs
from dagster_project.failures import as_warehouse_error
from dagster_project.job import dagster_home
from dagster_project.resources import Warehouse
from warehouse.errors import AuditFailed, StorageError
from warehouse.lock import refresh_lock
from warehouse.run_record import RunRecord
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

KILLED = """
    import os, signal, sys
    import dagster as dg

    @dg.op
    def ends():
        os.kill(os.getpid(), signal.SIGKILL)

    @dg.job
    def refresh():
        ends()

    folder, *runs = sys.argv[1:]
    for run in runs:
        run_id, _, limit = run.partition("=")
        if (child := os.fork()) == 0:
            with dg.DagsterInstance.from_config(folder) as instance:
                tags = {"dagster/max_runtime": limit} if limit else {}
                refresh.execute_in_process(instance=instance, run_id=run_id, tags=tags)
        print(os.waitpid(child, 0)[1] == signal.SIGKILL)
"""


def killed_runs(folder: Path, *runs: str) -> None:
    """Leave runs behind whose processes were killed: their ids, each with `=` and its limit (seconds) if it has one."""
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(folder), *runs]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["True"] * len(runs), done.stderr


def run_id_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return dagster_home(Settings(home=tmp_path))


@pytest.fixture
def instance(folder: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(folder)) as instance:
        yield instance


def status_of(instance: dg.DagsterInstance, number: int) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id_of(number))
    assert run is not None
    return run.status


@pytest.mark.full
def test_the_next_run_closes_the_one_before_and_no_other_that_may_live(
    folder: Path, instance: dg.DagsterInstance
) -> None:
    killed_runs(folder, run_id_of(1), run_id_of(2))
    for number in (1, 2):
        assert status_of(instance, number) == dg.DagsterRunStatus.STARTED
    close_dead_runs(instance, run_id_of(3), RunRecord(run_id=run_id_of(1), outcome="died"))
    assert status_of(instance, 1) == dg.DagsterRunStatus.FAILURE
    assert status_of(instance, 2) == dg.DagsterRunStatus.STARTED


@pytest.mark.full
def test_a_run_that_died_before_it_took_the_lock_is_closed_at_the_second_look(
    folder: Path, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_runs(folder, run_id_of(1))
    assert close_idle_runs(instance, tmp_path, [run_id_of(1)]) == ()
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    with refresh_lock(tmp_path, run_id_of(2)):
        assert close_idle_runs(instance, tmp_path, [run_id_of(1)]) == ()
    idle = close_idle_runs(instance, tmp_path, [])
    assert idle == (run_id_of(1),)
    assert status_of(instance, 1) == dg.DagsterRunStatus.STARTED
    assert close_idle_runs(instance, tmp_path, idle) == ()
    assert status_of(instance, 1) == dg.DagsterRunStatus.FAILURE


@pytest.mark.full
def test_the_monitoring_that_is_switched_on_closes_a_dead_run(folder: Path, instance: dg.DagsterInstance) -> None:
    """With the launcher that a service on one machine has; the limit is the run's own here, so that nobody waits."""
    killed_runs(folder, f"{run_id_of(1)}=0.001", run_id_of(2))
    assert type(instance.run_launcher).__name__ == "DefaultRunLauncher"
    assert instance.run_monitoring_enabled
    assert instance.run_monitoring_max_runtime_seconds == 12 * 3600
    assert not instance.telemetry_enabled
    assert not instance.nux_enabled
    with WorkspaceProcessContext(instance, EmptyWorkspaceTarget()) as workspace:
        assert not any(execute_run_monitoring_iteration(workspace, logging.getLogger("test")))
    assert status_of(instance, 1) == dg.DagsterRunStatus.FAILURE
    assert status_of(instance, 2) == dg.DagsterRunStatus.STARTED


def test_a_configuration_of_an_earlier_icw_is_renewed_and_a_foreign_one_stays(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    configuration = dagster_home(settings) / "dagster.yaml"
    written = configuration.read_text()
    earlier = (
        "# Written by icw. Runs of the command line and of the schedule are kept here.\ntelemetry:\n  enabled: false\n"
    )
    configuration.write_text(earlier)
    dagster_home(settings)
    assert configuration.read_text() == written
    assert yaml.safe_load(written)["run_monitoring"]["enabled"]
    foreign = "telemetry:\n  enabled: false\nrun_queue:\n  max_concurrent_runs: 1\n"
    configuration.write_text(foreign)
    dagster_home(settings)
    assert configuration.read_text() == foreign
    assert os.listdir(configuration.parent) == ["dagster.yaml"]


def test_only_a_run_under_the_lock_of_its_plan_takes_what_the_plan_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that is repeated from the UI has the configuration of the first one, and its plan is stale."""
    monkeypatch.setenv("ICW_HOME", str(tmp_path))
    warehouse = Warehouse(told={}, run_id=run_id_of(1))
    home = warehouse.settings.home
    assert not warehouse.is_planned
    with refresh_lock(home, run_id_of(2)):
        assert not warehouse.is_planned
    with refresh_lock(home, run_id_of(1)):
        assert warehouse.is_planned
        assert not Warehouse().is_planned


def test_a_storage_of_dagster_that_fails_too_does_not_hide_what_stopped_the_run(tmp_path: Path) -> None:
    stopped = AuditFailed("The build was not published.")
    full = sqlite3.OperationalError("database or disk is full")
    assert as_warehouse_error(full, tmp_path, stopped) is stopped
    assert isinstance(as_warehouse_error(full, tmp_path, None), StorageError)
