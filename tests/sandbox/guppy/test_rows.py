from __future__ import annotations

from collections import Counter

import requests

from tests.sandbox.conftest import Guppy
from warehouse.sandbox.guppy.changes import SchemaChange
from warehouse.sandbox.server import Sandbox


def test_ten_rows_are_the_default(portal: Guppy) -> None:
    assert len(portal.ask("{ data_file { _data_file_id } }")["data_file"]) == 10


def test_pages_by_the_unique_id_hold_every_row_once(portal: Guppy) -> None:
    total = portal.total("data_file")
    pages = [portal.rows("data_file", "_data_file_id", first=500, offset=start) for start in range(0, total + 1, 500)]
    ids = [row["_data_file_id"] for page in pages for row in page]
    assert ids == sorted(ids)
    assert len(set(ids)) == len(ids) == total
    backwards = portal.rows("data_file", "_data_file_id", sort=[{"_data_file_id": "desc"}], first=7)
    assert [row["_data_file_id"] for row in backwards] == ids[:-8:-1]


def test_unsorted_pages_lose_and_double_rows(portal: Guppy) -> None:
    pages = [
        portal.rows("data_file", "_data_file_id", first=200, offset=start, sort=None) for start in range(0, 1200, 200)
    ]
    counted = Counter(row["_data_file_id"] for page in pages for row in page)
    assert max(counted.values()) > 1


def test_ties_are_broken_by_the_replica_that_answers(portal: Guppy) -> None:
    by_format = [portal.rows("data_file", "_data_file_id", sort={"data_format": "asc"}, first=300) for _ in range(2)]
    assert by_format[0] != by_format[1]


def test_missing_values_are_last_in_both_directions(portal: Guppy) -> None:
    for direction in ("asc", "desc"):
        ages = [row["age_at_index"] for row in portal.rows("case", "age_at_index", sort={"age_at_index": direction})]
        known = [age for age in ages if age is not None]
        assert None in ages
        assert ages[: len(known)] == sorted(known, reverse=direction == "desc")


def test_the_window_ends_at_ten_thousand(portal: Guppy) -> None:
    query = "query($o: Int, $f: Int) { case(offset: $o, first: $f) { _case_id } }"
    both = portal.errors(query, o=1, f=10_000)
    assert both[0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert both[0]["message"].startswith("Large graphql query forbidden for offset + size > 10000")
    for one in ({"f": 10_001}, {"o": 9_991}):
        alone = portal.errors(query, **one)
        assert alone[0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
        assert "Result window is too large" in alone[0]["message"]
        assert alone[0]["path"] == ["case"]
    assert portal.post(query, f=10_001).json()["data"] == {"case": None}


def test_lists_stay_lists_and_absent_is_null(portal: Guppy) -> None:
    rows = portal.rows("annotation", "instance_uids")
    kinds = {"null" if row["instance_uids"] is None else len(row["instance_uids"]) for row in rows}
    assert {"null", 0, 1, 2} <= kinds


def test_records_stay_records(portal: Guppy) -> None:
    rows = portal.rows(
        "case", "measurements { test_name again: test_name } imaging_studies { study_uid study_modality }"
    )
    studies = [study for row in rows for study in row["imaging_studies"] or []]
    assert all(isinstance(study["study_modality"], list) for study in studies)
    measured = [item for row in rows for item in row["measurements"]]
    assert all(item["test_name"] == item["again"] for item in measured)
    assert len(measured) == portal.total("measurement")


def test_numbers_are_written_as_javascript_does(sandbox: Sandbox, portal: Guppy) -> None:
    text = portal.post("{ case(first: 10000) { age_at_index } }").text
    assert '"age_at_index":' in text
    assert ".0}" not in text


def test_sizes_measures_and_counts_are_numbers_and_absent_ones_null(portal: Guppy) -> None:
    files = portal.rows("data_file", "file_size slice_thickness echo_number days_from_study_to_pos_covid_test")
    assert {type(row["file_size"]) for row in files} == {int}
    for name, kinds in (("slice_thickness", {int, float}), ("echo_number", {int})):
        values = [row[name] for row in files]
        assert None in values
        assert {type(element) for value in values if value is not None for element in value} == kinds
    days = [row["days_from_study_to_pos_covid_test"] for row in files]
    assert None in days
    assert [] in days
    assert {type(row["_ct_series_file_count"]) for row in portal.rows("case", "_ct_series_file_count")} == {int}
    studies = [
        study
        for row in portal.rows("case", "imaging_studies { days_from_study_to_neg_covid_test }")
        for study in row["imaging_studies"] or []
    ]
    elements = [day for study in studies for day in study["days_from_study_to_neg_covid_test"] or []]
    assert {type(day) for day in elements} == {int}


def test_a_download_writes_the_same_numbers(portal: Guppy) -> None:
    fields = ["_data_file_id", "file_size", "pixel_spacing"]
    body = {"type": "data_file", "fields": fields}
    downloaded = requests.post(f"{portal.url}/download", json=body, timeout=30).json()
    paged = portal.rows("data_file", " ".join(fields))
    key = "_data_file_id"
    assert [{name: row.get(name) for name in fields} for row in sorted(downloaded, key=lambda row: row[key])] == paged


def test_fragments_aliases_directives_and_typename(portal: Guppy) -> None:
    answer = portal.ask(
        """query($skip: Boolean!) { files: data_file(first: 1) { ...id __typename md5sum @skip(if: $skip) _matched {
        field } } }
        fragment id on Data_file { _data_file_id key: _data_file_id }""",
        skip=True,
    )
    [row] = answer["files"]
    assert row == {"_data_file_id": row["key"], "key": row["key"], "__typename": "Data_file", "_matched": None}


def test_an_undeclared_list_below_a_record_is_an_error_for_each_object(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.portal.change_schema(SchemaChange("case", "undeclare_list", "imaging_studies.body_part_examined"))
    answer = portal.post(
        '{ case(first: 3, sort: {_case_id: "asc"}) { imaging_studies { body_part_examined study_uid } } }'
    )
    content = answer.json()
    studies = [study for row in content["data"]["case"] for study in row["imaging_studies"]]
    assert {study["body_part_examined"] for study in studies} == {None}
    assert all(study["study_uid"] for study in studies)
    assert content["errors"][0]["message"].startswith("String cannot represent value: [")
    assert content["errors"][0]["path"][0] == "case"
    assert len(content["errors"]) == len(studies)


def test_an_undeclared_list_of_numbers_is_no_float(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.portal.change_schema(SchemaChange("data_file", "undeclare_list", "pixel_spacing"))
    content = portal.post("{ data_file(first: 10000) { pixel_spacing } }").json()
    assert {row["pixel_spacing"] for row in content["data"]["data_file"]} == {None}
    message = "Float cannot represent non numeric value: [0.703125,0.703125]"
    assert {error["message"] for error in content["errors"]} == {message}


def test_booleans_are_text_in_graphql(sandbox: Sandbox, portal: Guppy) -> None:
    sandbox.portal.change_schema(SchemaChange("case", "add", "consented", "boolean"))
    assert {row["consented"] for row in portal.rows("case", "consented")} == {"true", "false", None}
