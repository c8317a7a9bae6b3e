from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest

from tests.sources.idc.landing_checks import VERSION, assert_nothing_landed, assert_whole, files_below, of
from tests.support.idc_upstream import (
    DATASETS,
    IN_WHEEL,
    ROWS,
    IdcUpstream,
    files_of,
    parquet_bytes,
    parquet_of,
    table_of,
    wheel_of,
)
from tests.support.loopback import Fault, Loopback
from warehouse.errors import SourceUnreachable
from warehouse.landing import Landing
from warehouse.settings import Settings
from warehouse.sources.idc import land, needs_fetch


class TestEachChannel:
    def test_the_bucket_brings_every_dataset(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        release = land(of("bucket"), landing, settings)
        assert_whole(release, landing, DATASETS)
        load = release.loads[0]
        digest = hashlib.sha256(parquet_of("idc_index", VERSION)).hexdigest()
        assert (load.channel, load.rows, load.synthetic) == ("bucket", ROWS, False)
        assert load.url == f"{upstream.bucket_url}/{VERSION}/release_artifacts/idc_index.parquet"
        assert load.proof == {
            "verified_by": "sidecar",
            "sha256": digest,
            "footer_version": f"{VERSION}-0-gf08b112",
            "columns_added": [],
            "columns_missing": [],
            "columns_retyped": [],
        }

    def test_github_brings_what_is_attached_and_names_what_is_not(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_on_github(VERSION, ["idc_index", "ct_index"])
        release = land(of("github"), landing, settings)
        assert_whole(release, landing, ("idc_index", "ct_index"))
        absent = release.load_of("mr_index")
        assert absent is not None
        assert (absent.status, absent.rows, absent.proof) == ("absent", 0, {"reason": "GitHub does not carry it"})
        assert absent.url == f"{upstream.github_url}/releases/download/{VERSION}/mr_index.parquet"
        # The bucket holds the same artifacts: what was absent here would be absent there.
        assert not needs_fetch(of("github"), landing, settings)
        assert not needs_fetch(of("bucket"), landing, settings)

    @pytest.mark.parametrize("version", ["18.2.0", VERSION])
    def test_the_wheel_brings_what_it_carries(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings, version: str
    ) -> None:
        carried = IN_WHEEL if version == VERSION else IN_WHEEL[:2]
        # A real wheel also describes tables that it does not carry.
        content = wheel_of(
            files_of(carried, version) | {"ct_index.sql": b"SELECT", "ct_index_schema.json": b"{}"}, version
        )
        upstream.publish_wheel(version, content=content)
        release = land(of("wheel", version), landing, settings)
        assert_whole(release, landing, carried)
        load, absent = release.loads[0], release.load_of("ct_index")
        assert load.proof["verified_by"] == "RECORD"
        assert load.proof["wheel_sha256"] == hashlib.sha256(content).hexdigest()
        assert load.proof["footer_version"] == (f"{VERSION}-0-gf08b112" if version == VERSION else None)
        assert load.url == upstream.server.url + upstream.wheel_path(version)
        assert absent is not None
        assert absent.proof == {"reason": "the wheel does not carry it"}

    def test_a_wheel_in_a_folder_is_read_where_it_lies(
        self, upstream: IdcUpstream, landing: Landing, home: Path, tmp_path: Path
    ) -> None:
        name = f"idc_index_data-{VERSION}-py3-none-any.whl"
        content = wheel_of(files_of(IN_WHEEL, VERSION), VERSION)
        (tmp_path / name).write_bytes(content)
        folder = tmp_path / "simple" / "idc-index-data"
        folder.mkdir(parents=True)
        digest = hashlib.sha256(content).hexdigest()
        (folder / "index.html").write_text(f'<a href="../../{name}#sha256={digest}">{name}</a>')
        settings = upstream.settings(home, package_index_urls=(f"file://{tmp_path}/simple",))
        assert_whole(land(of("wheel"), landing, settings), landing, IN_WHEEL)
        assert (tmp_path / name).read_bytes() == content

    def test_files_that_the_sandbox_marks_make_the_load_synthetic(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        upstream.put_in_bucket(
            VERSION, "idc_index.parquet", parquet_bytes(table_of("idc_index"), {"synthetic": "true"})
        )
        upstream.publish_in_bucket(VERSION, ["ct_index"])
        release = land(of("bucket"), landing, settings)
        assert [load.dataset for load in release.loads if load.synthetic] == ["idc_index"]
        assert release.synthetic

    def test_a_dataset_without_a_sidecar_is_left_out_and_says_why(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_in_bucket(VERSION, ["idc_index"])
        upstream.publish_in_bucket(VERSION, ["gdc_idc_mapping"], sidecars=False)
        release = land(of("bucket"), landing, settings)
        load = release.load_of("gdc_idc_mapping")
        assert load is not None
        assert load.status == "absent"
        assert load.proof == {"reason": "the bucket has it without a sidecar, so that it cannot be verified"}

    def test_schema_drift_is_kept_and_told(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        table = table_of("idc_index", drop=["aws_bucket"]).append_column("brand_new", table_of("idc_index")["Modality"])
        upstream.put_in_bucket(VERSION, "idc_index.parquet", parquet_bytes(table))
        proof = land(of("bucket"), landing, settings).loads[0].proof
        assert (proof["columns_added"], proof["columns_missing"]) == (["brand_new"], ["aws_bucket"])


class TestNothingTwice:
    def test_a_landed_release_is_returned_without_a_request(
        self, upstream: IdcUpstream, server: Loopback, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_wheel(VERSION)
        first = land(of("wheel"), landing, settings)
        server.requests.clear()
        assert not needs_fetch(of("wheel"), landing, settings)
        assert land(of("wheel"), landing, settings) == first
        assert server.requests == []

    def test_the_same_release_of_another_channel_is_the_same_objects(
        self, upstream: IdcUpstream, server: Loopback, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_wheel(VERSION)
        land(of("wheel"), landing, settings)
        objects = files_below(landing.root / "objects")
        upstream.publish_in_bucket(VERSION)
        server.requests.clear()
        assert needs_fetch(of("bucket"), landing, settings)
        release = land(of("bucket"), landing, settings)
        assert_whole(release, landing, DATASETS)
        assert release.channel == "bucket"
        assert set(objects) <= set(files_below(landing.root / "objects"))
        fetched = {r.path.rpartition("/")[2] for r in server.requests if r.path.endswith(".parquet")}
        assert fetched == {f"{dataset}.parquet" for dataset in DATASETS[5:]}
        assert not needs_fetch(of("bucket"), landing, settings)
        assert not needs_fetch(of("github"), landing, settings)
        assert not needs_fetch(of("wheel"), landing, settings)

    def test_files_with_the_same_bytes_are_one_object(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_in_bucket(VERSION, ["idc_index", "ct_index"])
        for name in ("idc_index.sql", "ct_index.sql"):
            upstream.put_in_bucket(VERSION, name, b"SELECT 1")
        release = land(of("bucket"), landing, settings)
        first, second = (load.object_named(f"{load.dataset}.sql") for load in release.loads if load.objects)
        assert first is not None
        assert second is not None
        assert first.sha256 == second.sha256
        assert landing.missing_objects(release) == []

    def test_a_missing_object_is_fetched_again_and_nothing_else(
        self, upstream: IdcUpstream, server: Loopback, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        release = land(of("bucket"), landing, settings)
        damaged = release.loads[0].objects[0]
        landing.object_path(damaged.sha256).unlink()
        server.requests.clear()
        assert needs_fetch(of("bucket"), landing, settings)
        assert_whole(land(of("bucket"), landing, settings), landing, DATASETS)
        assert [r.path.rpartition("/")[2] for r in server.requests if r.path.endswith(".parquet")] == [damaged.name]

    def test_a_damaged_object_is_replaced(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        path = landing.object_path(land(of("bucket"), landing, settings).loads[0].objects[0].sha256)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1])
        assert_whole(land(of("bucket"), landing, settings), landing, DATASETS)

    def test_two_releases_lie_beside_each_other(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        for version in ("24.2.2", VERSION):
            upstream.publish_wheel(version)
        newer = land(of("wheel"), landing, settings)
        older = land(of("wheel", "24.2.2"), landing, settings)
        assert_whole(newer, landing, IN_WHEEL)
        assert_whole(older, landing, IN_WHEEL)
        assert landing.sweep() == 0


class TestNextChannel:
    def test_a_channel_that_breaks_down_is_left_with_the_whole_release(
        self,
        upstream: IdcUpstream,
        server: Loopback,
        landing: Landing,
        settings: Settings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.publish_on_github(VERSION)
        broken = upstream.bucket_path(VERSION, "prior_versions_index.parquet")
        server.fail(broken, Fault(times=99, cut_at=70_000))
        release = land(of("bucket"), landing, settings)
        assert_whole(release, landing, DATASETS)
        assert release.channel == "github"
        assert {load.channel for load in release.loads} == {"github"}
        passed_over = release.loads[0].proof["passed_over"]
        assert isinstance(passed_over, list)
        assert "prior_versions_index.parquet broke off after" in str(passed_over[0])
        assert str(passed_over[0]) in caplog.text
        # What the bucket had delivered is not fetched again, and its part of the broken file neither.
        assert server.asked_for(upstream.github_path(VERSION, "idc_index.parquet")) == []
        (request,) = server.asked_for(upstream.github_path(VERSION, "prior_versions_index.parquet"))
        assert request.range is not None

    def test_the_wheel_takes_over_when_the_others_are_gone(
        self, upstream: IdcUpstream, server: Loopback, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.publish_wheel(VERSION)
        server.fail(upstream.bucket_path(VERSION, "idc_index.parquet"), Fault(times=99, status=503))
        release = land(of("bucket"), landing, settings)
        assert_whole(release, landing, IN_WHEEL)
        assert release.channel == "wheel"

    def test_when_all_break_down_nothing_is_landed_and_each_says_why(
        self, upstream: IdcUpstream, server: Loopback, landing: Landing, settings: Settings, home: Path
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.publish_wheel(VERSION)
        server.fail(upstream.bucket_path(VERSION, "idc_index.parquet"), Fault(times=99, cut_at=70_000))
        server.fail(upstream.wheel_path(VERSION), Fault(times=99, cut_at=70_000))
        with pytest.raises(SourceUnreachable, match=rf"IDC {VERSION} could not be fetched from any channel") as caught:
            land(of("bucket"), landing, settings)
        size = len(parquet_of("idc_index", VERSION))
        assert f"idc_index.parquet broke off after 65,536 of {size:,} bytes" in str(caught.value)
        assert "GitHub has no release" in str(caught.value)
        assert "py3-none-any.whl broke off after 65,536 of" in str(caught.value)
        assert_nothing_landed(home)

    def test_a_landed_release_stays_when_the_better_channel_breaks_down(
        self, upstream: IdcUpstream, server: Loopback, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_wheel(VERSION)
        first = land(of("wheel"), landing, settings)
        upstream.publish_in_bucket(VERSION)
        server.fail(upstream.bucket_path(VERSION, "ct_index.parquet"), Fault(times=99, status=503))
        server.requests.clear()
        assert land(of("bucket"), landing, settings) == first
        assert server.asked_for(upstream.wheel_path(VERSION)) == []


def test_what_a_person_may_follow_is_logged_as_events(
    upstream: IdcUpstream, landing: Landing, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.publish_in_bucket(VERSION, ["idc_index"])
    with caplog.at_level(logging.INFO, "icw.sources.http"):
        land(of("bucket"), landing, settings)
    events = [vars(record)["event"] for record in caplog.records]
    assert set(events) == {"step", "download"}
    assert caplog.records[0].getMessage() == f"Reading the checksums of IDC {VERSION} from the bucket"
