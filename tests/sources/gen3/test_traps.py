"""Each trap that the observed behaviour of Guppy sets for a client is one test here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.guppy.answers import Type, leaves_of
from tests.support.guppy.documents import measurements, portal_types
from tests.support.guppy.faults import Reply, edited, errors, status
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.landed import assert_exact, expected, landed, midrc_at, system_of
from tests.support.guppy.server import GuppyServer, Seen
from warehouse.errors import SourceError
from warehouse.landing import Landing
from warehouse.sources.gen3 import Gen3System, land_system, proven_unchanged, resolve_system
from warehouse.sources.gen3.guppy.client import GuppyClient
from warehouse.sources.gen3.transport import Transport


def proof_of(release: Any, name: str) -> dict[str, Any]:
    return release.load_of(name).proof


def test_all_zero_with_status_200_is_not_believed(portal: GuppyServer, landing: Landing, quick: SettingsMaker) -> None:
    portal.authorised = False
    for ask in (land_system, resolve_system, proven_unchanged):
        with pytest.raises(SourceError, match="empty response not accepted"):
            ask(system_of(portal), landing, quick(retries=1))
    assert landing.releases("midrc") == []


@pytest.mark.parametrize("moment", ["download", "figures", "census", "cardinality"])
def test_authorisation_that_fails_in_mid_run_lands_nothing_and_a_rerun_is_exact(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, moment: str
) -> None:
    def fail(seen: Seen) -> None:
        if seen.place == moment and len(portal.asked(moment)) == 2:
            portal.authorised = False

    portal.before = fail
    with pytest.raises(SourceError, match=r"empty response not accepted"):
        land_system(system_of(portal), landing, quick(retries=1))
    assert landing.releases("midrc") == []
    portal.before = lambda seen: None
    portal.authorised = True
    assert_exact(portal, landing, land_system(system_of(portal), landing, quick()))


def test_authorisation_that_comes_back_is_waited_for(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def blink(seen: Seen) -> None:
        portal.authorised = not (seen.place == "totals" and len(portal.asked("totals")) == 1)

    portal.before = blink
    assert_exact(portal, landing, land_system(system_of(portal), landing, quick()))


def test_literal_no_data_is_text_and_missing_is_null(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    rows = landed(landing, land_system(system_of(portal), landing, quick()), "case")
    truly = [doc.get("sex") for doc in sorted(portal.types["case"].docs, key=lambda doc: doc["_case_id"])]
    assert [row["sex"] for row in rows] == truly
    assert {"no data", None} <= set(truly)


def test_lists_in_nested_records_that_graphql_cannot_say_come_in_their_stored_form(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.types["case"].arrays = {"dataset_submitter_id"}
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)
    assert proof_of(release, "case")["no_downloads_because"] is None
    assert not portal.asked("page")


def test_every_download_is_bounded_by_ids_and_asks_for_all_fields(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    land_system(system_of(portal), landing, quick())
    for seen in portal.asked("download"):
        assert 1 <= len(seen.body["filter"]["IN"][f"_{seen.type}_id"]) <= 10_000
        assert sorted(seen.body["fields"]) == sorted(leaves_of(portal.types[str(seen.type)].fields))


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 500])
def test_a_server_that_gives_no_downloads_is_read_in_pages(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, code: int
) -> None:
    portal.on("download", status(code, "<html>no downloads here</html>"), times=None)
    release = land_system(system_of(portal), landing, quick(retries=1))
    assert_exact(portal, landing, release)
    assert "no downloads here" in proof_of(release, "case")["no_downloads_because"]
    load = release.load_of("case")
    assert load is not None
    assert str(load.url).endswith("guppy/graphql")


def test_without_downloads_a_list_that_graphql_cannot_say_is_an_error_that_names_the_type(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.types["case"].arrays = {"dataset_submitter_id"}
    portal.on("download", status(404), times=None)
    with pytest.raises(SourceError, match=r"case: Guppy cannot represent values for type case, .* String cannot"):
        land_system(system_of(portal), landing, quick())


def test_a_list_that_neither_schema_nor_contract_knows_is_kept_and_reported(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    for number, doc in enumerate(portal.types["case"].docs):
        doc["surprise"] = ["a", "b"] if number % 9 == 0 else "c"
    release = land_system(system_of(portal), landing, quick())
    rows = {row["_case_id"]: row["surprise"] for row in landed(landing, release, "case")}
    assert rows == {
        d["_case_id"]: d["surprise"] if isinstance(d["surprise"], list) else ["c"] for d in portal.types["case"].docs
    }
    assert ("surprise", "retyped") in {
        (entry["field"], entry["change"]) for entry in proof_of(release, "case")["drift"]
    }


def test_fractions_where_whole_numbers_were_expected_are_kept_and_reported(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.types["case"].docs[77]["_imaging_studies_count"] = 2.5
    release = land_system(system_of(portal), landing, quick())
    assert landed(landing, release, "case") == expected(portal.types["case"], "_case_id")
    drift = {entry["field"]: entry for entry in proof_of(release, "case")["drift"]}
    assert (drift["_imaging_studies_count"]["change"], drift["_imaging_studies_count"]["found"]) == ("retyped", "float")


def test_an_id_that_vanishes_between_census_and_page_is_repaired(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def vanish(seen: Seen) -> None:
        if seen.place == "download" and seen.type == "case" and len(portal.asked("download", "case")) == 3:
            added = {"_case_id": "m-added", "submitter_id": "late"}
            portal.types["case"].docs = [*portal.types["case"].docs[3:], added]

    portal.before = vanish
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)
    assert proof_of(release, "case")["records_repaired"] == 4
    assert proof_of(release, "case")["total_before"] == 128


def test_an_index_rebuilt_in_mid_run_starts_the_type_anew(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def rebuild(seen: Seen) -> None:
        if seen.place == "download" and seen.type == "case" and len(portal.asked("download", "case")) == 3:
            about = portal.types["case"]
            about.index = "test_case_2"
            about.docs = [{**doc, "submitter_id": "changed"} for doc in about.docs]

    portal.before = rebuild
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)
    assert "from test_case_1 to test_case_2" in proof_of(release, "case")["restarts"][0]
    assert proof_of(release, "case")["retries"]["moved"] == 1


def test_contents_that_change_under_the_same_ids_start_the_type_anew(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def change(seen: Seen) -> None:
        if seen.place == "download" and seen.type == "case" and len(portal.asked("download", "case")) == 3:
            portal.types["case"].docs = [{**doc, "sex": "Not Reported"} for doc in portal.types["case"].docs]

    portal.before = change
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)
    assert "reported counts changed" in proof_of(release, "case")["restarts"][0]


def test_data_that_never_comes_to_rest_is_an_error_after_a_bounded_number_of_tries(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def churn(seen: Seen) -> None:
        if seen.place == "census" and seen.type == "case":
            portal.types["case"].index = f"test_case_{len(portal.seen)}"

    portal.before = churn
    with pytest.raises(SourceError, match=r"type case .* could not be proven complete in 2 tries: the index behind"):
        land_system(system_of(portal), landing, quick(guppy_tries=2))
    assert landing.releases("midrc") == []


def test_an_id_that_is_listed_but_never_comes_is_an_error_that_names_it(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    hidden = portal.types["case"].docs[50]["_case_id"]

    portal.on(
        "download", edited(lambda rows: [row for row in rows if row["_case_id"] != hidden]), times=None, type="case"
    )
    with pytest.raises(SourceError, match=f"lists 1 ids that no page returns: {hidden}"):
        land_system(system_of(portal), landing, quick(guppy_tries=1))


@pytest.mark.parametrize("sly", ["twice", "foreign"])
def test_a_page_with_records_that_were_not_asked_for_is_never_taken(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, sly: str
) -> None:
    def spoil(rows: Any) -> Any:
        return [*rows, rows[0] if sly == "twice" else {**rows[0], "_case_id": "foreign"}]

    portal.on("download", edited(spoil), times=1, type="case", skip=2)
    assert_exact(portal, landing, land_system(system_of(portal), landing, quick()))


def test_slow_pages_are_made_smaller_until_they_come(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def slow_when_large(reply: Reply) -> Reply:
        return status(504)(reply) if len(json.loads(reply.body)) > 12 else reply

    portal.on("download", slow_when_large, times=None, type="case")
    release = land_system(system_of(portal), landing, quick(guppy_page_size=100))
    assert_exact(portal, landing, release)
    assert proof_of(release, "case")["retries"]["http_504"] > 0
    assert not portal.asked("page")


def test_pages_that_stay_slow_however_small_are_an_error_that_names_the_part(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.on("download", status(504, "<html>Gateway Time-out</html>"), times=None, type="case")
    with pytest.raises(SourceError, match=r"too slow for type case, \d+ records from _case_id .* Gateway Time-out"):
        land_system(system_of(portal), landing, quick())


def test_nothing_harmful_is_ever_sent(portal: GuppyServer, quick: SettingsMaker) -> None:
    client = GuppyClient(Transport(portal.url, quick()), {"case"})
    with pytest.raises(ValueError, match="window"):
        client.rows("case", (), {}, [], 5_001, "here", list, offset=5_000)
    with pytest.raises(ValueError, match="not discovered"):
        client.download("nope", ["x"], {}, "here", len)
    with pytest.raises(ValueError, match="not discovered"):
        client.rows("nope", (), {}, [], 1, "here", list)
    assert portal.seen == []


def test_no_filter_puts_ranges_side_by_side_and_every_page_is_sorted_by_the_unique_id(
    landing: Landing, quick: SettingsMaker
) -> None:
    with GuppyServer(without_ids(300)) as server:
        land_system(only(server, "measurement"), landing, quick())
        for seen in server.asked("measure") + server.asked("download"):
            ranges = seen.body.get("variables", seen.body)["filter"]["AND"]
            assert all(list(clause) == ["AND"] and len(clause["AND"]) == 1 for clause in ranges)
    with GuppyServer(portal_types()) as server:
        server.on("download", status(404), times=None)
        land_system(system_of(server), landing, quick())
        assert server.asked("page")
        assert all(seen.body["variables"]["sort"] == [{f"_{seen.type}_id": "asc"}] for seen in server.asked("page"))


def without_ids(count: int, tie: int = 0) -> dict[str, Type]:
    """Return measurements of which one has no id, so that no census can list them; `tie` share one number."""
    docs = measurements(count)
    for number, doc in enumerate(docs):
        doc["test_days_from_index"] = 5 if number < tie else number
        doc["submitter_id"] = "same"
    del docs[0]["_measurement_id"]
    types = portal_types(30, 0)
    types["measurement"] = Type(types["measurement"].fields, set(), docs)
    return types


def only(server: GuppyServer, *names: str) -> Gen3System:
    return midrc_at(server.url, names)


def test_plan_b_where_an_id_is_missing_ranges_of_a_number_are_landed_complete(
    landing: Landing, quick: SettingsMaker
) -> None:
    with GuppyServer(without_ids(300)) as server:
        release = land_system(only(server, "measurement"), landing, quick())
        rows = landed(landing, release, "measurement")
        assert sorted(json.dumps(row, sort_keys=True) for row in rows) == sorted(
            json.dumps({"_measurement_id": None, **doc}, sort_keys=True) for doc in server.types["measurement"].docs
        )
        assert [row["test_days_from_index"] for row in rows] == sorted(row["test_days_from_index"] for row in rows)
        proof = proof_of(release, "measurement")
        assert (proof["method"], proof["rows_without_id"]) == ("ranges of test_days_from_index", 1)
        assert "1 records without one" in proof["no_census_because"][0]


@pytest.mark.parametrize("failure", ["Request timed out", "too_many_buckets_exception"])
def test_where_the_histogram_of_the_id_cannot_be_had_whole_it_is_taken_in_pieces(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, failure: str
) -> None:
    portal.on("census", errors(failure), times=None, type="case")
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)
    proof = proof_of(release, "case")
    assert proof["method"] == "ids of _case_id"
    assert failure in proof["no_census_because"][0]
    pieces = [seen.body["variables"]["filter"]["="] for seen in portal.asked("measure", "case")]
    # `sex` would cut finer, but holds a literal "no data", which cannot be selected; lists overlap.
    assert {next(iter(piece)) for piece in pieces} == {"is_open"}


@pytest.mark.parametrize("failure", ["Request timed out", "too_many_buckets_exception"])
def test_plan_b_where_no_histogram_of_the_id_can_be_had(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, failure: str
) -> None:
    def refuse(reply: Reply) -> Reply:
        listed = any(doc["_case_id"].encode() in reply.body for doc in portal.types["case"].docs)
        return errors(failure)(reply) if listed or b'"case_1"' in reply.body else reply

    for place in ("census", "measure", "figures"):
        portal.on(place, refuse, times=None, type="case")
    release = land_system(system_of(portal), landing, quick(guppy_page_size=40))
    assert sorted(r["_case_id"] for r in landed(landing, release, "case")) == [
        row["_case_id"] for row in expected(portal.types["case"], "_case_id")
    ]
    assert proof_of(release, "case")["method"] == "ranges of _imaging_studies_count"
    assert failure in proof_of(release, "case")["no_census_because"][0]


def test_a_part_that_cannot_be_split_below_the_window_is_an_error_with_its_figures(
    landing: Landing, quick: SettingsMaker
) -> None:
    with GuppyServer(without_ids(10_050, tie=10_001)) as server:
        with pytest.raises(SourceError) as caught:
            land_system(only(server, "measurement"), landing, quick())
        assert "10001 records share test_days_from_index = 5, more than the window of 10000" in str(caught.value)
        assert "The type measurement" in str(caught.value)
        assert not server.asked("records")
    assert landing.releases("midrc") == []


def test_a_type_without_any_usable_number_or_id_is_an_error_that_says_why(
    landing: Landing, quick: SettingsMaker
) -> None:
    types = without_ids(60)
    del types["measurement"].docs[5]["test_days_from_index"]
    with (
        GuppyServer(types) as server,
        pytest.raises(SourceError, match=r"test_days_from_index is missing in 1 of 60 records"),
    ):
        land_system(only(server, "measurement"), landing, quick())
