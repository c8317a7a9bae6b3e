"""Bytes that disagree with their proof, format, release or contract, and a home that refuses to be written."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.sources.idc.landing_checks import VERSION, assert_nothing_landed, assert_whole, files_below, of
from tests.support.idc_upstream import (
    DATASETS,
    IN_WHEEL,
    IdcUpstream,
    files_of,
    parquet_bytes,
    parquet_of,
    record_line,
    table_of,
    wheel_of,
)
from warehouse.errors import IntegrityError, StorageError
from warehouse.landing import Landing
from warehouse.settings import IdcChannel, Settings
from warehouse.sources.idc import land, needs_fetch, resolve


class TestBadBytes:
    """Each names the file, the channel, what was expected and what was found; where no channel is left, none lands."""

    def refuse(self, channel: IdcChannel, landing: Landing, settings: Settings) -> str:
        alone = settings.model_copy(update={"idc_channels": (channel,)})
        with pytest.raises(IntegrityError) as caught:
            land(of(channel), landing, alone)
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

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("ct_index.parquet", b"PAR1 something else PAR1"),
            ("ct_index.parquet.sha256", b"no checksum"),
            ("ct_index.parquet.sha256", b"\xff" * 80),
        ],
    )
    def test_the_next_channel_makes_up_for_it_and_the_loads_say_so(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings, name: str, content: bytes
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.publish_on_github(VERSION)
        upstream.put_in_bucket(VERSION, name, content, sidecar=False)
        release = land(of("bucket"), landing, settings)
        assert_whole(release, landing, DATASETS)
        assert release.channel == "github"
        for load in release.loads[: len(DATASETS)]:
            (reason,) = load.proof["passed_over"]  # type: ignore[misc]
            assert "The bucket channel was passed over" in str(reason)
            assert "ct_index.parquet" in str(reason)

    def test_wrong_bytes_of_one_channel_are_named_where_no_other_answers(
        self, upstream: IdcUpstream, landing: Landing, settings: Settings
    ) -> None:
        upstream.publish_in_bucket(VERSION)
        upstream.put_in_bucket(VERSION, "ct_index.parquet", b"PAR1 something else PAR1", sidecar=False)
        with pytest.raises(
            IntegrityError, match=r"bucket channel was passed over.* ct_index\.parquet .*github channel"
        ):
            land(of("bucket"), landing, settings)
        assert_nothing_landed(settings.home)

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

    def test_a_missing_column_of_the_key(self, upstream: IdcUpstream, landing: Landing, settings: Settings) -> None:
        upstream.publish_in_bucket(VERSION)
        without = parquet_bytes(table_of("idc_index", drop=["SeriesInstanceUID"]))
        upstream.put_in_bucket(VERSION, "idc_index.parquet", without)
        sentence = self.refuse("bucket", landing, settings)
        assert f"idc_index.parquet of IDC {VERSION} from the bucket lacks the column SeriesInstanceUID" in sentence
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
            (
                record_line("idc_index_data/idc_index.parquet", b"other"),
                "disagrees with idc_index_data/idc_index.parquet",
            ),
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
        assert needs_fetch(resolved, landing, settings)
        with pytest.raises(StorageError, match=r"Cannot write to .*occupied.*: Not a directory\. .*ICW_HOME") as caught:
            land(resolved, landing, settings)
        assert caught.value.exit_code == 6
        assert (tmp_path / "occupied").read_text() == "a file, not a folder"
