"""What real networks do to a request: proxies, credentials, redirects, bodies that swell."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.idc_upstream import IdcUpstream, record_line, wheel_of
from tests.support.loopback import Fault, Loopback, Resource
from warehouse.errors import IntegrityError, SourceError, SourceUnreachable, UsageError
from warehouse.landing import Landing
from warehouse.settings import Settings, load_settings
from warehouse.sources.gen3.transport import Call, Transport
from warehouse.sources.http import Client, ExpectedDigest, NotFound
from warehouse.sources.http.errors import RedirectRefused, ResponseTooLarge
from warehouse.sources.http.session import Trust, UpstreamSession, is_loopback, redirect_of
from warehouse.sources.idc.package_index import PackageIndexes
from warehouse.sources.idc.wheel import Wheel
from warehouse.upstreams import upstreams

PATH = "/file.bin"
CALL = Call("mds/metadata", "the records", params={"limit": 1})


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    with Client(settings) as asking:
        yield asking


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NO_PROXY", "no_proxy", "NETRC", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def bomb(size: int) -> bytes:
    """Zeros as gzip: a thousandth of their size."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return packed.getvalue()


class TestProxies:
    @pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
    def test_loopback_is_asked_directly(
        self, settings: Settings, server: Loopback, refusing_url: str, monkeypatch: pytest.MonkeyPatch, variable: str
    ) -> None:
        monkeypatch.setenv(variable, refusing_url)
        with Client(settings, Trust(proxy=refusing_url)) as asking:
            assert asking.get(server.serve(PATH, "hello")).content == b"hello"
        server.serve("/mds/metadata?limit=1", "{}")
        assert Transport(server.url, settings).fetch_json(CALL) == {}

    @pytest.mark.parametrize(
        ("host", "loopback"),
        [
            ("localhost", True), ("LOCALHOST.", True), ("sandbox.localhost", True), ("127.0.0.1", True),
            ("127.8.9.10", True), ("::1", True), ("::ffff:127.0.0.1", True), ("0.0.0.0", True), ("128.0.0.1", False),
            ("localhost.example.org", False), ("example.org", False), ("10.0.0.1", False), ("::2", False), ("", False),
        ],
    )  # fmt: skip
    def test_loopback_is_known(self, host: str, loopback: bool) -> None:
        assert is_loopback(host) is loopback

    def test_everything_else_goes_through_the_proxy_of_the_environment(
        self, settings: Settings, server: Loopback, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", server.url.replace("//", "//user:secret@"))
        server.serve("http://upstream.example/file", "from the proxy")
        with Client(settings) as asking:
            assert asking.get("http://upstream.example/file").content == b"from the proxy"
        (request,) = server.requests
        assert request.headers["Proxy-Authorization"] == "Basic " + base64.b64encode(b"user:secret").decode()

    def test_a_proxy_that_fails_is_named_without_its_password(
        self, settings: Settings, refusing_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", refusing_url.replace("//", "//user:secret@"))
        with Client(settings) as asking, pytest.raises(SourceUnreachable) as caught:
            asking.get("https://upstream.example/file")
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
    def test_certificates_of_the_environment_count(self, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
        monkeypatch.setenv(variable, "/etc/company.pem")
        merged = UpstreamSession("test").merge_environment_settings("https://example.org", {}, None, None, None)
        assert merged["verify"] == "/etc/company.pem"


class TestCredentials:
    @pytest.mark.parametrize("named", [True, False])
    def test_netrc_is_never_sent(
        self, settings: Settings, server: Loopback, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: bool
    ) -> None:
        netrc = tmp_path / ("elsewhere" if named else ".netrc")
        netrc.write_text("default login user password secret\nmachine 127.0.0.1 login user password secret\n")
        netrc.chmod(0o600)
        if named:
            monkeypatch.setenv("NETRC", str(netrc))
        server.redirect("/moved", server.serve(PATH, "hello"))
        server.serve("/mds/metadata?limit=1", "{}")
        with Client(settings) as asking:
            asking.get(server.url + "/moved")
        Transport(server.url, settings).fetch_json(CALL)
        assert len(server.requests) == 3
        assert not any("Authorization" in request.headers for request in server.requests)

    def test_those_of_the_settings_are_sent_to_their_host_alone(
        self, client: Client, server: Loopback, settings: Settings
    ) -> None:
        with Loopback() as other:
            server.redirect("/here", PATH)
            server.redirect("/there", other.serve(PATH, "hello"))
            server.serve(PATH, "hello")
            server.serve("/mds/metadata?limit=1", "{}")
            ours = server.url.replace("//", "//user:p%40ss@")
            client.get(f"{ours}/here")
            client.get(f"{ours}/there")
            Transport(ours, settings).fetch_json(CALL)
            expected = "Basic " + base64.b64encode(b"user:p@ss").decode()
            assert [request.headers.get("Authorization") for request in server.requests] == [expected] * 4
            assert [request.headers.get("Authorization") for request in other.requests] == [None]

    def test_no_state_of_an_upstream_shows_them(self, settings: Settings, landing: Landing, refusing_url: str) -> None:
        secret = refusing_url.replace("//", "//user:secret@")
        addresses = {"idc_url": secret, "idc_github_url": secret, "source_urls": {"midrc": secret, "bih": secret}}
        hidden = settings.model_copy(update={**addresses, "package_index_urls": (secret,), "retries": 0})
        states = [upstream.look(landing) for upstream in upstreams(hidden)]
        assert len(states) == 3
        assert "secret" not in repr(states)

    @pytest.mark.parametrize("address", ["https://user:secret@host", "https://u:sec/ret?secret@host", "//u:secret@h"])
    def test_no_error_of_a_setting_shows_them(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        monkeypatch.setenv("ICW_PACKAGE_INDEX_URLS", address)
        with pytest.raises(UsageError, match="ICW_PACKAGE_INDEX_URLS") as caught:
            load_settings()
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize("address", ["http://user:sec/secret@host", "ftp://user:secret@host", "user:secret@host"])
    def test_no_error_of_an_address_shows_them(self, client: Client, settings: Settings, address: str) -> None:
        for ask in (lambda: client.get(address), lambda: Transport(address, settings).fetch_json(CALL)):
            with pytest.raises((UsageError, SourceError)) as caught:
                ask()
            assert "secret" not in str(caught.value)


class TestRedirects:
    @pytest.mark.parametrize("location", ["http://host.example/x", "HTTP://other.example/", "ftp://host.example/x"])
    def test_none_leaves_https(self, location: str) -> None:
        answer = requests.Response()
        answer.status_code, answer.url, answer.headers["Location"] = 302, "https://host.example/a", location
        with pytest.raises(RedirectRefused, match=r"^https://host\.example/a redirects to "):
            redirect_of(answer)

    def test_an_artifact_may_lie_on_another_host(self, client: Client, server: Loopback, tmp_path: Path) -> None:
        with Loopback() as other:
            server.redirect(PATH, other.serve("/stored", b"bytes"))
            expected = ExpectedDigest(hashlib.sha256(b"bytes").hexdigest(), "GitHub", "its sidecar")
            client.download(server.url + PATH, tmp_path / "file.bin", expected)
        assert (tmp_path / "file.bin").read_bytes() == b"bytes"

    def test_a_circle_ends(self, client: Client, server: Loopback) -> None:
        server.redirect(PATH, PATH)
        with pytest.raises(SourceUnreachable, match="redirects in a circle"):
            client.get(server.url + PATH)
        assert len(server.requests) < 20

    def test_a_portal_that_has_moved_is_told_with_the_setting(self, settings: Settings, server: Loopback) -> None:
        secure = server.url.replace("http:", "https:")
        server.redirect("/mds/metadata?limit=1", f"{secure}/mds/metadata?limit=1")
        with pytest.raises(SourceError, match=rf"redirects to {secure}/mds/metadata, .* ICW_MIDRC_URL"):
            Transport(server.url, settings, setting="ICW_MIDRC_URL").fetch_json(CALL)
        assert len(server.requests) == 1

    def test_a_portal_is_not_followed_to_another_host(self, settings: Settings, server: Loopback) -> None:
        with Loopback() as other:
            elsewhere = other.url.replace("127.0.0.1", "localhost")
            server.redirect("/mds/metadata?limit=1", f"{elsewhere}/login")
            with pytest.raises(SourceError, match="redirects to another host"):
                Transport(server.url, settings).fetch_json(CALL)
            assert not other.requests


class TestSize:
    def test_a_small_answer_that_swells_is_refused(self, client: Client, server: Loopback) -> None:
        url = server.serve(PATH, bomb(40 << 20), headers={"Content-Encoding": "gzip"})
        with pytest.raises(ResponseTooLarge, match=r"/file\.bin answers with more than 33,554,432 bytes"):
            client.get(url)
        assert len(server.requests) == 1

    @pytest.mark.full
    def test_an_answer_of_a_portal_that_swells_is_refused(self, settings: Settings, server: Loopback) -> None:
        server.serve("/mds/metadata?limit=1", bomb(140 << 20), headers={"Content-Encoding": "gzip"})
        with pytest.raises(ResponseTooLarge, match=r"/mds/metadata answers with more than 134,217,728 bytes"):
            Transport(server.url, settings).fetch_json(CALL)
        assert len(server.requests) == 1

    def test_an_error_of_a_portal_is_not_read_to_its_end(self, settings: Settings, server: Loopback) -> None:
        server.resources["/mds/metadata?limit=1"] = Resource(
            bomb(140 << 20), headers={"Content-Encoding": "gzip"}, status=400
        )
        with pytest.raises(SourceError, match="HTTP 400"):
            Transport(server.url, settings).fetch_json(CALL)

    def test_what_is_announced_as_too_large_is_not_fetched(
        self, client: Client, server: Loopback, settings: Settings, tmp_path: Path
    ) -> None:
        url = server.serve(PATH, b"few", headers={"Content-Length": str(1 << 40)})
        server.serve("/mds/metadata?limit=1", b"{}", headers={"Content-Length": str(1 << 40)})
        with pytest.raises(ResponseTooLarge):
            client.get(url)
        with pytest.raises(ResponseTooLarge):
            client.download(url, tmp_path / "file.bin", ExpectedDigest("0" * 64, "the bucket", "its sidecar"))
        with pytest.raises(ResponseTooLarge):
            Transport(server.url, settings).fetch_json(CALL)

    def test_a_member_of_a_wheel_is_unpacked_no_further_than_stated(self, tmp_path: Path) -> None:
        files = {"idc_index.parquet": bytes(64 << 20)}
        member = "idc_index_data/idc_index.parquet"
        path = tmp_path / "idc_index_data-1.0.0-py3-none-any.whl"
        path.write_bytes(wheel_of(files, "1.0.0", {member: record_line(member, b"few")}))
        with (
            Wheel(path, "idc_index_data", "1.0.0") as wheel,
            pytest.raises(IntegrityError, match=r"found .* over 4 bytes"),
        ):
            wheel.extract(member, tmp_path / "idc_index.parquet")

    def test_a_record_that_swells_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "idc_index_data-1.0.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("idc_index_data-1.0.0.dist-info/RECORD", bytes(17 << 20))
        with pytest.raises(IntegrityError, match="unpacks to more than"):
            Wheel(path, "idc_index_data", "1.0.0")


class TestHeaders:
    @pytest.mark.parametrize("coding", ["identity", "IDENTITY", "", " identity ", "identity, identity"])
    def test_a_content_encoding_that_changes_nothing_is_none(
        self, client: Client, server: Loopback, tmp_path: Path, settings: Settings, coding: str
    ) -> None:
        headers = {"Content-Encoding": coding}
        url = server.serve(PATH, b"bytes", headers=headers)
        server.serve("/mds/metadata?limit=1", "{}", headers=headers)
        expected = ExpectedDigest(hashlib.sha256(b"bytes").hexdigest(), "the bucket", "its sidecar")
        client.download(url, tmp_path / "file.bin", expected)
        assert client.get(url).content == b"bytes"
        assert Transport(server.url, settings).fetch_json(CALL) == {}

    @pytest.mark.parametrize(
        "kind",
        [
            "text/html",
            "TEXT/HTML;Charset=UTF-8",
            'text/html; charset="utf-8"',
            "text/html; charset=odd",
            "",
            "text/plain",
        ],
    )
    def test_an_index_page_is_read_whatever_its_content_type(
        self, client: Client, upstream: IdcUpstream, server: Loopback, kind: str
    ) -> None:
        upstream.publish_wheel("25.0.5", content=b"wheel")
        page = server.resources["/simple/idc-index-data/"].body
        server.serve("/simple/idc-index-data/", page, kind)
        (wheel,) = PackageIndexes((upstream.index_url,), client).wheels()
        assert wheel.version == "25.0.5"

    @pytest.mark.parametrize("kind", ["application/json; charset=odd", "text/plain", "application/octet-stream", ""])
    def test_json_is_read_whatever_its_content_type(self, server: Loopback, settings: Settings, kind: str) -> None:
        server.serve("/mds/metadata?limit=1", "{}", kind)
        assert Transport(server.url, settings).fetch_json(CALL) == {}


class TestWords:
    """What an upstream says reaches nobody's terminal as more than text."""

    @pytest.mark.parametrize("steering", ["\x1b[31m", "\r", "\x00", "\u202e", "\x9b", "\u2028"])
    def test_control_characters_are_written_out(self, server: Loopback, settings: Settings, steering: str) -> None:
        server.resources["/mds/metadata?limit=1"] = Resource(f"bad{steering}word".encode(), "text/plain", status=400)
        with pytest.raises(SourceError, match="word") as caught:
            Transport(server.url, settings).fetch_json(CALL)
        assert steering not in str(caught.value)

    def test_so_are_those_of_a_channel(self, client: Client, server: Loopback) -> None:
        server.fail(PATH, Fault(times=9, status=404))
        with pytest.raises(NotFound) as caught:
            client.get(f"{server.url}{PATH}#\x1b[31m")
        assert "\x1b" not in str(caught.value)
        assert "\x1b" not in str(IntegrityError("found \x1b]0;title\x07 in the footer"))
