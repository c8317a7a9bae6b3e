from __future__ import annotations

import json
import threading
from collections import Counter
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.support.guppy.documents import cases, measurements, portal_types
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.landed import assert_exact, landed, system_of
from tests.support.guppy.server import GuppyServer, Seen
from warehouse.errors import SourceError, SourceUnreachable
from warehouse.landing import Landing
from warehouse.sources.gen3 import land_system, resolve_system


def test_every_record_is_landed_as_it_is_with_a_proof(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)
    assert release == landing.releases("midrc")[-1]
    assert not release.synthetic
    assert landed(landing, release, "version") == [{"component": "guppy", "version": "2026.07", "commit": "abc"}]
    assert landed(landing, release, "indexd_stats") == [{"file_count": 12, "total_file_size": 3456}]
    assert [row["guid"] for row in landed(landing, release, "mds_metadata")] == sorted(portal.mds)


def test_the_politeness_limit_holds_and_is_used(portal: GuppyServer, landing: Landing, quick: SettingsMaker) -> None:
    together = threading.Barrier(3)
    waiting = iter(range(3))

    def meet(seen: Seen) -> None:
        if seen.place == "download" and next(waiting, None) is not None:
            together.wait(timeout=30)

    portal.before = meet
    land_system(system_of(portal), landing, quick(guppy_requests_in_flight=3))
    assert not together.broken
    assert max(seen.in_flight for seen in portal.seen) == 3


def test_reported_counts_are_those_of_the_data_with_missing_apart_from_literal_no_data(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    release = land_system(system_of(portal), landing, quick())
    rows = landed(landing, release, "reported_counts")
    docs = portal.types["case"].docs
    reported = {(r["key"], r["missing"]): r["count"] for r in rows if (r["entity"], r["dimension"]) == ("case", "sex")}
    truly = Counter((doc.get("sex", "no data"), "sex" not in doc) for doc in docs)
    assert reported == dict(truly)
    assert {key for key, _ in reported} == {"Female", "Male", "no data"}
    assert [r["count"] for r in rows if r["dimension"] == "_totalCount" and r["entity"] == "measurement"] == [40]
    in_lists = Counter(entry for doc in docs for entry in doc.get("dataset_submitter_id", []))
    found = {r["key"]: r["count"] for r in rows if r["dimension"] == "dataset_submitter_id" and not r["missing"]}
    assert found == dict(in_lists)
    assert not [r for r in rows if r["dimension"] in ("_case_id", "submitter_id")]


def test_nothing_is_fetched_and_nothing_written_when_nothing_changed(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    first = land_system(system_of(portal), landing, quick())
    before = len(portal.seen)
    assert land_system(system_of(portal), landing, quick()) == first
    again = portal.seen[before:]
    assert len(again) < 20
    assert len([seen for seen in again if seen.place == "mds"]) == 2
    assert not [seen for seen in again if seen.place in ("page", "census", "download")]
    assert len(landing.releases("midrc")) == 1


def test_only_the_type_that_changed_is_fetched_again(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    first = land_system(system_of(portal), landing, quick())
    portal.types["measurement"].docs = measurements(55)
    portal.types["measurement"].index = "test_measurement_2"
    before = len(portal.seen)
    second = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, second)
    assert {seen.type for seen in portal.seen[before:] if seen.place == "download"} == {"measurement"}
    assert second.load_of("case") == first.load_of("case")
    assert len(landing.releases("midrc")) == 2


@pytest.mark.parametrize("sly", ["count", "histogram", "fields"])
def test_a_change_under_the_same_index_name_is_not_skipped(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, sly: str
) -> None:
    land_system(system_of(portal), landing, quick())
    about = portal.types["case"]
    match sly:
        case "count":
            about.docs = [*about.docs, {"_case_id": "zzz", "submitter_id": "new"}]
        case "histogram":
            about.docs = [{**doc, "sex": "Not Reported"} if n == 0 else doc for n, doc in enumerate(about.docs)]
        case "fields":
            about.fields = {**about.fields, "novelty": "keyword"}
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)


@pytest.mark.parametrize("sly", ["one_more", "one_less", "changed"])
def test_metadata_that_changed_is_read_again(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, sly: str
) -> None:
    land_system(system_of(portal), landing, quick())
    match sly:
        case "one_more":
            portal.mds["guid-9999"] = {"new": True}
        case "one_less":
            del portal.mds["guid-0003"]
        case "changed":
            portal.mds["guid-0001"] = {"changed": "é"}
    release = land_system(system_of(portal), landing, quick())
    rows = landed(landing, release, "mds_metadata")
    assert {row["guid"]: json.loads(row["record"]) for row in rows} == portal.mds
    assert len(landing.releases("midrc")) == 2


def test_resolve_says_in_two_requests_what_changed(portal: GuppyServer, landing: Landing, quick: SettingsMaker) -> None:
    system = system_of(portal)
    assert resolve_system(system, landing, quick()).changed == ("case", "measurement")
    land_system(system, landing, quick())
    before = len(portal.seen)
    state = resolve_system(system, landing, quick())
    assert (state.changed, len(portal.seen) - before) == ((), 2)
    portal.types["case"].index = "test_case_2"
    assert resolve_system(system, landing, quick()).changed == ("case",)


def test_a_failing_type_is_named_the_others_are_kept_and_the_last_load_stays(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    first = land_system(system_of(portal), landing, quick())
    portal.types["case"].docs, portal.types["case"].index = cases(120, seed=2), "test_case_2"
    portal.types["measurement"].docs, portal.types["measurement"].index = measurements(60), "test_measurement_2"
    portal.on("records", lambda reply: None, times=None, type="case")
    with pytest.raises(SourceError, match=r"1 of 2 types .* case: .*records from _case_id") as caught:
        land_system(system_of(portal), landing, quick(retries=1))
    assert isinstance(caught.value, SourceUnreachable)
    assert landing.releases("midrc") == [first]
    portal.rules.clear()
    assert_exact(portal, landing, land_system(system_of(portal), landing, quick()))


def test_progress_of_the_types_after_a_failing_one_is_kept_in_staging(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    portal.on("records", lambda reply: type(reply)(500, b"<html>all shards failed</html>"), times=None, type="case")
    with pytest.raises(SourceError, match="all shards failed"):
        land_system(system_of(portal), landing, quick(retries=0))
    portal.rules.clear()
    before = len(portal.seen)
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)
    assert not [seen for seen in portal.seen[before:] if (seen.place, seen.type) == ("download", "measurement")]


def test_a_sandbox_is_marked_synthetic_and_never_taken_for_the_real_portal(
    landing: Landing, quick: SettingsMaker
) -> None:
    with GuppyServer(portal_types(), synthetic=True) as sandbox:
        synthetic = land_system(system_of(sandbox), landing, quick())
    assert synthetic.synthetic
    assert all(load.synthetic for load in synthetic.loads)
    with GuppyServer(portal_types()) as real:
        release = land_system(system_of(real), landing, quick())
        assert not release.synthetic
        assert real.asked("records")
    with GuppyServer(portal_types(), synthetic=True) as restarted_sandbox:
        again = land_system(system_of(restarted_sandbox), landing, quick())
        assert again == synthetic
        assert not restarted_sandbox.asked("records")


def test_the_same_data_gives_the_same_bytes_whatever_the_page_size(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, tmp_path: Any
) -> None:
    one = land_system(system_of(portal), landing, quick())
    other = land_system(system_of(portal), Landing(tmp_path / "other"), quick(guppy_page_size=1000))
    assert [load.objects for load in one.loads] == [load.objects for load in other.loads]


def test_an_unreachable_portal_is_said_to_be_one(landing: Landing, quick: SettingsMaker) -> None:
    with GuppyServer(portal_types()) as server:
        system = system_of(server)
    with pytest.raises(SourceUnreachable, match=r"gave no usable response .* in 2 tries"):
        land_system(system, landing, quick(retries=1))


def test_every_landed_page_has_a_checksum(portal: GuppyServer, landing: Landing, quick: SettingsMaker) -> None:
    release = land_system(system_of(portal), landing, quick())
    for load in release.loads:
        path = landing.object_path(load.objects[0].sha256)
        column = pq.ParquetFile(path).metadata.row_group(0).column(0)
        content = bytearray(path.read_bytes())
        begins = column.dictionary_page_offset or column.data_page_offset
        content[begins + column.total_compressed_size - 1] ^= 1
        with pytest.raises(OSError, match="CRC checksum verification failed"):
            pq.read_table(BytesIO(content), columns=[column.path_in_schema], page_checksum_verification=True)
