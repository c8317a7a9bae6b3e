from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest

from tests.sources.idc_upstream import (
    DATASETS,
    IN_WHEEL,
    ROWS,
    IdcUpstream,
    files_of,
    parquet_bytes,
    parquet_of,
    record_line,
    table_of,
    wheel_of,
)
from tests.sources.loopback import Fault, Loopback
from warehouse.errors import IntegrityError, SourceUnreachable, StorageError
from warehouse.landing import Landing, Release
from warehouse.settings import IdcChannel, Settings
from warehouse.sources.idc import ResolvedRelease, land, needs_fetch, resolve

VERSION = "25.0.5"


@pytest.fixture
def landing(home: Path) -> Landing:
    return Landing(home)


@pytest.fixture
def settings(upstream: IdcUpstream, home: Path) -> Settings:
    return upstream.settings(home)


def of(channel: IdcChannel, version: str = VERSION) -> ResolvedRelease:
    return ResolvedRelease(version, channel, ())


def files_below(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def assert_nothing_landed(home: Path) -> None:
    assert files_below(home / "landing" / "objects") == []
    assert files_below(home / "landing" / "loads") == []


def assert_whole(release: Release, landing: Landing, landed: tuple[str, ...]) -> None:
    """Every dataset has a load, and the objects are what upstream published, byte by byte."""
    assert [load.dataset for load in release.loads] == list(DATASETS)
    assert [load.dataset for load in release.loads if load.status == "landed"] == list(landed)
    for load in release.loads:
        published = files_of([load.dataset], release.version) if load.status == "landed" else {}
        assert {entry.name for entry in load.objects} == set(published)
        for entry in load.objects:
            content = landing.object_path(entry.sha256).read_bytes()
            assert content == published[entry.name]
            assert (entry.sha256, entry.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
        assert load.bytes == sum(entry.bytes for entry in load.objects)
    assert landing.release("idc", release.version) == release
    assert landing.missing_objects(release) == []
    assert files_below(landing.root / "staging") == []


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

    @pytest.mark.parametrize("version", ["18.2.0", VERSION])
    def test_the_wheel_brings_what_it_carries(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings, version: str
    ) -> None:
        carried = IN_WHEEL if version == VERSION else IN_WHEEL[:2]
        # A real wheel also describes tables that it does not carry.
        content = wheel_of(files_of(carried, version) | {"ct_index.sql": b"SELECT", "ct_index_schema.json": b"{}"}, version)
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
        upstream.put_in_bucket(VERSION, "idc_index.parquet", parquet_bytes(table_of("idc_index"), {"synthetic": "true"}))
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
        assert not needs_fetch(of("wheel"), landing)
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
        assert needs_fetch(of("bucket"), landing)
        release = land(of("bucket"), landing, settings)
        assert_whole(release, landing, DATASETS)
        assert release.channel == "bucket"
        assert set(objects) <= set(files_below(landing.root / "objects"))
        fetched = {r.path.rpartition("/")[2] for r in server.requests if r.path.endswith(".parquet")}
        assert fetched == {f"{dataset}.parquet" for dataset in DATASETS[5:]}
        assert not needs_fetch(of("bucket"), landing)
        assert not needs_fetch(of("github"), landing)
        assert not needs_fetch(of("wheel"), landing)

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
        assert needs_fetch(of("bucket"), landing)
        assert_whole(land(of("bucket"), landing, settings), landing, DATASETS)
        assert [r.path.rpartition("/")[2] for r in server.requests if r.path.endswith(".parquet")] == [damaged.name]

    def test_a_damaged_object_is_replaced(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        path = landing.object_path(land(of("bucket"), landing, settings).loads[0].objects[0].sha256)
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-1])
        assert_whole(land(of("bucket"), landing, settings), landing, DATASETS)

    def test_two_releases_lie_beside_each_other(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        for version in ("24.2.2", VERSION):
            upstream.publish_wheel(version)
        newer = land(of("wheel"), landing, settings)
        older = land(of("wheel", "24.2.2"), landing, settings)
        assert_whole(newer, landing, IN_WHEEL)
        assert_whole(older, landing, IN_WHEEL)
        assert landing.sweep() == 0


class TestNextChannel:
    def test_a_channel_that_breaks_down_is_left_with_the_whole_release(
        self, upstream: IdcUpstream, server: Loopback, landing: Landing, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.publish_on_github(VERSION)
        broken = upstream.bucket_path(VERSION, "prior_versions_index.parquet")
        server.fail(broken, Fault(times=99, cut_at=len(parquet_of("prior_versions_index", VERSION)) // 2))
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


class TestBadBytes:
    """Each stops at once, names the file, the channel, what was expected and what was found, and lands nothing."""

    def refuse(self, channel: IdcChannel, landing: Landing, settings: Settings) -> str:
        with pytest.raises(IntegrityError) as caught:
            land(of(channel), landing, settings)
        assert_nothing_landed(settings.home)
        sentence = str(caught.value)
        assert "\n" not in sentence
        assert "othing was landed" in sentence
        return sentence

    def heal(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        """Once upstream is right again, a rerun lands the release: no bad byte was kept."""
        upstream.publish_in_bucket(VERSION)
        assert_whole(land(of("bucket"), landing, settings), landing, DATASETS)

    def test_a_wrong_checksum(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.publish_wheel(VERSION)
        content = bytearray(parquet_of("prior_versions_index", VERSION))
        content[100] ^= 1
        upstream.put_in_bucket(VERSION, "prior_versions_index.parquet", bytes(content), sidecar=False)
        sentence = self.refuse("bucket", landing, settings)
        assert "prior_versions_index.parquet from the bucket is not the file that its sidecar" in sentence
        assert hashlib.sha256(parquet_of("prior_versions_index", VERSION)).hexdigest() in sentence
        assert hashlib.sha256(content).hexdigest() in sentence
        self.heal(upstream, landing, settings)

    def test_no_other_channel_makes_up_for_it(
        self, upstream: IdcUpstream, server: Loopback, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.publish_on_github(VERSION)
        upstream.publish_wheel(VERSION)
        upstream.put_in_bucket(VERSION, "ct_index.parquet", b"PAR1 something else PAR1", sidecar=False)
        self.refuse("bucket", landing, settings)
        assert [r for r in server.requests if not r.path.startswith("/bucket/")] == []

    def test_a_truncated_file(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        content = parquet_of("idc_index", VERSION)[:-1000]
        upstream.put_in_bucket(VERSION, "idc_index.parquet", content, sidecar=False)
        sentence = self.refuse("bucket", landing, settings)
        assert "idc_index.parquet from the bucket is not the file that its sidecar" in sentence
        assert f"over {len(content):,} bytes" in sentence
        self.heal(upstream, landing, settings)

    def test_a_truncated_file_with_a_sidecar_of_its_own(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        content = parquet_of("idc_index", VERSION)[:-1000]
        upstream.put_in_bucket(VERSION, "idc_index.parquet", content)
        sentence = self.refuse("bucket", landing, settings)
        assert "idc_index.parquet from the bucket is not a Parquet file" in sentence
        self.heal(upstream, landing, settings)

    def test_a_file_that_is_not_parquet(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.put_in_bucket(VERSION, "ct_index.parquet", b"SeriesInstanceUID,KVP\n1.2.3,120\n")
        sentence = self.refuse("bucket", landing, settings)
        assert "ct_index.parquet from the bucket is not a Parquet file that can be read" in sentence
        assert "32 bytes" in sentence
        self.heal(upstream, landing, settings)

    def test_a_missing_required_column(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.put_in_bucket(VERSION, "idc_index.parquet", parquet_bytes(table_of("idc_index", drop=["Modality"])))
        sentence = self.refuse("bucket", landing, settings)
        assert f"idc_index.parquet of IDC {VERSION} from the bucket lacks the required column Modality" in sentence
        self.heal(upstream, landing, settings)

    def test_a_sidecar_of_another_file(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        digest = hashlib.sha256(parquet_of("mr_index", VERSION)).hexdigest()
        upstream.put_in_bucket(VERSION, "ct_index.parquet.sha256", f"{digest}  mr_index.parquet\n".encode())
        sentence = self.refuse("bucket", landing, settings)
        assert "The sidecar ct_index.parquet.sha256 from the bucket is about another file" in sentence
        assert "expected ct_index.parquet, found 'mr_index.parquet'" in sentence
        self.heal(upstream, landing, settings)

    def test_a_footer_of_another_release(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.put_in_bucket(VERSION, "pt_index.parquet", parquet_of("pt_index", "24.2.2"))
        sentence = self.refuse("bucket", landing, settings)
        assert "pt_index.parquet from the bucket is of another release" in sentence
        assert f"expected {VERSION}, found '24.2.2-0-gf08b112'" in sentence
        self.heal(upstream, landing, settings)

    def test_a_wheel_that_is_not_the_one_that_the_index_describes(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_wheel(VERSION, digest="0" * 64)
        sentence = self.refuse("wheel", landing, settings)
        assert "idc_index_data-25.0.5-py3-none-any.whl from the package index is not the file" in sentence
        assert "0" * 64 in sentence
        self.heal(upstream, landing, settings)

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            (record_line("idc_index_data/idc_index.parquet", b"other"), "disagrees with idc_index_data/idc_index.parquet"),
            (None, "states no SHA-256 for idc_index_data/idc_index.parquet"),
            ("idc_index_data/idc_index.parquet,,", "states no SHA-256 for idc_index_data/idc_index.parquet"),
            ("idc_index_data/idc_index.parquet,sha256=nonsense,3", "cannot be read: 'sha256=nonsense'"),
        ],
    )
    def test_a_wheel_whose_record_disagrees(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings, line: str | None, words: str
    ) -> None:
        content = wheel_of(files_of(IN_WHEEL, VERSION), VERSION, {"idc_index_data/idc_index.parquet": line})
        upstream.publish_wheel(VERSION, content=content)
        sentence = self.refuse("wheel", landing, settings)
        assert words in sentence
        assert "idc_index_data-25.0.5-py3-none-any.whl" in sentence
        assert files_below(landing.root / "staging") == []

    def test_a_record_that_lists_what_the_wheel_does_not_contain(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        member = "idc_index_data/ct_index.parquet"
        content = wheel_of(files_of(IN_WHEEL, VERSION), VERSION, {member: record_line(member, b"x")})
        upstream.publish_wheel(VERSION, content=content)
        assert f"it lists {member}, which the wheel does not contain" in self.refuse("wheel", landing, settings)

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"no archive", "cannot be opened as a zip archive"),
            (wheel_of(files_of(IN_WHEEL, "24.2.2"), "24.2.2"), "is not idc_index_data 25.0.5"),
            (wheel_of(files_of(IN_WHEEL, "24.2.2"), VERSION), "is of another release: expected 25.0.5"),
        ],
    )
    def test_a_wheel_of_something_else(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings, content: bytes, words: str
    ) -> None:
        upstream.publish_wheel(VERSION, content=content)
        assert words in self.refuse("wheel", landing, settings)
        assert files_below(landing.root / "staging") == []

    def test_a_wheel_in_a_folder_that_is_not_the_one_of_the_index_is_left_alone(
        self, upstream: IdcUpstream, landing: Landing, home: Path, tmp_path: Path
    ) -> None:
        name = f"idc_index_data-{VERSION}-py3-none-any.whl"
        (tmp_path / "idc-index-data").mkdir()
        (tmp_path / "idc-index-data" / name).write_bytes(b"other")
        (tmp_path / "idc-index-data" / "index.html").write_text(f'<a href="{name}#sha256={"0" * 64}">{name}</a>')
        settings = upstream.settings(home, package_index_urls=(f"file://{tmp_path}",))
        assert f"{name} is not the file that the package index describes" in self.refuse("wheel", landing, settings)
        assert (tmp_path / "idc-index-data" / name).exists()


class TestStorage:
    def test_an_unwritable_home(self, upstream: IdcUpstream, tmp_path: Path) -> None:
        (tmp_path / "occupied").write_text("a file, not a folder")
        settings = upstream.settings(tmp_path / "occupied" / "home")
        upstream.publish_in_bucket(VERSION)
        upstream.make_current(VERSION)
        landing = Landing(settings.home)
        resolved = resolve("current", settings)
        assert needs_fetch(resolved, landing)
        with pytest.raises(StorageError, match=r"Cannot write to .*occupied.*: Not a directory\. .*ICW_HOME") as caught:
            land(resolved, landing, settings)
        assert caught.value.exit_code == 6
        assert (tmp_path / "occupied").read_text() == "a file, not a folder"


def test_what_a_person_may_follow_is_logged_as_events(
    upstream: IdcUpstream, landing: Landing, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    upstream.publish_in_bucket(VERSION, ["idc_index"])
    with caplog.at_level(logging.INFO, "icw.sources.http"):
        land(of("bucket"), landing, settings)
    events = [vars(record)["event"] for record in caplog.records]
    assert set(events) == {"step", "download"}
    assert caplog.records[0].getMessage() == f"Reading the checksums of IDC {VERSION} from the bucket"
