from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.support.idc_upstream import IdcUpstream, parquet_bytes, table_of
from tests.support.loopback import Fault, Loopback
from warehouse.errors import SourceError, SourceUnreachable, UnknownRelease, UsageError
from warehouse.settings import Settings
from warehouse.sources.idc import ResolvedRelease, resolve
from warehouse.sources.idc.package_index import configured_indexes, read_pip_configuration

OVER_BUCKET = "The bucket channel was passed over: "
OVER_GITHUB = "The github channel was passed over: "


@pytest.mark.parametrize("name", ["current", "latest"])
def test_the_bucket_says_which_release_is_current(upstream: IdcUpstream, home: Path, name: str) -> None:
    upstream.publish_in_bucket("25.0.5", ["idc_index"])
    upstream.make_current("25.0.5")
    assert resolve(name, upstream.settings(home)) == ResolvedRelease("25.0.5", "bucket", ())


def test_resolving_asks_for_little(upstream: IdcUpstream, server: Loopback, home: Path) -> None:
    upstream.publish_in_bucket("25.0.5")
    upstream.make_current("25.0.5")
    resolve("current", upstream.settings(home))
    assert [request.path.rpartition("/")[2] for request in server.requests] == [
        "version_metadata_index.parquet",
        "idc_index.parquet.sha256",
    ]
    assert not home.exists()


def test_the_newest_patch_of_a_major_is_found_in_a_listing_of_several_pages(upstream: IdcUpstream, home: Path) -> None:
    upstream.list_bucket("24.", ["24.0.0", "24.10.0rc1"], next_marker="24.10.0rc1/")
    upstream.list_bucket("24.", ["24.2.2", "24.2.10", "24.9.0.dev1"], marker="24.10.0rc1/")
    upstream.publish_in_bucket("24.2.10", ["idc_index"])
    assert resolve("v24", upstream.settings(home)).version == "24.2.10"


def test_a_release_that_is_just_being_published_is_left_for_the_one_before(upstream: IdcUpstream, home: Path) -> None:
    upstream.list_bucket("25.", ["25.0.4", "25.0.5"])
    upstream.publish_in_bucket("25.0.4", ["idc_index"])
    assert resolve("v25", upstream.settings(home)) == ResolvedRelease("25.0.4", "bucket", ())


def test_a_full_version_is_looked_for_where_it_lies(upstream: IdcUpstream, home: Path) -> None:
    upstream.publish_in_bucket("24.2.2", ["idc_index"])
    assert resolve("24.2.2", upstream.settings(home)) == ResolvedRelease("24.2.2", "bucket", ())


class TestPassingOver:
    def test_a_bucket_that_cannot_be_reached_is_passed_over_with_a_line_that_says_so(
        self, upstream: IdcUpstream, home: Path, refusing_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        upstream.publish_on_github("25.0.5", ["idc_index"])
        with caplog.at_level(logging.INFO, "icw.sources.http"):
            found = resolve("current", upstream.settings(home, idc_url=f"{refusing_url}/bucket"))
        assert (found.version, found.channel) == ("25.0.5", "github")
        assert found.passed_over[0].startswith(OVER_BUCKET)
        assert "connection refused" in found.passed_over[0]
        warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert [(record.getMessage(), vars(record)["event"], vars(record)["channel"]) for record in warnings] == [
            (found.passed_over[0], "passed_over", "bucket")
        ]

    @pytest.mark.parametrize(
        ("status", "reason"), [(500, "status 500"), (403, "status 403"), (302, "does not say|web page|not a Parquet")]
    )
    def test_a_bucket_that_answers_with_an_error_is_passed_over(
        self, upstream: IdcUpstream, server: Loopback, home: Path, status: int, reason: str
    ) -> None:
        upstream.publish_in_bucket("25.0.5", ["idc_index"])
        upstream.make_current("25.0.5")
        upstream.publish_wheel("25.0.4")
        path = upstream.bucket_path("current", "version_metadata_index.parquet")
        login = server.serve("/login", "<html>please log in</html>", "text/html")
        server.fail(path, Fault(times=99, status=status, headers={"Location": login}))
        found = resolve("current", upstream.settings(home, idc_channels=("bucket", "wheel")))
        assert (found.version, found.channel) == ("25.0.4", "wheel")
        assert any(word in found.passed_over[0] for word in reason.split("|"))

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"something else", "is not a Parquet file"),
            (parquet_bytes(table_of("version_metadata_index", 3)), "does not say which release it belongs to"),
            (parquet_bytes(table_of("version_metadata_index", 3), {"idc_index_data_version": "main"}), "found 'main'"),
        ],
    )
    def test_a_current_release_that_does_not_say_what_it_is_is_passed_over(
        self, upstream: IdcUpstream, home: Path, content: bytes, reason: str
    ) -> None:
        upstream.put_in_bucket("current", "version_metadata_index.parquet", content)
        upstream.publish_wheel("25.0.5")
        found = resolve("current", upstream.settings(home))
        assert found.channel == "wheel"
        assert reason in found.passed_over[0]

    def test_current_may_be_missing_for_a_moment_while_upstream_replaces_it(
        self, upstream: IdcUpstream, home: Path
    ) -> None:
        upstream.publish_in_bucket("25.0.5")
        upstream.publish_wheel("25.0.5")
        found = resolve("current", upstream.settings(home))
        assert found.channel == "wheel"
        assert found.passed_over == (
            f"{OVER_BUCKET}the bucket has no current release at this moment.",
            f"{OVER_GITHUB}{upstream.github_url}/releases/latest does not exist.",
        )

    def test_releases_without_sidecars_cannot_be_verified(self, upstream: IdcUpstream, home: Path) -> None:
        upstream.publish_in_bucket("23.5.0", sidecars=False)
        upstream.publish_on_github("23.5.0", sidecars=False)
        upstream.publish_wheel("23.5.0")
        found = resolve("23.5.0", upstream.settings(home))
        assert found.channel == "wheel"
        assert "the bucket has the release 23.5.0 without idc_index.parquet.sha256" in found.passed_over[0]
        assert "GitHub has the release 23.5.0 without idc_index.parquet.sha256" in found.passed_over[1]

    def test_nothing_but_what_cannot_be_verified_is_a_source_error(self, upstream: IdcUpstream, home: Path) -> None:
        upstream.publish_in_bucket("23.5.0", sidecars=False)
        upstream.publish_wheel("23.5.0", digest="")
        with pytest.raises(SourceError, match=r"No channel has IDC 23\.5\.0 in a form that can be verified") as caught:
            resolve("23.5.0", upstream.settings(home))
        assert not isinstance(caught.value, SourceUnreachable)
        assert "lists idc_index_data-23.5.0-py3-none-any.whl without a SHA-256" in str(caught.value)


class TestGitHub:
    def test_the_newest_patch_of_a_major_is_found_by_its_tag(self, upstream: IdcUpstream, home: Path) -> None:
        upstream.tag_on_github(["24.2.2", "24.10.0", "24.9.0", "25.0.0", "v24.99.0", "nightly"])
        upstream.publish_on_github("24.10.0", ["idc_index"])
        assert resolve("v24", upstream.settings(home, idc_channels=("github",))).version == "24.10.0"

    def test_an_answer_that_lists_no_tags_is_passed_over(
        self, upstream: IdcUpstream, server: Loopback, home: Path
    ) -> None:
        server.serve("/github/idc-index-data.git/info/refs?service=git-upload-pack", "<html/>", "text/html")
        with pytest.raises(SourceUnreachable, match="does not list the tags"):
            resolve("v24", upstream.settings(home, idc_channels=("github",)))

    def test_a_latest_release_that_leads_nowhere_is_passed_over(
        self, upstream: IdcUpstream, server: Loopback, home: Path
    ) -> None:
        server.redirect("/github/idc-index-data/releases/latest", f"{upstream.github_url}/releases")
        with pytest.raises(SourceUnreachable, match="does not redirect to its latest release"):
            resolve("current", upstream.settings(home, idc_channels=("github",)))


class TestWheel:
    def settings_of(self, upstream: IdcUpstream, home: Path, **more: object) -> Settings:
        return upstream.settings(home, idc_channels=("wheel",), **more)

    def test_the_newest_stable_wheel_that_is_not_withdrawn_is_chosen(self, upstream: IdcUpstream, home: Path) -> None:
        for version in ("23.9.0", "23.10.1", "24.2.2"):
            upstream.publish_wheel(version)
        upstream.publish_wheel("23.11.0", attributes='data-yanked=""')
        upstream.publish_wheel("26.0.0rc1", content=b"never fetched")
        assert resolve("current", self.settings_of(upstream, home)).version == "24.2.2"
        assert resolve("v23", self.settings_of(upstream, home)).version == "23.10.1"

    def test_who_asks_for_a_withdrawn_version_gets_it_with_a_warning(
        self, upstream: IdcUpstream, home: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        upstream.publish_wheel("23.11.0", attributes='data-yanked="wrong counts"')
        assert resolve("23.11.0", self.settings_of(upstream, home)).version == "23.11.0"
        assert "withdrawn (yanked) idc_index_data-23.11.0-py3-none-any.whl" in caplog.text

    def test_a_json_page_is_read_as_well(self, upstream: IdcUpstream, server: Loopback, home: Path) -> None:
        page = (
            '{"meta": {"api-version": "1.1"}, "name": "idc-index-data", "versions": ["24.2.2"], "files": [{"filename": '
            '"idc_index_data-24.2.2-py3-none-any.whl", "url": "../../files/w.whl", "size": 3, "hashes": {"sha256": "'
            + "0" * 64 + '"}}]}'
        )  # fmt: skip
        server.serve("/simple/idc-index-data/", page, "application/vnd.pypi.simple.v1+json")
        assert resolve("current", self.settings_of(upstream, home)).version == "24.2.2"

    def test_several_indexes_are_read_together_and_one_that_is_down_is_told(
        self, upstream: IdcUpstream, home: Path, refusing_url: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        upstream.publish_wheel("24.2.2")
        urls = (f"{refusing_url}/simple/", f"{upstream.server.url}/empty/", upstream.index_url)
        assert resolve("current", self.settings_of(upstream, home, package_index_urls=urls)).version == "24.2.2"
        assert "A package index was passed over" in caplog.text

    def test_an_index_that_is_down_does_not_make_a_release_unknown(
        self, upstream: IdcUpstream, home: Path, refusing_url: str
    ) -> None:
        urls = (f"{refusing_url}/simple/", f"{upstream.server.url}/empty/")
        with pytest.raises(SourceUnreachable, match="connection refused"):
            resolve("24.2.2", self.settings_of(upstream, home, package_index_urls=urls))

    def test_a_login_page_in_place_of_the_index_is_no_index(
        self, upstream: IdcUpstream, server: Loopback, home: Path
    ) -> None:
        server.serve("/simple/idc-index-data/", "<html><p>Welcome to the guest network</p></html>", "text/html")
        with pytest.raises(SourceUnreachable, match="is not a page of a package index"):
            resolve("24.2.2", self.settings_of(upstream, home))

    def test_no_index_at_all_is_told(self, upstream: IdcUpstream, home: Path) -> None:
        with pytest.raises(SourceUnreachable, match="pip is configured to use no package index"):
            resolve("24.2.2", self.settings_of(upstream, home, package_index_urls=()))

    def test_a_folder_can_be_an_index(self, upstream: IdcUpstream, home: Path, tmp_path: Path) -> None:
        folder = tmp_path / "my mirror" / "idc-index-data"
        folder.mkdir(parents=True)
        name = "idc_index_data-24.2.2-py3-none-any.whl"
        (folder / "index.html").write_text(f'<a href="../files/{name}#sha256={"0" * 64}">{name}</a>')
        urls = (f"file://{tmp_path}/my%20mirror", f"file://{tmp_path}/nothing")
        assert resolve("current", self.settings_of(upstream, home, package_index_urls=urls)).version == "24.2.2"

    def test_without_a_setting_it_is_what_pip_is_configured_for(
        self, upstream: IdcUpstream, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        upstream.publish_wheel("24.2.2")
        monkeypatch.setenv("PIP_INDEX_URL", upstream.index_url)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", f"{upstream.server.url}/extra/ {upstream.server.url}/more/")
        settings = self.settings_of(upstream, home, package_index_urls=None)
        expected = (upstream.index_url, f"{upstream.server.url}/extra/", f"{upstream.server.url}/more/")
        assert configured_indexes(settings).index_urls == expected
        assert resolve("current", settings).version == "24.2.2"

    def test_pip_may_be_missing(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
        monkeypatch.setenv("PATH", str(tmp_path))
        assert read_pip_configuration().index_urls == ("https://pypi.org/simple/",)


class TestFailing:
    def test_an_unknown_version_names_every_channel(self, upstream: IdcUpstream, home: Path) -> None:
        upstream.publish_in_bucket("25.0.5", ["idc_index"])
        upstream.publish_wheel("25.0.5")
        with pytest.raises(UnknownRelease) as caught:
            resolve("99.0.0", upstream.settings(home))
        assert str(caught.value) == (
            "There is no IDC release 99.0.0, as far as the channels answered. "
            "The bucket channel was passed over: the bucket has no release 99.0.0. "
            "The github channel was passed over: GitHub has no release 99.0.0. "
            "The wheel channel was passed over: the package index has no wheel 99.0.0."
        )
        assert caught.value.exit_code == 2
        assert not home.exists()

    def test_an_unknown_major_is_unknown_although_a_channel_is_down(
        self, upstream: IdcUpstream, home: Path, refusing_url: str
    ) -> None:
        upstream.list_bucket("99.", [])
        upstream.publish_wheel("25.0.5")
        with pytest.raises(UnknownRelease, match="There is no IDC release v99") as caught:
            resolve("v99", upstream.settings(home, idc_github_url=f"{refusing_url}/repository"))
        assert "the bucket has no release of v99" in str(caught.value)
        assert "connection refused" in str(caught.value)

    def test_no_network_is_one_sentence_a_channel(self, upstream: IdcUpstream, home: Path, refusing_url: str) -> None:
        settings = upstream.settings(
            home,
            idc_url="http://storage.invalid/bucket",
            idc_github_url=f"{refusing_url}/repository",
            package_index_urls=(f"{refusing_url}/simple",),
        )
        for name in ("current", "v25", "25.0.5"):
            with pytest.raises(SourceUnreachable, match=f"No channel could say which IDC release is {name}") as caught:
                resolve(name, settings)
            assert "the name storage.invalid cannot be resolved" in str(caught.value)
            assert str(caught.value).count("passed over") == 3
        assert caught.value.exit_code == 3
        assert not home.exists()

    def test_a_malformed_version_is_bad_usage_before_anything_is_asked(
        self, upstream: IdcUpstream, server: Loopback, home: Path
    ) -> None:
        with pytest.raises(UsageError, match=r"'v23\.x' does not name an IDC release"):
            resolve("v23.x", upstream.settings(home))
        assert server.requests == []

    def test_an_address_that_cannot_be_asked_is_bad_usage(self, upstream: IdcUpstream, home: Path) -> None:
        with pytest.raises(UsageError, match=r"'storage/25\.0\.5.*is not a web address"):
            resolve("25.0.5", upstream.settings(home, idc_url="storage"))
