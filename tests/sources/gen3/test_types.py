"""Types that come, go, are renamed or are empty: the rest of the portal is landed, and what is absent says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.guppy.answers import Type
from tests.support.guppy.documents import cases, measurements, portal_types
from tests.support.guppy.faults import edited
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.landed import assert_exact, landed, midrc_at, system_of
from tests.support.guppy.server import GuppyServer, Seen
from warehouse.errors import SourceError
from warehouse.landing import Landing, Release
from warehouse.sources.gen3 import Gen3System, land_system, proven_unchanged

TYPES = ("case", "measurement")


def both(portal: GuppyServer) -> Gen3System:
    """The portal as it is expected: with both types, whatever it offers."""
    return midrc_at(portal.url, TYPES)


def absence(release: Release, name: str) -> str | None:
    load = release.load_of(name)
    assert load is not None
    assert (load.status == "absent") == (load.objects == ())
    return str(load.proof["absent_because"]) if load.status == "absent" else None


@pytest.mark.parametrize("introspection", [True, False])
def test_a_type_that_is_gone_is_absent_with_the_reason_and_the_others_are_landed(
    landing: Landing, quick: SettingsMaker, introspection: bool
) -> None:
    with GuppyServer(portal_types(), introspection=introspection) as portal:
        land_system(both(portal), landing, quick())
        del portal.types["measurement"]
        release = land_system(both(portal), landing, quick())
        assert absence(release, "measurement") == "the portal does not offer this type any more"
        assert len(landed(landing, release, "case")) == 130
        assert proven_unchanged(both(portal), landing, quick()) == release
        portal.types["measurement"] = portal_types()["measurement"]
        assert proven_unchanged(both(portal), landing, quick()) is None
        assert absence(land_system(both(portal), landing, quick()), "measurement") is None


def test_a_type_that_nobody_knows_is_landed_as_it_is(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    system = system_of(portal)
    land_system(system, landing, quick())
    portal.types["lab_result"] = renamed(portal.types["measurement"], "lab_result")
    assert proven_unchanged(system, landing, quick()) is None
    release = land_system(system, landing, quick())
    assert len(landed(landing, release, "lab_result")) == 40
    assert proven_unchanged(system, landing, quick()) == release
    portal.types["lab_result"].docs[0]["test_name"] = "another"
    assert proven_unchanged(system, landing, quick()) is None


def test_a_type_that_is_renamed_is_absent_under_the_old_name_and_there_under_the_new_one(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.types["lab_result"] = renamed(portal.types.pop("measurement"), "lab_result")
    release = land_system(both(portal), landing, quick())
    assert absence(release, "measurement") is not None
    assert len(landed(landing, release, "lab_result")) == 40
    assert proven_unchanged(both(portal), landing, quick()) == release


def test_a_new_type_that_cannot_be_had_keeps_nobody_from_anything(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.types["oddity"] = Type({"weight": "float"}, set(), [{"weight": 1.5}])
    release = land_system(both(portal), landing, quick(retries=0))
    assert absence(release, "oddity") == "it has no field that could be a unique id"
    assert len(landed(landing, release, "measurement")) == 40
    assert proven_unchanged(both(portal), landing, quick()) == release


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda fields: fields.pop("_measurement_id"), "its unique id _measurement_id is gone"),
        (lambda fields: fields.update(_measurement_id="long"), "its unique id _measurement_id is not text but float"),
        (lambda fields: fields.update(_measurement_id={"id": "keyword"}), "is not text but record"),
    ],
    ids=["gone", "number", "nested"],
)
def test_a_type_without_its_unique_id_is_absent_with_the_reason(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    change(portal.types["measurement"].fields)
    release = land_system(both(portal), landing, quick())
    assert reason in str(absence(release, "measurement"))
    assert len(landed(landing, release, "case")) == 130
    assert proven_unchanged(both(portal), landing, quick()) == release


def test_an_empty_type_that_nothing_else_calls_empty_is_absent(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.types["measurement"].docs = []
    release = land_system(both(portal), landing, quick())
    assert "nothing else confirms that" in str(absence(release, "measurement"))
    assert proven_unchanged(both(portal), landing, quick()) == release
    portal.types["measurement"].docs = measurements(40)
    assert proven_unchanged(both(portal), landing, quick()) is None
    assert_exact(portal, landing, land_system(both(portal), landing, quick()))


@pytest.mark.parametrize(("counted", "believed"), [(0, True), (1, False)])
def test_an_empty_type_is_believed_if_another_type_counts_none_of_its_records(
    landing: Landing, quick: SettingsMaker, counted: int, believed: bool
) -> None:
    docs = cases(20)
    for doc in docs:
        doc["_imaging_studies_count"] = 0
    docs[7]["_imaging_studies_count"] = counted
    types = {
        "case": Type(portal_types()["case"].fields, {"dataset_submitter_id", "study_modality"}, docs),
        "imaging_study": Type({"_imaging_study_id": "keyword", "submitter_id": "keyword"}, set(), []),
    }
    with GuppyServer(types) as portal:
        release = land_system(system_of(portal), landing, quick())
        assert (absence(release, "imaging_study") is None) == believed
        assert proven_unchanged(system_of(portal), landing, quick()) == release


@pytest.mark.parametrize("index", ["test_measurement_1", "test_measurement_2"])
def test_a_type_that_held_records_and_holds_none_is_not_believed_unless_a_person_accepts_it(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, index: str
) -> None:
    first = land_system(both(portal), landing, quick())
    portal.types["measurement"].docs, portal.types["measurement"].index = [], index
    for accepted in ({}, {"measurement": 39}, {"case": 40}):
        with pytest.raises(SourceError, match=r"holds 0 records, 40 fewer than the 40 .* lost: 40"):
            land_system(both(portal), landing, quick(), accepted)
        assert landing.releases("midrc") == [first]
    release = land_system(both(portal), landing, quick(), {"measurement": 40})
    assert landed(landing, release, "measurement") == []
    assert land_system(both(portal), landing, quick()) == release


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [
        (130, 110, True),
        (130, 105, True),
        (130, 104, True),
        (130, 103, False),
        (30, 10, True),
        (30, 9, False),
        (5, 1, True),
    ],
)
def test_a_type_may_lose_a_fifth_of_its_records_and_twenty_in_any_case(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, before: int, after: int, passes: bool
) -> None:
    portal.types["case"].docs = cases(before)
    first = land_system(both(portal), landing, quick())
    portal.types["case"].docs = portal.types["case"].docs[:after]
    if passes:
        assert len(landed(landing, land_system(both(portal), landing, quick()), "case")) == after
        return
    with pytest.raises(SourceError, match=f"{before - after} fewer than the {before} of its last load"):
        land_system(both(portal), landing, quick())
    assert landing.releases("midrc") == [first]


@pytest.mark.parametrize("left", [0, 9])
def test_a_type_that_was_gone_for_a_night_is_held_against_what_it_held_before(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, left: int
) -> None:
    land_system(both(portal), landing, quick())
    about = portal.types.pop("measurement")
    gone = land_system(both(portal), landing, quick())
    assert absence(gone, "measurement") is not None
    about.docs = about.docs[:left]
    portal.types["measurement"] = about
    with pytest.raises(SourceError, match=f"{40 - left} fewer than the 40 of its last load"):
        land_system(both(portal), landing, quick())
    assert landing.releases("midrc")[-1] == gone


def test_authorisation_that_fails_for_one_type_in_mid_run_is_no_empty_type(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def fail(seen: Seen) -> None:
        if seen.type == "measurement":
            portal.types["measurement"].docs = []

    portal.before = fail
    with pytest.raises(SourceError, match="counted 40 a moment ago: empty response not accepted"):
        land_system(both(portal), landing, quick(retries=1))
    assert landing.releases("midrc") == []


def test_a_value_that_its_own_index_does_not_hold_leaves_the_field_as_text_with_every_value(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    def as_stored(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        odd = {"m000003": "unknown", "m000005": 12.5, "m000007": True, "m000009": "7"}
        return [row | {"test_days_from_index": odd.get(row["_measurement_id"], 1)} for row in rows]

    portal.on("download", edited(as_stored), times=None, type="measurement")
    release = land_system(system_of(portal), landing, quick())
    load = release.load_of("measurement")
    assert load is not None
    found = [row["test_days_from_index"] for row in landed(landing, release, "measurement")]
    assert found[:10] == ["1", "1", "1", "unknown", "1", "12.5", "1", "true", "1", "7"]
    drift = {entry["field"]: entry["found"] for entry in load.proof["drift"] if entry["change"] == "retyped"}  # type: ignore
    assert drift == {"test_days_from_index": "string"}
    assert proven_unchanged(system_of(portal), landing, quick()) == release


def renamed(about: Type, name: str) -> Type:
    """The same records as another type, whose node id bears its name."""
    fields = {name_of(field, name): kind for field, kind in about.fields.items()}
    docs = [{name_of(field, name): value for field, value in doc.items()} for doc in about.docs]
    return Type(fields, set(about.arrays), docs)


def name_of(field: str, type_name: str) -> str:
    return f"_{type_name}_id" if field == "_measurement_id" else field
