"""What a Dagster service loads: lineage, checks, job and schedule."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy
from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths
from dagster._core.workspace.load_target import get_origins_from_toml
from typer.testing import CliRunner

from dagster_project.cli import app
from dagster_project.definitions import definitions
from dagster_project.defs.sources import first_asset, release_assets
from schedules.definitions import defs
from schedules.nightly import nightly_refresh
from tests.support import small_release
from tests.support.planted_sources import land_portals
from warehouse.contracts import load_contract
from warehouse.quality.suites import LANDED, STAR
from warehouse.registry import SOURCES, source
from warehouse.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def loaded() -> dg.Definitions:
    return defs()


@pytest.fixture(scope="module")
def graph(loaded: dg.Definitions) -> dg.AssetGraph:
    return loaded.resolve_asset_graph()


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


def test_every_suite_is_a_blocking_check_of_a_source_or_of_the_table_that_it_judges(graph: dg.AssetGraph) -> None:
    checks = {key: graph.get_check_spec(key) for key in graph.asset_check_keys}
    for spec in SOURCES:
        check = checks[dg.AssetCheckKey(first_asset(spec), "audit_landed")]
        assert check.blocking
        assert all(suite.name in str(check.description) for suite in LANDED)
        for dataset in load_contract(spec.name).datasets:
            assert dg.AssetCheckKey(dg.AssetKey([spec.name, dataset]), "audit_landed") in checks
    for key in (key for key in graph.get_all_asset_keys() if key.path[0] == "star"):
        assert dg.AssetCheckKey(key, "audit_star") in checks
    for suite in STAR:
        assert checks[dg.AssetCheckKey(dg.AssetKey(list(suite.default)), suite.name.replace(" ", "_"))].blocking


@pytest.mark.full
def test_a_failure_of_a_portal_shows_on_the_portal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ICW_HOME", str(tmp_path))
    landing, idc = small_release.land(tmp_path)
    for release in (idc, *land_portals(tmp_path, landing, {}, {})):
        landing.select(release)
    known = definitions(load_settings())
    audit = next(checks for checks in known.asset_checks or [] if checks.node_def.name == "audit_landed")
    job = dg.define_asset_job("audit", dg.AssetSelection.checks(audit), executor_def=dg.in_process_executor)
    only = dg.Definitions(assets=known.assets, asset_checks=[audit], jobs=[job], resources=known.resources)
    shown = only.resolve_job_def("audit").execute_in_process().get_asset_check_evaluations()
    assert {tuple(found.asset_key.path) for found in shown} == {
        (spec.name, dataset) for spec in SOURCES for dataset in spec.contract.datasets
    }
    failed = {tuple(found.asset_key.path): str(found.metadata["failed"].value) for found in shown if not found.passed}
    assert "midrc.data_file" in failed["midrc", "data_file"]
    for text in (text for (of, _), text in failed.items() if of == "midrc"):
        assert re.search(r"^- \*\*warning\*\* `q-[0-9a-f]{10}` .*; owner: the MIDRC portal\)$", text, re.MULTILINE)


def test_the_schedule_takes_its_time_and_zone_from_the_settings(loaded: dg.Definitions, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, schedule_cron="15 1 * * *", schedule_timezone="America/Chicago")
    schedule = nightly_refresh(settings)
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("15 1 * * *", "America/Chicago")
    assert schedule.job_name == "refresh"
    assert [entry.name for entry in loaded.schedules or []] == ["nightly_refresh"]


def test_importing_the_definitions_neither_parses_nor_writes(tmp_path: Path) -> None:
    code = "import sys, schedules.definitions; print(*sys.modules)"
    home = tmp_path / "home"
    environment = os.environ | {"ICW_HOME": str(home), "ICW_DBT_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    assert "dbt" not in done.stdout.split()
    assert list(tmp_path.iterdir()) == []


def test_every_table_has_its_columns_and_the_file_of_its_model(graph: dg.AssetGraph) -> None:
    for key in (key for key in graph.get_all_asset_keys() if key.path[0] == "star"):
        metadata = graph.get(key).metadata
        columns = metadata["dagster/column_schema"].columns
        assert columns, key
        assert all(column.type and column.description for column in columns), key
        files = [Path(reference.file_path) for reference in metadata["dagster/code_references"].code_references]
        assert [file.stem for file in files if file.suffix == ".sql"] == [key.path[1]]
        assert all(file.is_file() for file in files)


def test_every_asset_says_what_it_is_and_whose(graph: dg.AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        asset = graph.get(key)
        assert asset.description, key
        assert asset.group_name not in (None, "default"), key
        assert asset.kinds, key
        assert asset.tags.get("layer"), key
        (owner,) = asset.owners
        of_a_source = {spec.name for spec in SOURCES} & set(key.path)
        assert owner == f"team:{of_a_source.pop() if of_a_source else 'warehouse'}", key


def test_what_must_be_looked_at_every_night_turns_unhealthy_after_36_hours(graph: dg.AssetGraph) -> None:
    limits = {
        "/".join(key.path): policy.fail_window.to_timedelta()
        for key in graph.get_all_asset_keys()
        if isinstance(policy := graph.get(key).freshness_policy, TimeWindowFreshnessPolicy)
    }
    looked_at = {name: limit for name, limit in limits.items() if name.startswith("looked_at/")}
    assert looked_at == {f"looked_at/{name}": timedelta(hours=36) for name in ("idc", "midrc", "bih", "snapshot")}
    assert {limits[name] for name in limits.keys() - looked_at.keys()} == {timedelta(days=245)}
    assert {name.split("/")[0] for name in limits.keys() - looked_at.keys()} == {"idc"}


def test_icw_dev_loads_the_code_location_of_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(os, "execvp", lambda _, arguments: started.append(arguments))
    for name in ("DAGSTER_HOME", "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    done = CliRunner().invoke(app, ["dev"], env={"ICW_HOME": str(tmp_path)})
    assert done.exit_code == 0, done.output
    (command,) = started
    (dev,) = location_origins_from_yaml_paths([command[command.index("-w") + 1]])
    (service,) = get_origins_from_toml(str(ROOT / "pyproject.toml"))
    assert isinstance(dev, ManagedGrpcPythonEnvCodeLocationOrigin)
    assert dev.location_name == service.location_name
    assert dev.loadable_target_origin.module_name == service.loadable_target_origin.module_name


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
