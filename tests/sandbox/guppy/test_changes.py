from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Guppy
from tests.support.marks import later
from warehouse.sandbox.guppy.changes import DataChange, FieldMutation, Mutation, SchemaChange, TypeChange
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault

# One field of each kind: text, number, list of either, records, inside a record.
FIELDS = ["sex", "age_at_index", "license", "measurements", "imaging_studies.days_from_study_to_pos_covid_test"]


def served(sandbox: Sandbox, path: str) -> list[Any]:
    """Return the values of a field of `case` that are there, those inside records too."""
    parent, _, leaf = path.rpartition(".")
    children = sandbox.portal.indices["case"].record_type.field_at(path).children
    asked = f"{leaf} {{ {' '.join(child.name for child in children)} }}" if children else leaf
    rows = Guppy(sandbox.portal_url).rows("case", f"{parent} {{ {asked} }}" if parent else asked)
    if parent:
        rows = [item for row in rows for item in row[parent] or []]
    return [row[leaf] for row in rows if row[leaf] is not None]


def is_what_was_asked(value: Any, mutation: Mutation) -> bool:
    match mutation:
        case "text":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float)
        case "boolean":
            return value in ("true", "false")
        case "nested":
            return isinstance(value, list) and all(isinstance(item, dict) for item in value)
        case _:
            return isinstance(value, list)


@pytest.mark.parametrize("mutation", ["missing", "nested", *map(later, ("text", "number", "boolean", "list"))])
def test_a_field_of_any_kind_can_become_any_other(sandbox: Sandbox, portal: Guppy, mutation: Mutation) -> None:
    for field in FIELDS:
        if mutation == "nested" and "." in field:
            continue
        sandbox.portal.change_schema(FieldMutation("case", field, mutation))
        if mutation == "missing":
            mapped = portal.ask("{ _mapping { case } }")["_mapping"]["case"]
            assert not [name for name in mapped if name.startswith(field)]
            continue
        values = served(sandbox, field)
        assert values, field
        assert all(is_what_was_asked(value, mutation) for value in values), field
    assert portal.total("case") > 0


def test_a_mutated_field_keeps_what_its_new_kind_can_hold(sandbox: Sandbox, portal: Guppy) -> None:
    key = "_data_file_id"
    before = {row[key]: row["file_size"] for row in portal.rows("data_file", f"{key} file_size")}
    sandbox.portal.change_schema(FieldMutation("data_file", "file_size", "text"))
    assert {row[key]: row["file_size"] for row in portal.rows("data_file", f"{key} file_size")} == {
        name: str(size) for name, size in before.items()
    }
    sandbox.portal.change_schema(FieldMutation("data_file", "file_size", "number"))
    assert {row[key]: row["file_size"] for row in portal.rows("data_file", f"{key} file_size")} == before
    sandbox.portal.change_schema(FieldMutation("data_file", "file_size", "nested"))
    assert {row[key]: row["file_size"] for row in portal.rows("data_file", f"{key} file_size {{ value }}")} == {
        name: [{"value": size}] for name, size in before.items()
    }


@pytest.mark.parametrize("mutation", ["missing", "nested", *map(later, ("text", "number", "boolean", "list"))])
def test_even_the_unique_id_can_be_mutated(sandbox: Sandbox, portal: Guppy, mutation: Mutation) -> None:
    total = portal.total("annotation")
    sandbox.portal.change_schema(FieldMutation("annotation", "_annotation_id", mutation))
    assert portal.total("annotation") == total
    if mutation in ("text", "number"):
        ids = [row["_annotation_id"] for row in portal.rows("annotation", "_annotation_id")]
        assert ids == sorted(set(ids))
        assert len(ids) == total


def test_records_of_one_name_may_differ_between_types(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.portal.change_schema(SchemaChange("case", "remove", "imaging_study_annotations.annotator_id"))
    query = "{ case(first: 500) { imaging_study_annotations { annotator_id annotation_name } } }"
    found = [item for row in portal.ask(query)["case"] for item in row["imaging_study_annotations"]]
    assert {item["annotator_id"] for item in found} == {None}
    assert any(item["annotation_name"] for item in found)


def test_a_type_can_lose_a_share_of_its_rows(sandbox: Sandbox, portal: Guppy) -> None:
    before = {row["_case_id"] for row in portal.rows("case", "_case_id")}
    sandbox.portal.change(DataChange("case", removed_share=0.25))
    left = {row["_case_id"] for row in portal.rows("case", "_case_id")}
    assert left < before
    assert len(left) == len(before) - round(0.25 * len(before))
    sandbox.portal.change(DataChange("case", removed_share=1))
    assert portal.rows("case", "_case_id") == []


def test_a_type_can_go(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.portal.change(TypeChange("measurement", "remove"))
    assert portal.post("{ measurement { submitter_id } }").status_code == 400
    indices = requests.get(f"{portal.url}/_status", timeout=9).json()["indices"]
    assert not [name for name in indices if "measurement" in name]
    assert portal.total("case") > 0


def test_a_type_can_be_renamed(sandbox: Sandbox, portal: Guppy) -> None:
    ids = [row["_data_file_id"] for row in portal.rows("data_file", "_data_file_id")]
    sandbox.portal.change(TypeChange("data_file", "rename", "image_file"))
    assert [row["_image_file_id"] for row in portal.rows("image_file", "_image_file_id")] == ids
    assert portal.post("{ data_file { file_size } }").status_code == 400
    indices = requests.get(f"{portal.url}/_status", timeout=9).json()["indices"]
    assert {"midrc_image_file_41", "midrc_image_file"} <= indices.keys()


def test_a_type_can_come(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.portal.change(TypeChange("measurement", "add", "lab_test"))
    assert portal.total("lab_test") == portal.total("measurement") > 0


def test_authorisation_can_fail_for_one_type(sandbox: Sandbox, portal: Guppy) -> None:
    query = """{ _aggregation { case { _totalCount sex { histogram { key } } } measurement { _totalCount } }
      case { sex } measurement { test_name } }"""
    whole = portal.ask(query)
    sandbox.faults.add(Fault(kind="authorisation_outage", record_type="case", times=2))
    empty = portal.ask(query)
    assert empty["_aggregation"]["case"] == {"_totalCount": 0, "sex": {"histogram": []}}
    assert empty["case"] == []
    assert empty["_aggregation"]["measurement"] == whole["_aggregation"]["measurement"]
    assert len(empty["measurement"]) == 10
    assert portal.total("measurement") == whole["_aggregation"]["measurement"]["_totalCount"]
    assert requests.post(f"{portal.url}/download", json={"type": "case", "fields": ["sex"]}, timeout=9).json() == []
    assert portal.ask(query)["_aggregation"] == whole["_aggregation"]


def test_authorisation_for_one_type_can_fail_until_it_is_switched_off(sandbox: Sandbox, portal: Guppy) -> None:
    control = f"{sandbox.root_url}/_sandbox/faults"
    fault = {"kind": "authorisation_outage", "record_type": "case", "times": None}
    assert requests.post(control, json=fault, timeout=9).status_code == 200
    assert {portal.total("case") for _ in range(5)} == {0}
    requests.delete(control, timeout=9)
    assert portal.total("case") > 0


def test_a_schema_can_change_in_the_middle_of_a_run(sandbox: Sandbox, portal: Guppy) -> None:
    change = FieldMutation("case", "sex", "missing")
    sandbox.faults.add(Fault(kind="data_change", place="page", at=2, change=change))
    assert len(portal.rows("case", "sex")) == portal.total("case")
    assert portal.post("{ case { sex } }").status_code == 400


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"record_type": "nope", "removed": 1}, "no record type nope"),
        ({"record_type": "case", "removed_share": 1.5}, "removed_share"),
        ({"record_type": "case", "remved": 1}, "remved"),
        ({"record_type": "case", "field": "nope", "mutation": "text"}, "no field nope"),
        ({"record_type": "case", "field": "sex", "mutation": "colour"}, "mutation"),
        ({"record_type": "case", "field": "imaging_studies.study_uid", "mutation": "nested"}, "records inside records"),
        ({"record_type": "case", "change": "retype", "field": "sex", "elastic_type": "nested"}, "mutation"),
        ({"record_type": "case", "change": "rename", "name": "data_file"}, "data_file"),
        ({"record_type": "case", "change": "add"}, "a new one"),
        ({"record_type": "case", "change": "rename", "name": "no name"}, "no name"),
        ({"service": "idc", "record_type": "case"}, "portal or bih"),
    ],
)
def test_what_cannot_be_changed_is_refused_with_a_sentence(
    standing: Sandbox, change: dict[str, Any], told: str
) -> None:
    url = f"{standing.root_url}/_sandbox/changes"
    refused = requests.post(url, json={"service": "portal", **change}, timeout=9)
    assert refused.status_code == 400
    assert told in refused.json()["error"]


def test_a_fault_that_does_not_exist_is_refused_with_a_sentence(standing: Sandbox) -> None:
    url = f"{standing.root_url}/_sandbox/faults"
    for wrong in ({"kind": "earthquake"}, {"kind": "hang", "recordtype": "case"}):
        refused = requests.post(url, json=wrong, timeout=9)
        assert refused.status_code == 400
        assert ":" in refused.json()["error"]
    assert requests.post(url, data="{", timeout=9).status_code == 400
    assert standing.faults.active() == []
