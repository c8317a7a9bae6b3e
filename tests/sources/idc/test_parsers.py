"""What upstream writes in small formats, read back: properties that hold for any content."""

from __future__ import annotations

import base64
import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypi_simple import ProjectPage

from tests.support.idc_upstream import bucket_listing, tag_advertisement
from warehouse.errors import IntegrityError, UsageError
from warehouse.sources.idc.artifacts import parse_bucket_listing, parse_tags
from warehouse.sources.idc.package_index import PYPI_SIMPLE_ENDPOINT, parse_pip_configuration, wheels_on
from warehouse.sources.idc.releases import described_version, is_stable, parse_requested
from warehouse.sources.idc.sidecar import decode_sidecar, parse_sidecar
from warehouse.sources.idc.wheel import RecordEntry, parse_record

DIGESTS = st.binary(min_size=32, max_size=32)
NUMBERS = st.integers(min_value=0, max_value=400)
TRIPLES = st.tuples(NUMBERS, NUMBERS, NUMBERS)
NAMES = st.text(string.ascii_letters + string.digits + "_-. /,\"'äß", min_size=1, max_size=40)


def version_of(triple: tuple[int, int, int]) -> str:
    return ".".join(map(str, triple))


WANTED = "idc_index.parquet"
FOLDERS = st.sampled_from(["", "./", "release_artifacts/", "/srv/a b/", "C:\\files\\"])
ENDINGS = st.sampled_from(["\n", "", "\r\n", "\r"])
# How each tool writes the digest of a file.
DIALECTS = st.sampled_from(
    ["{digest}  {file}", "{digest} *{file}", "SHA256 ({file}) = {digest}", "SHA2-256({file})= {digest}"]
)
OTHER_LINES = ("", "# made by a tool", "; note", f"{'0' * 64}  sm_index.parquet")


class TestSidecar:
    @given(
        digest=DIGESTS,
        upper=st.booleans(),
        dialect=DIALECTS,
        folder=FOLDERS,
        ending=ENDINGS,
        mark=st.sampled_from(["", "\ufeff"]),
        others=st.lists(
            st.sampled_from(["", "# made by a tool", "; note", f"{'0' * 64}  sm_index.parquet"]), max_size=3
        ),
        place=st.integers(0, 3),
    )
    def test_what_the_common_tools_write_is_read(
        self,
        digest: bytes,
        upper: bool,
        dialect: str,
        folder: str,
        ending: str,
        mark: str,
        others: list[str],
        place: int,
    ) -> None:
        written = digest.hex().upper() if upper else digest.hex()
        line = dialect.format(digest=written, file=folder + WANTED)
        lines = [*others[:place], line, *others[place:]]
        text = mark + (ending or "\n").join(lines) + ending
        assert parse_sidecar(text, WANTED, "the bucket") == digest.hex()

    @given(digest=DIGESTS, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), ending=ENDINGS)
    def test_a_digest_alone_is_read_in_any_encoding(self, digest: bytes, encoding: str, ending: str) -> None:
        content = (digest.hex() + ending).encode(encoding)
        assert parse_sidecar(decode_sidecar(content), WANTED, "the bucket") == digest.hex()

    @given(digest=DIGESTS, other=NAMES.filter(lambda name: name.strip() and name.strip().split("/")[-1] != WANTED))
    def test_a_sidecar_of_another_file_is_refused(self, digest: bytes, other: str) -> None:
        with pytest.raises(IntegrityError, match=r"about another file: expected idc_index\.parquet"):
            parse_sidecar(f"{digest.hex()}  {other}\n", WANTED, "the bucket")

    @given(text=st.text())
    def test_anything_else_is_unreadable_in_one_sentence(self, text: str) -> None:
        with pytest.raises(
            IntegrityError, match=r"The sidecar idc_index\.parquet\.sha256 from the bucket is unreadable"
        ):
            parse_sidecar(text, WANTED, "the bucket")

    @given(first=DIGESTS, second=DIGESTS)
    def test_two_lines_that_disagree_are_refused(self, first: bytes, second: bytes) -> None:
        text = f"{first.hex()}  a.parquet\n{second.hex()}  a.parquet\n"
        if first == second:
            assert parse_sidecar(text, "a.parquet", "the bucket") == first.hex()
        else:
            with pytest.raises(IntegrityError, match="is unreadable"):
                parse_sidecar(text, "a.parquet", "the bucket")

    @given(first=DIGESTS, second=DIGESTS)
    def test_a_digest_alone_among_others_is_about_no_file(self, first: bytes, second: bytes) -> None:
        with pytest.raises(IntegrityError, match="is unreadable"):
            parse_sidecar(f"{first.hex()}\n{second.hex()}  b.parquet\n", "a.parquet", "the bucket")


class TestRecord:
    @given(entries=st.dictionaries(NAMES, st.tuples(DIGESTS, st.integers(min_value=0)), max_size=8))
    def test_what_an_installer_writes_is_read(self, entries: dict[str, tuple[bytes, int]]) -> None:
        lines = []
        for name, (digest, size) in entries.items():
            quoted = '"' + name.replace('"', '""') + '"'
            lines.append(f"{quoted},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{size}\n")
        expected = {name: RecordEntry(digest.hex(), size) for name, (digest, size) in entries.items()}
        assert parse_record("".join(lines)) == expected

    def test_record_states_nothing_of_itself_and_other_hashes_are_no_proof(self) -> None:
        record = parse_record("p-1.dist-info/RECORD,,\np/a.sql,md5=rL0Y20zC-Fzt72VPzMSk2A,3\n")
        assert record == {"p-1.dist-info/RECORD": RecordEntry(None, None), "p/a.sql": RecordEntry(None, 3)}

    @pytest.mark.parametrize(
        "text",
        ["name", "a,b", ",sha256=,", 'a,"b', "a,,x\n", "a,,\na,,\n", "a,sha256=AAAA,3", "a,sha256=!,3", "a,,1,2"],
    )
    def test_what_is_no_record_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            parse_record(text)

    @given(text=st.text())
    def test_nothing_but_a_value_error_comes_of_bad_text(self, text: str) -> None:
        record: dict[str, RecordEntry] = {}
        with contextlib.suppress(ValueError):
            record = parse_record(text)
        # A name is what stands in the text, but for the quotes around it and in it.
        assert all(name and set(name) <= set(text) for name in record)
        assert all(entry.sha256 is None or len(entry.sha256) == 64 for entry in record.values())


class TestVersions:
    @given(triple=TRIPLES, commits=st.integers(0, 50), commit=st.text("0123456789abcdef", min_size=7, max_size=40))
    def test_a_git_description_holds_its_version(self, triple: tuple[int, int, int], commits: int, commit: str) -> None:
        version = version_of(triple)
        assert described_version(f"{version}-{commits}-g{commit}") == version
        assert described_version(f"{version}-{commits}-g{commit}-dirty") == version
        assert described_version(version) == version

    @given(text=st.text(max_size=30))
    def test_a_described_version_is_always_a_stable_one(self, text: str) -> None:
        version = described_version(text)
        assert version is None or is_stable(version)

    @pytest.mark.parametrize(
        "text", ["", "v25", "25.0", "25.0.5rc1", "25.0.5-", "25.0.5-0", "f08b112", "25.0.5.1", "025.0.5"]
    )
    def test_what_describes_no_release_holds_no_version(self, text: str) -> None:
        assert described_version(text) is None

    @given(triple=TRIPLES)
    def test_a_full_version_asks_for_itself(self, triple: tuple[int, int, int]) -> None:
        version = version_of(triple)
        requested = parse_requested(version)
        assert requested.version == version
        assert requested.newest_first(["1.2.3", version, f"{version}rc1", version]) == [version]

    @given(major=NUMBERS, triples=st.sets(TRIPLES), odd=st.sets(st.text("0123456789.rcdev", max_size=9)))
    def test_a_major_asks_for_its_newest_patch(
        self, major: int, triples: set[tuple[int, int, int]], odd: set[str]
    ) -> None:
        versions = {version_of(triple) for triple in triples}
        odd = {text for text in odd if not is_stable(text)}
        found = parse_requested(f"v{major}").newest_first(versions | odd)
        of_major = sorted((triple for triple in triples if triple[0] == major), reverse=True)
        assert found == [version_of(triple) for triple in of_major]

    @given(triples=st.sets(TRIPLES, min_size=1), name=st.sampled_from(["current", "latest"]))
    def test_current_and_latest_ask_for_the_newest_of_all(self, triples: set[tuple[int, int, int]], name: str) -> None:
        versions = [version_of(triple) for triple in triples]
        assert parse_requested(name).newest_first(versions)[0] == version_of(max(triples))

    def test_versions_are_ordered_by_number_not_by_letter(self) -> None:
        assert parse_requested("v23").newest_first(["23.9.0", "23.10.1", "23.2.9", "24.0.0"])[0] == "23.10.1"

    @given(text=st.text(max_size=12))
    def test_whatever_else_is_asked_for_is_bad_usage(self, text: str) -> None:
        known = text in ("current", "latest") or is_stable(text)
        if known or (
            text[:1] == "v" and text[1:].isascii() and text[1:].isdecimal() and str(int(text[1:])) == text[1:]
        ):
            assert parse_requested(text).text == text
        else:
            with pytest.raises(UsageError, match="does not name an IDC release"):
                parse_requested(text)

    @pytest.mark.parametrize("text", ["23", "V23", "v23.5", "23.5", "v23.5.0", "newest", " 23.5.0", "23.5.0\n", "v٢٣"])
    def test_near_misses_are_bad_usage(self, text: str) -> None:
        with pytest.raises(UsageError, match=r"a full version such as 23\.5\.0 or a major such as v23"):
            parse_requested(text)


class TestListings:
    @given(folders=st.lists(st.text(string.ascii_letters + "&<>.", min_size=1), max_size=5), marker=NAMES)
    def test_a_bucket_listing_is_read(self, folders: list[str], marker: str) -> None:
        found, next_marker = parse_bucket_listing(bucket_listing(folders, marker).encode())
        assert found == [f"{folder}/" for folder in folders]
        assert next_marker == marker
        assert parse_bucket_listing(bucket_listing(folders).encode())[1] is None

    @pytest.mark.parametrize(
        "document", [b"", b"<html><body>no</body></html>", b"<Error><Code>NoSuchBucket</Code></Error>", b"{}"]
    )
    def test_what_is_no_bucket_listing_is_refused(self, document: bytes) -> None:
        with pytest.raises(ValueError, match=r".+"):
            parse_bucket_listing(document)

    @given(triples=st.lists(TRIPLES, unique=True, max_size=6))
    def test_tags_are_read_once_each(self, triples: list[tuple[int, int, int]]) -> None:
        tags = [version_of(triple) for triple in triples]
        assert parse_tags(tag_advertisement(tags)) == tags

    @given(text=st.text())
    def test_what_is_no_advertisement_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="not a reference advertisement"):
            parse_tags(text)


class TestIndexPage:
    def test_wheels_of_the_project_are_read_with_hash_and_withdrawal(self) -> None:
        sha256, tail = "sha256=" + "A" * 64, "py3-none-any.whl"
        html = f"""
          <a href="../../f/idc_index_data-23.10.1-{tail}#{sha256}">idc_index_data-23.10.1-{tail}</a>
          <a href="https://x.org/idc_index_data-23.9.0-{tail}#md5=00">idc_index_data-23.9.0-{tail}</a>
          <a href="/f/idc_index_data-24.0.0rc1-{tail}" data-yanked="bad">idc_index_data-24.0.0rc1-{tail}</a>
          <a href="/f/idc_index_data-23.9.0.tar.gz#{sha256}">idc_index_data-23.9.0.tar.gz</a>
          <a href="/f/idc_index-0.11.9-{tail}#{sha256}">idc_index-0.11.9-{tail}</a>
          <a href="/f/..%2f..%2fx#{sha256}">../../x</a>"""
        page = ProjectPage.from_html("idc-index-data", html, "https://mirror.local/simple/idc-index-data/")
        found = [(wheel.version, wheel.url, wheel.sha256, wheel.yanked) for wheel in wheels_on(page)]
        assert found == [
            ("23.10.1", "https://mirror.local/f/idc_index_data-23.10.1-py3-none-any.whl", "a" * 64, False),
            ("23.9.0", "https://x.org/idc_index_data-23.9.0-py3-none-any.whl", None, False),
            ("24.0.0rc1", "https://mirror.local/f/idc_index_data-24.0.0rc1-py3-none-any.whl", None, True),
        ]


class TestPipConfiguration:
    def test_without_any_configuration_it_is_the_public_default(self) -> None:
        assert parse_pip_configuration("").index_urls == (PYPI_SIMPLE_ENDPOINT,)

    def test_the_environment_wins_over_the_section_of_install_over_the_global_one(self) -> None:
        listing = "\n".join(
            [
                ":env:.index-url='https://env.local/simple'",
                ":env:.cert='/env.pem'",
                "global.cert='/global.pem'",
                "global.index-url='https://global.local/simple'",
                "global.extra-index-url='https://a.local/simple\\nfile:///srv/simple'",
                "global.trusted-host='a.local b.local:8443'",
                "install.index-url='https://install.local/simple'",
                "install.proxy='http://proxy.local:3128'",
                "download.index-url='https://download.local/simple'",
            ]
        )
        found = parse_pip_configuration(listing)
        assert found.index_urls == ("https://env.local/simple", "https://a.local/simple", "file:///srv/simple")
        assert (found.trust.ca_bundle, found.trust.proxy) == ("/env.pem", "http://proxy.local:3128")
        assert found.trust.trusted_hosts == ("a.local", "b.local:8443")

    def test_no_index_means_none(self) -> None:
        assert parse_pip_configuration("global.no-index='true'\nglobal.index-url='https://a.local'").index_urls == ()

    @given(listing=st.text())
    def test_any_text_is_read(self, listing: str) -> None:
        assert isinstance(parse_pip_configuration(listing).index_urls, tuple)
