from __future__ import annotations

import hashlib
import logging
import random
import threading
from pathlib import Path

import pytest

from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Fault, Loopback
from warehouse.errors import IntegrityError, SourceUnreachable, UsageError
from warehouse.public_text import public_url
from warehouse.sources.http import Client, ExpectedDigest, NotFound
from warehouse.sources.http.session import Trust

PIECE = 1 << 16
BODY = random.Random(7).randbytes(400_000)
PATH = "/file.bin"


def expected(body: bytes = BODY) -> ExpectedDigest:
    return ExpectedDigest(hashlib.sha256(body).hexdigest(), "the bucket", "its sidecar file.bin.sha256")


@pytest.fixture
def client(upstream: IdcUpstream, tmp_path: Path) -> Client:
    return Client(upstream.settings(tmp_path))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "file.bin"


def is_clean(target: Path) -> bool:
    return not target.exists() and not target.with_name("file.bin.part").exists()


class TestSmallRequests:
    def test_a_passing_error_is_tried_again_and_counted(self, client: Client, server: Loopback) -> None:
        url = server.serve(PATH, "hello")
        server.fail(PATH, Fault(times=2, status=503))
        assert client.get(url).content == b"hello"
        assert client.retries == 2
        assert [request.status for request in server.asked_for(PATH)] == [503, 503, 200]

    def test_a_lasting_error_ends_after_the_further_tries(self, client: Client, server: Loopback) -> None:
        url = server.serve(PATH, "hello")
        server.fail(PATH, Fault(times=99, status=502))
        with pytest.raises(SourceUnreachable, match=r"/file\.bin answered with status 502"):
            client.get(url)
        assert len(server.asked_for(PATH)) == 3

    def test_retry_after_is_honoured_when_it_is_short(
        self, client: Client, server: Loopback, caplog: pytest.LogCaptureFixture
    ) -> None:
        url = server.serve(PATH, "hello")
        server.fail(PATH, Fault(status=429, headers={"Retry-After": "1"}))
        with caplog.at_level(logging.INFO, "icw.sources.http"):
            assert client.get(url).content == b"hello"
        assert [vars(record)["wait_s"] for record in caplog.records] == [1.0]

    @pytest.mark.parametrize("value", ["3600", "Fri, 01 Jan 2100 00:00:00 GMT"])
    def test_an_upstream_that_asks_to_come_back_much_later_is_not_waited_for(
        self, client: Client, server: Loopback, value: str
    ) -> None:
        url = server.serve(PATH, "hello")
        server.fail(PATH, Fault(status=503, headers={"Retry-After": value}))
        with pytest.raises(SourceUnreachable, match="503"):
            client.get(url)
        assert len(server.asked_for(PATH)) == 1

    def test_a_refusal_is_not_tried_again(self, client: Client, server: Loopback) -> None:
        url = server.serve(PATH, "hello")
        server.fail(PATH, Fault(times=99, status=403))
        with pytest.raises(SourceUnreachable, match="403"):
            client.get(url)
        assert len(server.asked_for(PATH)) == 1

    @pytest.mark.parametrize("status", [404, 410])
    def test_what_does_not_exist_is_not_found(self, client: Client, server: Loopback, status: int) -> None:
        server.fail(PATH, Fault(times=99, status=status))
        with pytest.raises(NotFound, match=r"/file\.bin does not exist"):
            client.get(server.url + PATH)
        assert not client.exists(server.url + PATH)

    def test_existence_costs_a_few_bytes(self, client: Client, server: Loopback) -> None:
        url = server.serve(PATH, BODY)
        assert client.exists(url)
        assert [request.range for request in server.asked_for(PATH)] == ["bytes=0-3"]

    def test_a_body_that_breaks_off_is_asked_for_again(self, client: Client, server: Loopback) -> None:
        url = server.serve(PATH, BODY)
        server.fail(PATH, Fault(cut_at=1000))
        assert client.get(url).content == BODY

    def test_a_redirect_is_told_and_not_followed(self, client: Client, server: Loopback) -> None:
        server.redirect("/latest", "https://example.org/releases/tag/25.0.5")
        assert client.redirect_of(server.url + "/latest") == "https://example.org/releases/tag/25.0.5"
        assert client.redirect_of(server.serve(PATH, "no redirect")) is None

    def test_a_silent_upstream_is_asked_only_once_more(
        self, upstream: IdcUpstream, silent_url: str, tmp_path: Path
    ) -> None:
        client = Client(upstream.settings(tmp_path, connect_timeout_s=0.1, retries=9))
        with pytest.raises(SourceUnreachable, match=r"cannot be reached: no connection within 0\.1 s"):
            client.get(silent_url + PATH)
        assert client.retries == 1

    def test_an_upstream_that_accepts_and_says_nothing_is_silent_too(
        self, upstream: IdcUpstream, server: Loopback, tmp_path: Path
    ) -> None:
        client = Client(upstream.settings(tmp_path, answer_timeout_s=0.1, retries=9))
        url, mute = server.serve(PATH, BODY), threading.Event()
        server.fail(PATH, Fault(times=99, mute=mute))
        try:
            with pytest.raises(SourceUnreachable, match=r"did not answer within 0\.1 s"):
                client.get(url)
        finally:
            mute.set()
        assert len(server.asked_for(PATH)) == 2

    def test_a_refused_connection_is_named(self, client: Client, refusing_url: str) -> None:
        with pytest.raises(SourceUnreachable, match="cannot be reached: connection refused"):
            client.get(refusing_url + PATH)

    @pytest.mark.parametrize("url", ["", "ftp://example.org/x", "storage/bucket", "http://", "http://host:port/x"])
    def test_what_is_no_web_address_is_bad_usage(self, client: Client, url: str) -> None:
        with pytest.raises(UsageError, match="is not a web address"):
            client.get(url)

    def test_credentials_and_queries_are_never_written_down(self, client: Client, server: Loopback) -> None:
        url = server.url.replace("http://", "http://user:secret@") + PATH + "?token=secret"
        with pytest.raises(NotFound) as caught:
            client.get(url)
        assert "secret" not in str(caught.value)
        assert public_url("https://user:secret@host:8443/a/b?c=secret#d") == "https://host:8443/a/b"

    def test_every_request_says_who_asks(self, client: Client, server: Loopback) -> None:
        client.get(server.serve(PATH, "hello"))
        assert server.requests[0].headers["User-Agent"].startswith("imaging-commons-warehouse/")


class TestTrust:
    def test_only_trusted_hosts_go_unchecked(self) -> None:
        trust = Trust(ca_bundle="/etc/ca.pem", trusted_hosts=("mirror.local", "other.local:8443"))
        assert trust.verify("https://mirror.local/simple/") is False
        assert trust.verify("https://other.local:8443/simple/") is False
        assert trust.verify("https://other.local/simple/") == "/etc/ca.pem"
        assert Trust().verify("https://example.org") is True

    def test_a_bundle_that_does_not_exist_is_a_sentence(
        self, upstream: IdcUpstream, server: Loopback, tmp_path: Path
    ) -> None:
        trust = Trust(ca_bundle=str(tmp_path / "missing.pem"))
        url = server.serve(PATH, "hello").replace("http://", "https://")
        with pytest.raises(SourceUnreachable, match=r"missing\.pem"):
            Client(upstream.settings(tmp_path), trust).get(url)

    def test_an_answer_that_is_not_tls_cannot_be_trusted(self, client: Client, server: Loopback) -> None:
        with pytest.raises(SourceUnreachable):
            client.get(server.serve(PATH, "hello").replace("http://", "https://"))


class TestDownload:
    def test_a_file_gets_its_name_when_it_is_whole(self, client: Client, server: Loopback, target: Path) -> None:
        client.download(server.serve(PATH, BODY), target, expected())
        assert target.read_bytes() == BODY
        assert not target.with_name("file.bin.part").exists()
        assert server.asked_for(PATH)[0].headers["Accept-Encoding"] == "identity"

    def test_a_broken_connection_is_continued_where_it_broke(
        self, client: Client, server: Loopback, target: Path
    ) -> None:
        url = server.serve(PATH, BODY)
        server.fail(PATH, Fault(cut_at=250_000))
        client.download(url, target, expected())
        assert target.read_bytes() == BODY
        first, second = server.asked_for(PATH)
        assert first.range is None
        assert second.range == f"bytes={250_000 // PIECE * PIECE}-"
        assert server.sent(PATH) < len(BODY) + PIECE

    def test_what_an_earlier_run_has_left_is_not_fetched_again(
        self, client: Client, server: Loopback, target: Path
    ) -> None:
        target.with_name("file.bin.part").write_bytes(BODY[:300_000])
        client.download(server.serve(PATH, BODY), target, expected())
        assert target.read_bytes() == BODY
        assert server.sent(PATH) == 100_000

    def test_a_partial_file_that_is_already_whole_needs_no_request(
        self, client: Client, server: Loopback, target: Path
    ) -> None:
        target.with_name("file.bin.part").write_bytes(BODY)
        client.download(server.serve(PATH, BODY), target, expected())
        assert target.read_bytes() == BODY
        assert server.requests == []

    @pytest.mark.parametrize("left", [b"x" * 1000, b"x" * len(BODY), b"x" * (len(BODY) + 5)])
    def test_the_rest_of_another_file_is_thrown_away(
        self, client: Client, server: Loopback, target: Path, left: bytes
    ) -> None:
        target.with_name("file.bin.part").write_bytes(left)
        client.download(server.serve(PATH, BODY), target, expected())
        assert target.read_bytes() == BODY

    def test_a_file_that_changes_while_it_is_fetched_is_taken_whole_from_the_new_one(
        self, client: Client, server: Loopback, target: Path
    ) -> None:
        url = server.serve(PATH, bytes(len(BODY)))
        server.fail(PATH, Fault(cut_at=250_000, then=lambda: server.serve(PATH, BODY)))
        client.download(url, target, expected())
        assert target.read_bytes() == BODY
        assert [request.status for request in server.asked_for(PATH)] == [200, 200]

    def test_a_server_without_ranges_sends_the_file_again(self, client: Client, server: Loopback, target: Path) -> None:
        url = server.serve(PATH, BODY, ranges=False)
        server.fail(PATH, Fault(cut_at=250_000))
        client.download(url, target, expected())
        assert target.read_bytes() == BODY

    def test_a_file_that_always_ends_early_is_a_broken_upstream_not_a_bad_file(
        self, client: Client, server: Loopback, target: Path
    ) -> None:
        url = server.serve(PATH, BODY)
        server.fail(PATH, Fault(times=99, cut_at=250_000))
        with pytest.raises(SourceUnreachable, match=r"broke off after 196,608 of 400,000 bytes"):
            client.download(url, target, expected())
        assert not target.exists()
        assert target.with_name("file.bin.part").read_bytes() == BODY[: 250_000 // PIECE * PIECE]

    def test_a_connection_that_keeps_breaking_is_kept_up_as_long_as_it_brings_something(
        self, upstream: IdcUpstream, server: Loopback, target: Path, tmp_path: Path
    ) -> None:
        body = random.Random(8).randbytes(9_000_000)
        url = server.serve(PATH, body)
        server.fail(PATH, Fault(times=99, cut_at=lambda start: start + 1_500_000))
        client = Client(upstream.settings(tmp_path, retries=1))
        client.download(url, target, expected(body))
        assert target.read_bytes() == body
        assert client.retries > 1

    def test_a_whole_file_with_another_digest_is_refused_and_removed(
        self, client: Client, server: Loopback, target: Path
    ) -> None:
        url = server.serve(PATH, BODY[:-1])
        with pytest.raises(IntegrityError) as caught:
            client.download(url, target, expected())
        sentence = str(caught.value)
        assert "file.bin from the bucket is not the file that its sidecar file.bin.sha256 describes" in sentence
        assert expected().sha256 in sentence
        assert hashlib.sha256(BODY[:-1]).hexdigest() in sentence
        assert "399,999 bytes" in sentence
        assert is_clean(target)
        assert len(server.asked_for(PATH)) == 1

    def test_pieces_that_do_not_fit_are_fetched_anew_only_once(
        self, client: Client, server: Loopback, target: Path
    ) -> None:
        target.with_name("file.bin.part").write_bytes(b"x" * 1000)
        with pytest.raises(IntegrityError):
            client.download(server.serve(PATH, BODY[:-1]), target, expected())
        assert [request.range for request in server.asked_for(PATH)] == ["bytes=1000-", None]
        assert is_clean(target)

    def test_a_web_page_in_place_of_a_file_is_a_firewall(self, client: Client, server: Loopback, target: Path) -> None:
        url = server.serve(PATH, "<html>Access denied</html>", "text/html; charset=utf-8")
        with pytest.raises(SourceUnreachable, match="a web page instead of the file"):
            client.download(url, target, expected())
        assert not target.exists()

    def test_a_body_that_was_compressed_on_the_way_is_refused(
        self, client: Client, server: Loopback, target: Path
    ) -> None:
        url = server.serve(PATH, BODY, headers={"Content-Encoding": "gzip"})
        with pytest.raises(SourceUnreachable, match="compressed on the way"):
            client.download(url, target, expected())

    def test_progress_is_told_from_start_to_end(
        self, client: Client, server: Loopback, target: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, "icw.sources.http"):
            client.download(server.serve(PATH, BODY), target, expected())
        told = [vars(record) for record in caplog.records if vars(record).get("event") == "download"]
        assert {record["file"] for record in told} == {"file.bin"}
        assert (told[0]["done_bytes"], told[0]["total_bytes"]) == (0, 400_000)
        assert (told[-1]["done_bytes"], told[-1]["total_bytes"]) == (400_000, 400_000)
        assert told[-1]["message"] == "file.bin: 0.4 of 0.4 MB"

    def test_a_retry_is_told(
        self, client: Client, server: Loopback, target: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        url = server.serve(PATH, BODY)
        server.fail(PATH, Fault(cut_at=100))
        with caplog.at_level(logging.INFO, "icw.sources.http"):
            client.download(url, target, expected())
        retries = [record for record in caplog.records if vars(record).get("event") == "retry"]
        assert [vars(record)["attempt"] for record in retries] == [1]
        assert "broke off after 0 of 400,000 bytes" in retries[0].getMessage()
