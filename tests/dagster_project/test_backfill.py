"""Past releases as partitions: what the command line has done shows in Dagster, and the job does the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs.backfill import LockedHome, backfill_job, idc_release_profile
from dagster_project.job import report_backfill
from dagster_project.release_partitions import PROFILE, RELEASES
from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Loopback
from warehouse.backfill import backfill, plan
from warehouse.lock import refresh_lock
from warehouse.settings import Settings


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Settings]:
    """A home that asks the wheel channel alone, which has two releases; the environment says so, too."""
    with Loopback() as server:
        upstream = IdcUpstream(server)
        for version in ("23.10.1", "24.0.0"):
            upstream.publish_wheel(version)
        home = tmp_path / "home"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        monkeypatch.setenv("ICW_HOME", str(home))
        monkeypatch.setenv("ICW_IDC_CHANNELS", json.dumps(["wheel"]))
        monkeypatch.setenv("ICW_PACKAGE_INDEX_URLS", json.dumps([upstream.index_url]))
        yield upstream.settings(home, idc_channels=("wheel",))


def run(instance: dg.DagsterInstance, first: str, last: str) -> dg.ExecuteInProcessResult:
    job = dg.Definitions(
        assets=[idc_release_profile], jobs=[backfill_job], resources={"locked_home": LockedHome()}
    ).resolve_job_def("backfill")
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)


def test_the_job_does_for_its_partitions_what_the_command_does(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(RELEASES.name), ["v23", "24.0.0"])
        assert run(instance, "v23", "24.0.0").success
        assert instance.get_materialized_partitions(PROFILE) == {"v23", "23.10.1", "24.0.0"}
        assert sorted(instance.get_dynamic_partitions(str(RELEASES.name))) == ["23.10.1", "24.0.0", "v23"]
        assert {one.outcome for one in backfill(settings, plan(settings, ["v23", "v24"]))} == {"unchanged"}
    assert not (settings.home / "last_run.json").exists(), "it is no refresh"


def test_a_partition_that_cannot_be_had_is_not_materialized(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions(str(RELEASES.name), ["v22", "v23"])
        assert not run(instance, "v22", "v23").success
        assert instance.get_materialized_partitions(PROFILE) == {"v23", "23.10.1"}


def test_the_job_waits_for_no_other_refresh(settings: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance, refresh_lock(settings.home, "another"):
        instance.add_dynamic_partitions(str(RELEASES.name), ["v23"])
        assert not run(instance, "v23", "v23").success
    assert not (settings.home / "landing").exists()


def test_what_the_command_line_has_done_is_there_once(settings: Settings) -> None:
    for _ in range(2):
        report_backfill(settings, list(backfill(settings, plan(settings, ["v22", "v23", "v24"]))))
    with dg.DagsterInstance.from_config(str(settings.home / "dagster")) as instance:
        assert sorted(instance.get_dynamic_partitions(str(RELEASES.name))) == ["23.10.1", "24.0.0"]
        events = instance.fetch_materializations(PROFILE, limit=10).records
        assert sorted(str(event.partition_key) for event in events) == ["23.10.1", "24.0.0"]
