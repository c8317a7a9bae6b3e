"""Dagster's records of old runs go, with their files; what goes on, was good last or is on show stays."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.job import dagster_home
from dagster_project.run_retention import remove_old_runs
from tests.support.marks import later
from warehouse.settings import Settings

DAY = timedelta(days=1)


@dg.asset
def table() -> None:
    """What every good run makes."""


@dg.asset
def rare() -> None:
    """What one run alone has made."""


@dg.asset_check(asset=table)
def judged() -> dg.AssetCheckResult:
    """What every good run judges."""
    return dg.AssetCheckResult(passed=True)


@dg.asset
def failing() -> None:
    """What never comes about."""
    raise ValueError("no")


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.from_config(str(dagster_home(Settings(home=tmp_path)))) as instance:
        yield instance


def run(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition | dg.AssetChecksDefinition) -> str:
    done = dg.materialize([*assets], instance=instance, raise_on_error=False)
    return done.run_id


def left(instance: dg.DagsterInstance) -> set[str]:
    return {record.dagster_run.run_id for record in instance.get_run_records()}


def files(home: Path) -> set[str]:
    found = {path.name.partition(".")[0] for path in (home / "dagster/history/runs").glob("*")} - {"index"}
    return found | {path.name for path in (home / "dagster/storage").iterdir()}


def test_old_runs_go_with_their_files(instance: dg.DagsterInstance, tmp_path: Path) -> None:
    on_show = run(instance, rare)
    old = [run(instance, table, judged) for _ in range(2)]
    failed = run(instance, failing)
    newest = run(instance, table, judged)
    assert remove_old_runs(instance, DAY, time.time()) == ()

    assert set(remove_old_runs(instance, DAY, time.time() + 2 * 86_400)) == {*old}
    assert left(instance) == {on_show, failed, newest}
    assert files(tmp_path) == {on_show, failed, newest}
    assert instance.get_latest_materialization_event(dg.AssetKey("rare")) is not None


# A process that removes old runs two days from now, and is killed where the named function is called.
KILLED = """
import os, signal, sys, time
from datetime import timedelta
import dagster as dg
from dagster_project import run_retention

def killed(*_):
    os.kill(os.getpid(), signal.SIGKILL)

owner = dg.DagsterInstance if sys.argv[2] == "delete_run" else run_retention
setattr(owner, sys.argv[2], killed)
with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    run_retention.remove_old_runs(instance, timedelta(days=1), time.time() + 2 * 86_400)
"""


@pytest.mark.parametrize("where", [later("_remove_events"), "delete_run", later("_remove_file_of_events")])
def test_a_removal_that_was_killed_is_ended_by_the_next(
    instance: dg.DagsterInstance, tmp_path: Path, where: str
) -> None:
    old = run(instance, table, judged)
    newest = run(instance, table, judged)
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "dagster"), where], check=False)
    assert done.returncode == -signal.SIGKILL
    assert old in files(tmp_path)
    remove_old_runs(instance, DAY, time.time() + 2 * 86_400)
    assert left(instance) == {newest}
    assert files(tmp_path) == {newest}
