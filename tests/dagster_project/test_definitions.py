"""What a Dagster service loads: lineage, checks, job and schedule."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.sources import release_assets
from schedules.definitions import defs
from schedules.nightly import nightly_refresh
from warehouse.contracts import load_contract
from warehouse.quality.record import SUITES
from warehouse.registry import source
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def graph() -> dg.AssetGraph:
    return defs.resolve_asset_graph()


def ancestors(graph: dg.AssetGraph, key: dg.AssetKey) -> set[dg.AssetKey]:
    found: set[dg.AssetKey] = set()
    to_visit = [key]
    while to_visit:
        for parent in graph.get(to_visit.pop()).parent_keys - found:
            found.add(parent)
            to_visit.append(parent)
    return found


def test_every_artifact_is_an_asset(graph: dg.AssetGraph) -> None:
    artifacts = {key.path[1] for key in graph.get_all_asset_keys() if key.path[0] == "idc"}
    assert artifacts == set(load_contract("idc").datasets)


def test_the_datasets_of_a_further_source_are_assets() -> None:
    contract = ROOT / "warehouse" / "contracts" / "bih.yml"
    assets = release_assets(replace(source("bih"), name="fourth", contract_file=contract))
    assert {tuple(key.path) for key in assets.keys} == {("fourth", name) for name in load_contract("bih").datasets}


def test_lineage_runs_from_the_raw_artifacts_through_the_star_to_the_snapshot(graph: dg.AssetGraph) -> None:
    assert dg.AssetKey(["idc", "idc_index"]) in ancestors(graph, dg.AssetKey(["star", "fct_series"]))
    assert dg.AssetKey(["idc", "prior_versions_index"]) in ancestors(graph, dg.AssetKey(["star", "fct_series_version"]))
    assert dg.AssetKey(["star", "dim_patient"]) in ancestors(graph, dg.AssetKey("snapshot"))
    assert dg.AssetKey(["idc", "collections_index"]) in ancestors(graph, dg.AssetKey("snapshot"))


def test_every_suite_is_a_blocking_check(graph: dg.AssetGraph) -> None:
    checks = {key.name: graph.get_check_spec(key) for key in graph.asset_check_keys}
    for suite in (suite for suites in SUITES.values() for suite in suites):
        assert checks[suite.replace(" ", "_")].blocking


def test_the_schedule_takes_its_time_and_zone_from_the_settings(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, schedule_cron="15 1 * * *", schedule_timezone="America/Chicago")
    schedule = nightly_refresh(settings)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("15 1 * * *", "America/Chicago")
    assert schedule.job_name == "refresh"
    assert [entry.name for entry in defs.schedules or []] == ["nightly_refresh"]


@pytest.mark.full
def test_dagster_accepts_the_definitions(tmp_path: Path) -> None:
    environment = os.environ | {"ICW_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_reading_does_not_import_what_only_a_refresh_needs() -> None:
    code = "import sys, dagster_project.cli; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, timeout=60, check=True, capture_output=True, text=True
    )
    needless = {"dagster", "dbt", "great_expectations", "warehouse.upstreams", "warehouse.build", "requests", "pyarrow"}
    assert needless & set(done.stdout.split()) == set()
