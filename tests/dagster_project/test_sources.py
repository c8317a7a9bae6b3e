"""The step that lands a source: asked again where it does not answer now, and materialized only by what is new."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.sources import release_assets
from dagster_project.resources import Warehouse
from tests.support.shared import SEED, population_of
from warehouse.landing import Landing
from warehouse.registry import source
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault

SCALE = 0.0005


@pytest.fixture
def sandbox(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sandbox]:
    """A portal, and a home in which a source is asked three times in all."""
    with Sandbox(population_of(tmp_path_factory, SCALE), SCALE, SEED) as running:
        told = {
            "HOME": str(tmp_path / "home"),
            "SOURCES": "sandbox",
            "SANDBOX_URL": running.root_url,
            "UPSTREAMS": '["midrc"]',
            "RETRIES": "0",
            "RETRY_WAIT_S": "0",
            "SOURCE_RETRIES": "2",
            "SOURCE_RETRY_WAIT_S": "0.01",
        }
        for name, value in told.items():
            monkeypatch.setenv(f"ICW_{name}", value)
        yield running


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def landed_by(instance: dg.DagsterInstance) -> dg.ExecuteInProcessResult:
    """Run the step of the portal alone."""
    release = release_assets(source("midrc"))
    job = dg.define_asset_job("refresh", dg.AssetSelection.assets(*release.keys), executor_def=dg.in_process_executor)
    known = dg.Definitions(assets=[release], jobs=[job], resources={"warehouse": Warehouse()})
    return known.resolve_job_def("refresh").execute_in_process(instance=instance, raise_on_error=False)


def counted(done: dg.ExecuteInProcessResult, kind: str) -> int:
    return sum(event.event_type_value == kind for event in done.all_events)


def test_a_portal_that_does_not_answer_for_a_while_degrades_nothing(
    sandbox: Sandbox, instance: dg.DagsterInstance
) -> None:
    sandbox.faults.add(Fault(kind="server_error", service="portal", times=2))
    done = landed_by(instance)
    assert done.success
    assert counted(done, "STEP_RESTARTED") == 2
    (check,) = done.get_asset_check_evaluations()
    assert check.passed


def test_after_its_tries_the_last_good_load_stays_and_nothing_is_materialized(
    sandbox: Sandbox, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    datasets = len(source("midrc").contract.datasets)
    first = landed_by(instance)
    landed = counted(first, "ASSET_MATERIALIZATION")
    assert 0 < landed <= datasets
    again = landed_by(instance)
    assert (counted(again, "ASSET_MATERIALIZATION"), counted(again, "ASSET_OBSERVATION")) == (0, datasets)
    sandbox.faults.add(Fault(kind="server_error", service="portal", times=None))
    down = landed_by(instance)
    assert down.success
    assert counted(down, "STEP_RESTARTED") == 2
    assert counted(down, "ASSET_MATERIALIZATION") == 0
    (check,) = down.get_asset_check_evaluations()
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    (choice,) = Landing(tmp_path / "home").choices()
    assert choice.digest is not None


def test_what_no_time_mends_is_not_asked_again(
    sandbox: Sandbox, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICW_MIDRC_URL", f"{sandbox.root_url}/nothing-is-here")
    monkeypatch.delenv("ICW_SANDBOX_URL")
    monkeypatch.setenv("ICW_SOURCES", "live")
    done = landed_by(instance)
    assert counted(done, "STEP_RESTARTED") == 0
    (check,) = done.get_asset_check_evaluations()
    assert not check.passed
