"""What a refresh decides between its stages, without Dagster and without a build."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.shared import SEED, population_of
from tests.support.small_bucket import Bucket
from warehouse.errors import SourceError, SourceUnreachable
from warehouse.landing import Choice, Landing
from warehouse.refresh import degradation, finish, land, plan, require_a_source
from warehouse.registry import source
from warehouse.run_record import failures_of, last_run
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault
from warehouse.settings import Settings
from warehouse.sources.idc.upstream import IdcUpstream
from warehouse.sources.upstream import ResolvedRelease
from warehouse.upstreams import upstreams

SCALE = 0.0005


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(population_of(tmp_path_factory, SCALE), SCALE, SEED) as running:
        yield running


@pytest.fixture(scope="module")
def settings(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        home=tmp_path_factory.mktemp("decisions"),
        sources="sandbox",
        sandbox_url=sandbox.root_url,
        upstreams=("midrc", "bih"),
        source_urls={"midrc": sandbox.portal_url, "bih": sandbox.bih_url},
        retries=1,
        retry_wait_s=0.01,
    )


def test_a_source_that_fails_keeps_its_last_good_load_and_the_run_ends_as_degraded(
    sandbox: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    landing = Landing(settings.home)
    midrc, bih = upstreams(settings)
    good = [land(upstream, landing) for upstream in (midrc, bih)]
    assert [choice.failure for choice in good] == [None, None]
    sandbox.faults.add(Fault(kind="server_error", service="portal", times=None))
    try:
        kept = land(midrc, landing)
        planned = plan(settings)
    finally:
        sandbox.faults.clear()
    assert (kept.version, kept.digest) == (good[0].version, good[0].digest)
    assert "503" in str(kept.failure)
    assert {choice.source: choice.failure is None for choice in planned.choices} == {"midrc": False, "bih": True}
    failures = failures_of([kept, good[1]])
    assert [(failure.source, failure.version) for failure in failures] == [("midrc", good[0].version)]
    finish(settings.model_copy(update={"home": tmp_path}), "published", "a-snapshot", failures)
    run = last_run(tmp_path)
    assert run is not None
    assert f"midrc could not be refreshed, its load {good[0].version} stays" in str(degradation(run))
    assert (run.outcome, run.exit_code, run.snapshot_id, run.failures) == ("published", 8, "a-snapshot", failures)


def test_a_silent_source_is_left_for_the_run_to_ask_again_unless_all_are_silent(
    sandbox: Sandbox, settings: Settings
) -> None:
    landing = Landing(settings.home)
    for upstream in upstreams(settings):
        land(upstream, landing)
    patient = settings.model_copy(update={"source_retries": 1})
    sandbox.faults.add(Fault(kind="server_error", service="portal", times=None))
    try:
        one_is_silent = plan(patient)
        sandbox.faults.add(Fault(kind="server_error", service="bih", times=None))
        with pytest.raises(SourceError, match="No source could be refreshed"):
            plan(patient)
    finally:
        sandbox.faults.clear()
    assert [(choice.source, choice.failure) for choice in one_is_silent.choices] == [("bih", None)]
    assert one_is_silent.existing is None


def test_a_source_with_wrong_bytes_keeps_its_last_good_load_and_says_so(
    bucket: Bucket, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reads_idc = settings.model_copy(
        update={
            "home": tmp_path,
            "upstreams": ("idc", "midrc", "bih"),
            "idc_channels": ("bucket",),
            "idc_url": bucket.upstream.bucket_url,
        }
    )
    landing = Landing(tmp_path)
    bucket.publish("25.0.5")
    good = [land(upstream, landing) for upstream in upstreams(reads_idc)]
    assert [choice.failure for choice in good] == [None, None, None]
    bucket.publish("25.0.6")
    bucket.upstream.put_in_bucket("25.0.6", "idc_index.parquet", b"PAR1 wrong PAR1", sidecar=False)
    choices = [land(upstream, landing) for upstream in upstreams(reads_idc)]
    require_a_source(choices)
    assert [choice.digest for choice in choices] == [choice.digest for choice in good]
    (failure,) = failures_of(choices)
    assert (failure.source, failure.version) == ("idc", "25.0.5")
    assert failure.reason.startswith("wrong bytes, which do not pass with time: ")
    assert "idc_index.parquet from the bucket is not the file" in failure.reason
    (said,) = [record for record in caplog.records if getattr(record, "event", "") == "degraded"]
    assert said.levelname == "ERROR"
    finish(settings.model_copy(update={"home": tmp_path}), "published", "a-snapshot", [failure])
    assert "idc could not be refreshed, its load 25.0.5 stays: wrong bytes" in str(degradation(last_run(tmp_path)))


def test_one_source_of_several_may_fail_all_may_not() -> None:
    fails = Choice(source="midrc", failure="HTTP 503")
    require_a_source([fails, Choice(source="bih", version="1", digest="0")])
    with pytest.raises(SourceError, match=r"No source could be refreshed\. HTTP 503 HTTP 503"):
        require_a_source([fails, fails.model_copy(update={"source": "bih"})])


@pytest.mark.parametrize("asked", ["current", "v25"])
def test_a_channel_that_lags_behind_does_not_take_the_warehouse_back(
    asked: str, bucket: Bucket, tmp_path: Path
) -> None:
    bucket.publish("25.0.4")
    bucket.publish("25.0.5")
    settings = Settings(
        home=tmp_path, idc_channels=("bucket",), idc_url=bucket.upstream.bucket_url, idc_version=asked, retries=0
    )
    landing, idc = Landing(tmp_path), source("idc")
    newest = ResolvedRelease("25.0.5", "bucket")
    assert land(IdcUpstream(idc, settings, newest), landing).version == "25.0.5"
    behind = ResolvedRelease("25.0.4", "bucket", ("The other channel was passed over: it cannot be reached.",))
    kept = land(IdcUpstream(idc, settings, behind), landing)
    assert (kept.version, "25.0.4" in str(kept.failure)) == ("25.0.5", True)
    with pytest.raises(SourceUnreachable, match=r"but 25\.0\.5 is landed\. The other channel"):
        IdcUpstream(idc, settings, behind).unchanged(landing)
    # The channel that is asked first is believed, and so is a person who names the release.
    assert land(IdcUpstream(idc, settings, ResolvedRelease("25.0.4", "bucket")), landing).version == "25.0.4"
    named = settings.model_copy(update={"idc_version": "25.0.4"})
    assert land(IdcUpstream(idc, named, behind), landing).version == "25.0.4"


def test_an_answer_that_nobody_has_thought_of_stops_its_source_alone(
    sandbox: Sandbox, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing = Landing(settings.home)
    midrc, bih = upstreams(settings)
    good = [land(upstream, landing) for upstream in (midrc, bih)]

    def misunderstood(*_: object) -> None:
        raise KeyError("_totalCount")

    monkeypatch.setattr("warehouse.sources.gen3.upstream.resolve_system", misunderstood)
    kept = land(midrc, landing)
    assert (kept.version, kept.digest) == (good[0].version, good[0].digest)
    assert "sent a response of unforeseen form (KeyError: '_totalCount')" in str(kept.failure)
    assert "unforeseen form" in str(midrc.look(landing).problem)
