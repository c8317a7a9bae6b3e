from __future__ import annotations

import socket
import threading
import time

import pytest

from tests.support.guppy.faults import status, too_many
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.server import GuppyServer
from warehouse.errors import SourceError, SourceUnreachable, UsageError
from warehouse.sources.gen3.guppy.client import data_of
from warehouse.sources.gen3.transport import (
    Call,
    Refused,
    Transport,
    shortened,
)
from warehouse.sources.http.errors import SlowResponse, TransientError

STATUS = Call("guppy/_status", "its status")


def test_the_words_of_a_web_page_are_its_text_on_one_line() -> None:
    page = "<html><style>p {}</style><script>alert(1)</script><h1>Request\n Rejected</h1> Support ID: 17</html>"
    assert shortened(page) == "Request Rejected Support ID: 17"
    assert len(shortened("x" * 1000)) == 300


def test_a_retry_after_holds_back_the_other_requests_too(portal: GuppyServer, quick: SettingsMaker) -> None:
    transport = Transport(portal.url, quick(guppy_retry_after_max_s=1))
    arrived: dict[str, list[float]] = {"status": [], "version": []}
    portal.before = lambda seen: arrived[seen.place].append(time.monotonic())
    portal.on("status", too_many(0.3))

    def after_the_refusal() -> None:
        while not transport.tally.retries:
            time.sleep(0.001)
        transport.fetch_json(Call("guppy/_version", "its version"))

    other = threading.Thread(target=after_the_refusal)
    other.start()
    transport.fetch_json(STATUS)
    other.join()
    refused, *later = arrived["status"]
    assert all(moment - refused >= 0.3 for moment in later + arrived["version"])
    assert transport.tally.retries == {"http_429": 1}
    assert transport.tally.requests == 3


def test_all_requests_together_never_exceed_the_slots(portal: GuppyServer, quick: SettingsMaker) -> None:
    transport = Transport(portal.url, quick(guppy_requests_in_flight=2))
    gate = threading.Barrier(2)
    portal.before = lambda seen: gate.wait(timeout=10)
    threads = [threading.Thread(target=transport.fetch_json, args=(STATUS,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(portal.seen) == 6
    assert max(seen.in_flight for seen in portal.seen) == 2


def test_tries_are_bounded_and_the_last_words_are_kept(portal: GuppyServer, quick: SettingsMaker) -> None:
    portal.on("status", status(500, "<html><body>No living connections</body></html>"), times=None)
    with pytest.raises(SourceError, match=r"for its status in 3 tries; .* HTTP 500 No living connections") as caught:
        Transport(portal.url, quick(retries=2)).fetch_json(STATUS)
    assert not isinstance(caught.value, SourceUnreachable)
    assert len(portal.seen) == 3


@pytest.mark.parametrize("code", [400, 404, 406, 413])
def test_a_refusal_is_final(portal: GuppyServer, quick: SettingsMaker, code: int) -> None:
    portal.on("status", status(code), times=None)
    with pytest.raises(Refused, match=f"HTTP {code}"):
        Transport(portal.url, quick()).fetch_json(STATUS)
    assert len(portal.seen) == 1


def test_an_answer_that_does_not_come_in_time_is_slow_and_not_silent(portal: GuppyServer, quick: SettingsMaker) -> None:
    release = threading.Event()
    portal.before = lambda seen: release.wait(10)
    transport = Transport(portal.url, quick(guppy_read_timeout_s=0.05))
    with pytest.raises(SlowResponse):
        transport.fetch_json(Call("guppy/_status", "its status", slow_tries=2))
    release.set()
    assert len(portal.seen) == 2
    assert transport.tally.retries == {"timeout": 1}


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {},
        {"data": None},
        {"data": {"case": None}},
        {"data": {"_aggregation": None}},
        {"data": {"_aggregation": {"case": None}}},
        {"data": {"case": [{"a": 1}]}, "errors": [{"message": "shard failed"}]},
    ],
)
def test_data_that_is_not_whole_is_never_used(answer: object) -> None:
    with pytest.raises(TransientError):
        data_of(answer, "here")


def test_an_address_that_is_none_is_the_users_to_mend(quick: SettingsMaker) -> None:
    with pytest.raises(UsageError, match="ICW_MIDRC_URL"):
        Transport("data.midrc.org", quick(), setting="ICW_MIDRC_URL").fetch_json(STATUS)


def test_a_host_that_refuses_is_unreachable(quick: SettingsMaker) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    transport = Transport(f"http://127.0.0.1:{port}", quick(retries=1))
    with pytest.raises(SourceUnreachable, match=r"in 2 tries; .* connection refused"):
        transport.fetch_json(STATUS)
    assert transport.tally.retries == {"no_connection": 1}
