"""The cheap proof that a whole portal is what its last release holds, and every way in which it is not."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.guppy.answers import Type
from tests.support.guppy.documents import portal_types
from tests.support.guppy.faults import Reply, errors
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.landed import assert_exact, midrc_at, system_of
from tests.support.guppy.server import GuppyServer, Seen
from tests.support.marks import one_of_each
from warehouse.contracts import load_contract
from warehouse.errors import SourceError, SourceUnreachable
from warehouse.landing import Landing, Release
from warehouse.sources.gen3 import land_system, proven_unchanged
from warehouse.sources.gen3.guppy.client import GuppyClient
from warehouse.sources.gen3.guppy.discovery import discover
from warehouse.sources.gen3.guppy.reported_counts import categorical_fields, fetch_counts, fetch_counts_of_types
from warehouse.sources.gen3.transport import Transport

WHOLE = ["status", "totals", "introspection", "figures", "version", "indexd", "mds", "mds"]
LAST = "guid-0006"


def files_below(folder: Path) -> dict[Path, tuple[bytes, int]]:
    """Return every file below a folder with its bytes and the moment of its last change."""
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def asked_since(portal: GuppyServer, before: int) -> list[str]:
    return [seen.place for seen in portal.seen[before:]]


def test_a_portal_at_rest_is_proven_with_few_requests_and_nothing_is_written(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, tmp_path: Path
) -> None:
    first = land_system(system_of(portal), landing, quick())
    files, before = files_below(tmp_path), len(portal.seen)
    assert proven_unchanged(system_of(portal), landing, quick()) == first
    assert asked_since(portal, before) == WHOLE
    assert files_below(tmp_path) == files
    before = len(portal.seen)
    assert land_system(system_of(portal), landing, quick()) == first
    assert asked_since(portal, before) == WHOLE


def with_case(change: Callable[[Type], object]) -> Callable[[GuppyServer], object]:
    return lambda portal: change(portal.types["case"])


def one_more(about: Type) -> None:
    about.docs = [*about.docs, {"_case_id": "zzz", "submitter_id": "new"}]


def one_less(about: Type) -> None:
    about.docs = about.docs[1:]


def one_record(**values: object) -> Callable[[Type], None]:
    def change(about: Type) -> None:
        about.docs = [{**about.docs[0], **values}, *about.docs[1:]]

    return change


def missing_becomes_literal(about: Type) -> None:
    about.docs = [{**doc, "sex": doc.get("sex", "no data")} for doc in about.docs]


def without_field(about: Type) -> None:
    about.fields = {name: kind for name, kind in about.fields.items() if name != "surprise"}


def retyped(about: Type) -> None:
    about.fields = {**about.fields, "_imaging_studies_count": "keyword"}


def made_a_list(about: Type) -> None:
    about.arrays = {*about.arrays, "surprise"}
    about.docs = [{**doc, "surprise": [doc["surprise"]]} for doc in about.docs]


CHANGES: dict[str, tuple[Callable[[GuppyServer], object], str]] = {
    "index": (with_case(lambda about: setattr(about, "index", "test_case_2")), "totals"),
    "one_record_more": (with_case(one_more), "totals"),
    "one_record_less": (with_case(one_less), "totals"),
    "field_added": (with_case(lambda about: about.fields.update(novelty="keyword")), "introspection"),
    "field_removed": (with_case(without_field), "introspection"),
    "field_retyped": (with_case(retyped), "introspection"),
    "field_made_a_list": (with_case(made_a_list), "introspection"),
    "one_bucket": (with_case(one_record(sex="Not Reported")), "figures"),
    "missing_becomes_the_words_no_data": (with_case(missing_becomes_literal), "figures"),
    "the_least_of_a_number": (with_case(one_record(age_at_index=-1)), "figures"),
    "version": (lambda portal: portal.version.update(version="2026.08"), "version"),
    "commit": (lambda portal: portal.version.update(commit="def"), "version"),
    "files_in_indexd": (lambda portal: portal.indexd.update(fileCount=13), "indexd"),
    "bytes_in_indexd": (lambda portal: portal.indexd.update(totalFileSize=3457), "indexd"),
    "first_metadata_record": (lambda portal: portal.mds.update({"guid-0000": {"n": "é"}}), "mds"),
    "last_metadata_record": (lambda portal: portal.mds.update({LAST: {"n": "é"}}), "mds"),
    "one_metadata_record_more": (lambda portal: portal.mds.update({"guid-9999": {}}), "mds"),
    "one_metadata_record_less": (lambda portal: portal.mds.pop("guid-0003"), "mds"),
}


@pytest.mark.parametrize("change", one_of_each(lambda change: CHANGES[change][1], CHANGES))
def test_one_change_of_any_kind_ends_the_proof_at_once_and_is_landed(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, tmp_path: Path, change: str
) -> None:
    system = system_of(portal)
    first = land_system(system, landing, quick())
    assert proven_unchanged(system, landing, quick()) == first
    act, found_by = CHANGES[change]
    act(portal)
    files, before = files_below(tmp_path), len(portal.seen)
    assert proven_unchanged(system, landing, quick()) is None
    asked = asked_since(portal, before)
    assert asked == WHOLE[: len(asked)]
    assert asked[-1] == found_by
    assert files_below(tmp_path) == files
    second = land_system(system, landing, quick())
    assert second.digest != first.digest
    assert proven_unchanged(system, landing, quick()) == second


def test_without_a_release_there_is_nothing_to_prove(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    assert proven_unchanged(system_of(portal), landing, quick()) is None
    assert asked_since(portal, 0) == ["status", "totals"]


def test_a_release_of_another_place_proves_nothing(landing: Landing, quick: SettingsMaker) -> None:
    with GuppyServer(portal_types(), synthetic=True) as sandbox:
        synthetic = land_system(system_of(sandbox), landing, quick())
    with GuppyServer(portal_types()) as real:
        assert proven_unchanged(system_of(real), landing, quick()) is None
    with GuppyServer(portal_types(), synthetic=True) as restarted_sandbox:
        assert proven_unchanged(system_of(restarted_sandbox), landing, quick()) == synthetic


@pytest.mark.parametrize("dataset", ["case", "reported_counts", "version", "indexd_stats", "mds_metadata"])
@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_a_release_whose_bytes_are_not_all_there_is_not_taken_for_the_portal_and_is_mended(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, dataset: str, damage: str
) -> None:
    first = land_system(system_of(portal), landing, quick())
    load = first.load_of(dataset)
    assert load is not None
    path = landing.object_path(load.objects[0].sha256)
    content = path.read_bytes()
    path.unlink()
    if damage == "cut":
        path.write_bytes(content[:-7])
    assert proven_unchanged(system_of(portal), landing, quick()) is None
    release = land_system(system_of(portal), landing, quick())
    assert_exact(portal, landing, release)
    assert path.read_bytes() == content
    assert release.digest == first.digest
    assert proven_unchanged(system_of(portal), landing, quick()) == release


@pytest.mark.parametrize("dataset", ["indexd_stats", "mds_metadata", "reported_counts"])
def test_a_release_from_before_the_contract_knew_a_dataset_is_not_the_whole_portal(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, tmp_path: Path, dataset: str
) -> None:
    whole = land_system(system_of(portal), landing, quick())
    older = Landing(tmp_path / "older")
    loads = tuple(load for load in whole.loads if load.dataset != dataset)
    copies = {}
    for load in loads:
        for entry in load.objects:
            copies[entry.sha256] = tmp_path / entry.sha256
            copies[entry.sha256].write_bytes(landing.object_path(entry.sha256).read_bytes())
    older.commit(Release(source="midrc", version="0", channel="guppy", loads=loads), copies)
    assert proven_unchanged(system_of(portal), older, quick()) is None


def test_a_portal_that_counts_nothing_or_does_not_answer_is_an_error_and_not_a_change(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker
) -> None:
    system = system_of(portal)
    land_system(system, landing, quick())
    portal.authorised = False
    with pytest.raises(SourceError, match="empty response not accepted"):
        proven_unchanged(system, landing, quick(retries=1))
    portal.on("status", lambda reply: None, times=None)
    with pytest.raises(SourceUnreachable):
        proven_unchanged(system, landing, quick(retries=1))


@pytest.mark.parametrize("moment", ["introspection", "figures"])
def test_authorisation_that_fails_in_mid_proof_proves_nothing_and_lands_nothing(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, moment: str
) -> None:
    system = system_of(portal)
    first = land_system(system, landing, quick())

    def fail(seen: Seen) -> None:
        portal.authorised = portal.authorised and seen.place != moment

    portal.before = fail
    assert proven_unchanged(system, landing, quick(retries=1)) is None
    with pytest.raises(SourceError, match="empty response not accepted"):
        land_system(system, landing, quick(retries=1))
    assert landing.releases("midrc") == [first]


@pytest.mark.parametrize("words", ["Request timed out", "circuit_breaking_exception: Data too large"])
def test_where_the_counts_of_several_types_are_too_much_at_once_they_are_asked_for_one_type_at_a_time(
    portal: GuppyServer, landing: Landing, quick: SettingsMaker, words: str
) -> None:
    first = land_system(system_of(portal), landing, quick())

    def too_much(reply: Reply) -> Reply:
        together = b'"case":' in reply.body and b'"measurement":' in reply.body
        return errors(words)(reply) if together else reply

    portal.on("figures", too_much, times=None)
    for ask in (proven_unchanged, land_system):
        before = len(portal.seen)
        assert ask(system_of(portal), landing, quick(retries=1)) == first
        alone = [seen.type for seen in portal.seen[before:] if seen.place == "figures" and seen.type]
        assert alone == ["case", "measurement"]


def test_a_total_that_moves_between_two_queries_is_a_change(landing: Landing, quick: SettingsMaker) -> None:
    with GuppyServer(wide_types(100, 1)) as portal:
        land_system(system_of(portal), landing, quick())
        before = len(portal.asked("figures"))

        def come(seen: Seen) -> None:
            if seen.place == "figures" and len(portal.asked("figures")) == before + 2:
                one_more(portal.types["case"])

        portal.before = come
        assert proven_unchanged(system_of(portal), landing, quick()) is None
        assert len(portal.asked("figures")) == before + 2


def wide_types(*widths: int) -> dict[str, Type]:
    """Return two types whose records hold so many categorical fields beside their id."""
    types = {}
    for name, width in zip(("case", "measurement"), widths, strict=True):
        extra = {f"field_{number}": "keyword" for number in range(width)}
        docs = [
            {f"_{name}_id": f"{row}", "submitter_id": f"s{row}", **{field: f"{row % 3}" for field in extra}}
            for row in range(9)
        ]
        types[name] = Type({f"_{name}_id": "keyword", "submitter_id": "keyword", **extra}, set(), docs)
    return types


@pytest.mark.parametrize(
    ("widths", "queries"),
    [((0, 0), 1), ((1, 1), 1), ((30, 30), 1), ((30, 31), 2), ((0, 60), 2), ((60, 60), 2), ((130, 50), 3)],
)
def test_counts_taken_together_are_those_taken_alone_with_a_bounded_number_of_fields_a_query(
    quick: SettingsMaker, widths: tuple[int, int], queries: int
) -> None:
    with GuppyServer(wide_types(*widths)) as portal, closing(GuppyClient(Transport(portal.url, quick()))) as client:
        types = discover(client, tuple(portal.types), load_contract("midrc").datasets, client.indices()).types.values()
        wanted = [(record_type, categorical_fields(client, record_type)) for record_type in types]
        assert tuple(len(categorical) for _, categorical in wanted) == widths
        together = list(fetch_counts_of_types(client, wanted))
        assert len(portal.asked("figures") + portal.asked("totals")) == queries
        histograms = [seen.body["query"].count("histogram") for seen in portal.asked("figures")]
        assert max(histograms, default=0) <= 60
        assert together == [(about.name, fetch_counts(client, about, fields)) for about, fields in wanted]


def test_the_counts_of_no_type_are_no_question(portal: GuppyServer, quick: SettingsMaker) -> None:
    with closing(GuppyClient(Transport(portal.url, quick()))) as client:
        assert list(fetch_counts_of_types(client, ())) == []
    assert portal.seen == []


def test_types_are_compared_in_the_order_of_the_system_and_no_further_than_the_first_that_differs(
    landing: Landing, quick: SettingsMaker
) -> None:
    with GuppyServer(wide_types(60, 60)) as portal:
        system = midrc_at(portal.url, ("case", "measurement"))
        land_system(system, landing, quick())
        one_record(field_7="another")(portal.types["case"])
        before = len(portal.seen)
        assert proven_unchanged(system, landing, quick()) is None
        assert [seen.type for seen in portal.seen[before:] if seen.place == "figures"] == ["case"]
