"""What holds for every request, whichever client sends it."""

from __future__ import annotations

import ssl
import threading
import time

import pytest
import requests

from tests.support.loopback import Fault, Loopback
from warehouse.errors import SourceUnreachable, UsageError
from warehouse.sources.http.errors import (
    NoResponse,
    RedirectRefused,
    SlowResponse,
    TransientError,
    as_project_error,
)
from warehouse.sources.http.requester import Request, Requester
from warehouse.sources.http.session import UpstreamSession

PATH = "/file"


def requester(retry_after_max_s: float = 1.0, in_flight: int = 1) -> Requester:
    return Requester(
        UpstreamSession("test"), connect_timeout_s=2.0, retry_after_max_s=retry_after_max_s, in_flight=in_flight
    )


def status_of(asking: Requester, url: str) -> int:
    with asking.exchange(Request(url, 5.0)) as response:
        return response.status_code


def test_a_retry_after_holds_back_the_next_request_to_that_host(server: Loopback) -> None:
    url, asking = server.serve(PATH, "hello"), requester()
    server.fail(PATH, Fault(status=429, headers={"Retry-After": "0.3"}))
    started = time.monotonic()
    assert [status_of(asking, url), status_of(asking, url)] == [429, 200]
    assert time.monotonic() - started >= 0.3


def test_one_that_asks_for_an_hour_holds_nothing_back(server: Loopback) -> None:
    url, asking = server.serve(PATH, "hello"), requester()
    server.fail(PATH, Fault(status=503, headers={"Retry-After": "3600"}))
    assert [status_of(asking, url), status_of(asking, url)] == [503, 200]


def test_a_slot_is_taken_until_the_response_is_read(server: Loopback) -> None:
    url, asking, second = server.serve(PATH, "hello"), requester(in_flight=1), threading.Event()

    def ask() -> None:
        status_of(asking, url)
        second.set()

    with asking.exchange(Request(url, 5.0)):
        other = threading.Thread(target=ask)
        other.start()
        assert not second.wait(0.1)
    other.join()
    assert asking.tally.requests == 2


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (requests.ConnectTimeout("slow"), NoResponse, "no_connection"),
        (requests.exceptions.ProxyError("refused"), NoResponse, "no_connection"),
        (requests.ReadTimeout("slow"), SlowResponse, "timeout"),
        (requests.ConnectionError("Read timed out."), SlowResponse, "timeout"),
        (requests.ConnectionError("Connection reset by peer"), NoResponse, "connection"),
        (requests.exceptions.ChunkedEncodingError("ended early"), NoResponse, "connection"),
        (requests.exceptions.ContentDecodingError("not gzip"), TransientError, "truncated"),
        (requests.exceptions.SSLError("EOF occurred"), NoResponse, "connection"),
    ],
)
def test_what_a_later_try_may_not_meet_is_transient(
    error: requests.RequestException, kind: type[TransientError], reason: str
) -> None:
    found = as_project_error(error, "https://example.org/file?token=secret", 5.0)
    assert isinstance(found, TransientError)
    assert type(found) is kind
    assert found.reason == reason
    assert "secret" not in str(found)


def test_what_no_further_try_would_change_is_final() -> None:
    untrusted = requests.exceptions.SSLError()
    untrusted.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    for error in (untrusted, requests.TooManyRedirects(), RedirectRefused("it leads elsewhere")):
        assert type(as_project_error(error, "https://example.org", 5.0)) is SourceUnreachable
    assert type(as_project_error(requests.exceptions.InvalidURL("no"), "https://", 5.0)) is UsageError
