"""What a failing portal is said to have done: in its own words, without asking more than is decent."""

from __future__ import annotations

import pytest

from tests.support.guppy.faults import Reply, errors, status, too_many
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.landed import system_of
from tests.support.guppy.server import GuppyServer
from warehouse.errors import SourceError
from warehouse.landing import Landing
from warehouse.sources.gen3 import land_system


def test_the_words_of_upstream_end_up_in_the_error(portal: GuppyServer, landing: Landing, quick: SettingsMaker) -> None:
    portal.on("records", errors("circuit_breaking_exception: Data too large"), times=None, type="case")
    with pytest.raises(
        SourceError, match=r"type case, \d+ records from _case_id .* circuit_breaking_exception: Data too large"
    ):
        land_system(system_of(portal), landing, quick(retries=1))


def test_a_query_that_is_refused_is_not_tried_again(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.on("download", status(400, 'Invalid fields: "nope"'), times=None, type="case")
    portal.on("page", errors("Invalid sort argument", "BAD_USER_INPUT"), times=None, type="case")
    with pytest.raises(SourceError, match="refuses the query"):
        land_system(system_of(portal), landing, quick(guppy_requests_in_flight=1))
    assert [seen.place for seen in portal.asked("records", "case")] == ["download", "page"]


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
