from __future__ import annotations

from contextlib import closing

import pytest

from tests.support.guppy.documents import CASE_FIELDS, portal_types
from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.server import GuppyServer
from warehouse.contracts import Column, Dataset, load_contract
from warehouse.errors import SourceError
from warehouse.sources.gen3.guppy.client import Field, GuppyClient, Index
from warehouse.sources.gen3.guppy.discovery import Discovery, discover, identity_of, index_of
from warehouse.sources.gen3.transport import Transport

CONTRACT = {
    "case": Dataset(
        description="Cases.",
        grain="one case",
        key=("_case_id",),
        columns=(
            Column(name="_case_id", type="string", description="A value."),
            Column(name="sex", type="string", description="A value."),
            Column(name="age_at_index", type="float", description="A value."),
            Column(name="_imaging_studies_count", type="integer", description="A value."),
            Column(name="dataset_submitter_id", type="string[]", description="A value."),
            Column(
                name="imaging_studies",
                type="record[]",
                description="Records.",
                fields=(
                    Column(name="study_uid", type="string", description="A value."),
                    Column(name="study_modality", type="string[]", description="A value."),
                    Column(name="study_year", type="integer", description="A value."),
                ),
            ),
        ),
    )
}


def discovered(server: GuppyServer, quick: SettingsMaker, types: tuple[str, ...] = ("case",)) -> Discovery:
    with closing(GuppyClient(Transport(server.url, quick()))) as client:
        return discover(client, types, CONTRACT, client.indices())


def test_fields_lists_and_kinds_are_found_and_ordered_as_in_the_contract(
    portal: GuppyServer, quick: SettingsMaker
) -> None:
    found = discovered(portal, quick).types["case"]
    assert found.fields == (
        Field("_case_id", "string"),
        Field("sex", "string"),
        Field("age_at_index", "float"),
        Field("_imaging_studies_count", "integer"),
        Field("dataset_submitter_id", "string", True),
        Field(
            "imaging_studies",
            "record",
            True,
            (Field("study_uid", "string"), Field("study_modality", "string", True), Field("study_year", "integer")),
        ),
        Field("is_open", "string"),
        Field("project_id", "string"),
        Field("submitter_id", "string"),
        Field("surprise", "string"),
    )
    assert found.id_fields == ("_case_id", "submitter_id")
    assert {(d.field, d.change, d.severity) for d in found.drift} == {
        (name, "added", "info") for name in ("is_open", "project_id", "submitter_id", "surprise")
    }


def test_a_server_without_introspection_is_understood_just_as_well(quick: SettingsMaker) -> None:
    with GuppyServer(portal_types()) as open_server, GuppyServer(portal_types(), introspection=False) as closed_server:
        one, other = discovered(open_server, quick), discovered(closed_server, quick)
    assert one.types["case"] == other.types["case"]
    assert (one.further_types, other.further_types) == (("measurement",), ())


def test_a_field_added_removed_and_retyped_is_drift(portal: GuppyServer, quick: SettingsMaker) -> None:
    fields = {**CASE_FIELDS, "age_at_index": "keyword", "novelty": "long"}
    del fields["sex"], fields["_imaging_studies_count"]
    fields["imaging_studies"] = {"study_uid": "keyword", "study_modality": "keyword", "series": "keyword"}
    portal.types["case"].fields = fields
    drift = {
        d.field: (d.change, d.severity, d.expected, d.found) for d in discovered(portal, quick).types["case"].drift
    }
    assert drift["sex"] == ("removed", "warning", "string", None)
    assert drift["_imaging_studies_count"] == ("removed", "warning", "integer", None)
    assert drift["age_at_index"] == ("retyped", "warning", "float", "string")
    assert drift["novelty"] == ("added", "info", None, "float")
    assert drift["imaging_studies.study_year"] == ("removed", "warning", "integer", None)
    assert drift["imaging_studies.series"] == ("added", "info", None, "string")


def test_a_list_the_contract_does_not_know_is_drift_and_a_list_the_server_does_not_declare_is_stored_as_one(
    portal: GuppyServer, quick: SettingsMaker
) -> None:
    portal.types["case"].arrays = {"sex", "study_modality"}
    found = discovered(portal, quick).types["case"]
    kinds = {part.name: part for part in found.fields}
    assert kinds["sex"].many
    assert kinds["dataset_submitter_id"].many
    assert [d.found for d in found.drift if d.field == "sex"] == ["string[]"]


def test_a_type_that_is_gone_is_named(portal: GuppyServer, quick: SettingsMaker) -> None:
    with pytest.raises(SourceError, match="does not offer the type annotation any more"):
        discovered(portal, quick, ("case", "annotation"))


def index(name: str, *aliases: str) -> Index:
    return Index(name, aliases, frozenset())


def test_the_index_of_a_type_is_told_by_its_name_or_alias() -> None:
    indices = (
        index("midrc_case_57", "midrc_case"),
        index("midrc_imaging_study_60", "midrc_imaging_study"),
        index("x1", "study_alias"),
    )
    names = ("case", "imaging_study", "study")
    assert index_of("case", names, indices) == indices[0]
    assert index_of("imaging_study", names, indices) == indices[1]
    assert index_of("study", names, indices) == indices[2]
    assert identity_of("case", names, indices) == "midrc_case_57"


def test_an_index_that_cannot_be_told_is_named_by_all_of_them() -> None:
    indices = (index("a"), index("case_1"), index("case_2"))
    assert index_of("case", ("case",), indices) is None
    assert identity_of("case", ("case",), indices) == "a,case_1,case_2"


@pytest.mark.parametrize("source", ["midrc", "bih"])
def test_the_contracts_name_a_unique_id_for_every_type(source: str) -> None:
    contract = load_contract(source)
    own = {"reported_counts", "version", "indexd_stats", "mds_metadata"}
    types = {name: dataset for name, dataset in contract.datasets.items() if name not in own}
    assert len(types) == {"midrc": 6, "bih": 4}[source]
    for name, dataset in types.items():
        assert dataset.key == (f"_{name}_id",)
        assert next(column for column in dataset.columns if column.name == dataset.key[0]).type == "string"
        assert all((column.type == "record[]") == bool(column.fields) for column in dataset.columns)
