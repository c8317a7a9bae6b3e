"""Each kind of fault in each place ends complete and exact, or in a clear error with the last good load in place."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.sources_guppy.conftest import SettingsMaker, assert_exact, cases, system_of
from tests.sources_guppy.guppy_faults import Reply, cut_off, errors, partial, reset, status, too_many, truncated
from tests.sources_guppy.guppy_server import GuppyServer
from warehouse.errors import SourceError
from warehouse.landing import Landing
from warehouse.sources.guppy import land_system

KINDS: dict[str, tuple[Callable[[Reply], Reply | None], str]] = {
    "429": (too_many(0.01), "http_429"),
    "500": (status(500), "http_500"),
    "502": (status(502), "http_502"),
    "503": (status(503), "http_503"),
    "504": (status(504), "http_504"),
    "reset": (reset, "connection"),
    "truncated_json": (truncated, "truncated"),
    "cut_off_body": (cut_off, "connection"),
    "html_200": (status(200, "<html><title>Request Rejected</title></html>"), "firewall_page"),
    "html_403": (status(403, "<html>Forbidden by policy</html>"), "firewall_page"),
    "redirect_to_a_login": (status(302), "http_302"),
}
GRAPHQL_KINDS: dict[str, tuple[Callable[[Reply], Reply | None], str]] = {
    "graphql_errors": (errors("all shards failed"), "graphql_error"),
    "timed_out": (errors("Request timed out"), "upstream_timeout"),
    "partial_data": (partial, "partial_data"),
}
GRAPHQL_PLACES = ("introspection", "mapping", "totals", "cardinality", "figures", "census", "page", "last_page")
PLACES = (*GRAPHQL_PLACES, "status", "version", "download", "indexd", "mds")
CELLS = [(kind, place) for place in PLACES for kind in KINDS] + [(k, p) for p in GRAPHQL_PLACES for k in GRAPHQL_KINDS]
# A census can be taken in pieces where it cannot be had whole; a server that does not answer at all is not asked again.
WORKED_AROUND = {("census", kind) for kind in {**KINDS, **GRAPHQL_KINDS}} - {
    ("census", "reset"),
    ("census", "cut_off_body"),
}


def script(server: GuppyServer, kind: str, place: str, times: int | None) -> str:
    """Let a fault strike a place and return the reason under which it is to be counted."""
    act, reason = {**KINDS, **GRAPHQL_KINDS}[kind]
    if place == "download":
        server.types["case"].arrays = {"dataset_submitter_id"}
    if place == "last_page":
        greatest = max(doc["_case_id"] for doc in server.types["case"].docs)
        left = [times]

        def strike(reply: Reply) -> Reply | None:
            if greatest.encode() not in reply.body or left[0] == 0:
                return reply
            left[0] = None if left[0] is None else left[0] - 1
            return act(reply)

        server.on("page", strike, times=None, type="case")
    else:
        server.on(place, act, times=times)
    return reason


@pytest.mark.parametrize(("kind", "place"), CELLS)
def test_a_fault_that_passes_is_survived_and_the_load_is_exact(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, kind: str, place: str
) -> None:
    script(portal, kind, place, times=2)
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)


@pytest.mark.parametrize(("kind", "place"), CELLS)
def test_a_fault_that_stays_is_a_clear_error_or_is_worked_around_exactly(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, kind: str, place: str
) -> None:
    first = land_system(system_of(portal), landing, quick())
    portal.types["case"].docs, portal.types["case"].index = cases(60, seed=3), "test_case_2"
    script(portal, kind, place, times=None)
    impatient = quick(retries=1, guppy_tries=1)
    if (place, kind) in WORKED_AROUND:
        assert_exact(portal, landing, land_system(system_of(portal), landing, impatient))
        return
    with pytest.raises(SourceError, match=re.escape(portal.url)):
        land_system(system_of(portal), landing, impatient)
    assert landing.releases("midrc") == [first]
    assert landing.missing_objects(first) == []


@pytest.mark.parametrize("kind", [*KINDS, *GRAPHQL_KINDS])
def test_retries_are_counted_in_the_load_by_reason(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, kind: str
) -> None:
    reason = script(portal, kind, "page", times=2)
    release = land_system(system_of(portal), landing, quick())
    load = release.load_of("case")
    assert load is not None
    assert load.proof["retries"] == {reason: 2}


def test_the_words_of_upstream_end_up_in_the_error(portal: GuppyServer, landing: Landing, quick: SettingsMaker) -> None:
    portal.on("page", errors("circuit_breaking_exception: Data too large"), times=None, type="case")
    with pytest.raises(
        SourceError, match=r"type case, \d+ records from _case_id .* circuit_breaking_exception: Data too large"
    ):
        land_system(system_of(portal), landing, quick(retries=1))


def test_a_query_that_is_refused_is_not_tried_again(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.on("page", errors("Invalid sort argument", "BAD_USER_INPUT"), times=None, type="case")
    with pytest.raises(SourceError, match="refuses the query"):
        land_system(system_of(portal), landing, quick(guppy_requests_in_flight=1))
    assert len(portal.asked("page", "case")) == 1


def test_a_retry_after_beyond_all_patience_ends_the_run_at_once(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.on("status", too_many(86_400), times=None)
    with pytest.raises(SourceError, match="asks to come back in 86400 seconds"):
        land_system(system_of(portal), landing, quick())
    assert len(portal.seen) == 1


def test_indexd_that_counts_nothing_is_not_believed(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.indexd = {"fileCount": 0, "totalFileSize": 0}
    with pytest.raises(SourceError, match="above zero"):
        land_system(system_of(portal), landing, quick())


def test_metadata_records_that_come_between_pages_are_not_lost(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def insert(reply: Reply) -> Reply:
        portal.mds = {"guid-0000-a": {"_guid_type": None}, **portal.mds}
        return reply

    portal.on("mds", insert, skip=1)
    release = land_system(system_of(portal), landing, quick())
    load = release.load_of("mds_metadata")
    assert load is not None
    assert load.rows == 8
