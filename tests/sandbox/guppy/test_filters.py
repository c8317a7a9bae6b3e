from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.conftest import Guppy


def count(portal: Guppy, keep: Any, fields: str = "age_at_index sex race _imaging_studies_count") -> int:
    return sum(1 for row in portal.rows("case", fields) if keep(row))


def test_text_operators(portal: Guppy) -> None:
    female = count(portal, lambda row: row["sex"] == "Female")
    assert (
        0
        < female
        == portal.total("case", {"=": {"sex": "Female"}})
        == portal.total("case", {"IN": {"sex": ["Female"]}})
    )
    assert portal.total("case", {"!=": {"sex": ["Female", "Male"]}}) == count(
        portal, lambda row: row["sex"] not in ("Female", "Male")
    )
    for refused in ({">": {"sex": "A"}}, {"like": {"sex": "F"}}):
        [error] = portal.errors("query($f: JSON) { case(filter: $f) { sex } }", f=refused)
        assert error["message"].startswith("Invalid operation")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert portal.errors("query($f: JSON) { case(filter: $f) { sex } }", f={"!=": {"sex": "Female"}})


def test_only_the_first_key_counts(portal: Guppy) -> None:
    assert portal.total("case", {"=": {"sex": "Female"}, "IN": {"race": ["Asian"]}}) == portal.total(
        "case", {"=": {"sex": "Female"}}
    )


def test_no_data_selects_missing_text(portal: Guppy) -> None:
    missing = count(portal, lambda row: row["sex"] is None)
    assert 0 < missing == portal.total("case", {"=": {"sex": "no data"}})
    assert portal.total("case", {"IN": {"sex": ["no data", "Male"]}}) == missing + portal.total(
        "case", {"=": {"sex": "Male"}}
    )


def test_a_literal_no_data_has_a_bucket_and_cannot_be_selected(portal: Guppy) -> None:
    buckets = portal.histogram("imaging_study", "study_description")
    literal, missing = [size for key, size in buckets if key == "no data"]
    assert buckets[-1] == ("no data", missing)
    assert literal > 0
    assert portal.total("imaging_study", {"=": {"study_description": "no data"}}) == missing


def test_missing_numbers_cannot_be_selected(portal: Guppy) -> None:
    known = count(portal, lambda row: row["age_at_index"] is not None)
    assert known < portal.total("case")
    assert (
        portal.total("case", {"OR": [{"AND": [{">=": {"age_at_index": 50}}]}, {"AND": [{"<": {"age_at_index": 50}}]}]})
        == known
    )
    assert portal.total("case", {"!=": {"age_at_index": -1}}) == known


@pytest.mark.parametrize("connective", ["AND", "OR"])
def test_two_ranges_on_one_field_are_merged(portal: Guppy, connective: str) -> None:
    between = count(portal, lambda row: row["age_at_index"] is not None and 30 <= row["age_at_index"] < 60)
    both = {connective: [{">=": {"age_at_index": 30}}, {"<": {"age_at_index": 60}}]}
    assert 0 < between == portal.total("case", both)


def test_two_ranges_on_two_fields_are_an_error(portal: Guppy) -> None:
    both = {"AND": [{">=": {"age_at_index": 30}}, {">": {"_imaging_studies_count": 1}}]}
    [error] = portal.errors("query($f: JSON) { case(filter: $f) { sex } }", f=both)
    assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"


def test_three_ranges_are_dropped_and_wrapped_ones_are_not(portal: Guppy) -> None:
    items = [{">=": {"age_at_index": 30}}, {"<": {"age_at_index": 60}}, {">": {"_imaging_studies_count": 1}}]
    assert portal.total("case", {"AND": items}) == portal.total("case")
    wrapped = portal.total("case", {"AND": [{"AND": [item]} for item in items]})
    assert (
        0
        < wrapped
        == count(
            portal,
            lambda row: (
                row["age_at_index"] is not None and 30 <= row["age_at_index"] < 60 and row["_imaging_studies_count"] > 1
            ),
        )
    )


def test_a_term_on_a_list_matches_any_element(portal: Guppy) -> None:
    rows = portal.rows("case", "dataset_submitter_id")
    name = next(row["dataset_submitter_id"][1] for row in rows if len(row["dataset_submitter_id"]) > 1)
    holding = sum(1 for row in rows if name in row["dataset_submitter_id"])
    assert portal.total("case", {"=": {"dataset_submitter_id": name}}) == holding
    assert dict(portal.histogram("case", "dataset_submitter_id"))[name] == holding
    assert portal.total("case", {"excludes_any": {"dataset_submitter_id": [name]}}) == len(rows) - holding


def test_in_takes_65536_values(portal: Guppy) -> None:
    values = [f"value {number}" for number in range(65_536)]
    assert portal.total("case", {"IN": {"submitter_id": values}}) == 0
    [error] = portal.errors(
        "query($f: JSON) { case(filter: $f) { sex } }", f={"IN": {"submitter_id": [*values, "more"]}}
    )
    assert "exceeded the allowed maximum" in error["message"]


def test_nested_filters(portal: Guppy) -> None:
    wanted = {
        "nested": {
            "path": "measurements",
            "AND": [{"=": {"test_method": "RT-PCR"}}, {">": {"test_days_from_index": 0}}],
        }
    }
    rows = portal.rows("case", "measurements { test_method test_days_from_index }")
    holding = [
        row
        for row in rows
        if any(m["test_method"] == "RT-PCR" and (m["test_days_from_index"] or 0) > 0 for m in row["measurements"])
    ]
    assert 0 < len(holding) == portal.total("case", wanted)


def test_unknown_fields_and_bad_sorts_are_refused(portal: Guppy) -> None:
    assert (
        "syntax" in portal.errors("query($f: JSON) { case(filter: $f) { sex } }", f={"=": {"nope": "1"}})[0]["message"]
    )
    for sort in ({"nope": "asc"}, {"sex": "up"}, [{"sex": "asc", "race": "asc"}], "sex"):
        [error] = portal.errors("query($s: JSON) { case(sort: $s) { sex } }", s=sort)
        assert error["message"] == "Invalid sort argument"


def test_filters_and_sorts_may_be_literals_in_the_query(portal: Guppy) -> None:
    rows = portal.ask('{ case(first: 5, filter: {AND: [{IN: {sex: ["Male"]}}]}, sort: {_case_id: asc}) { sex } }')[
        "case"
    ]
    assert rows == [{"sex": "Male"}] * 5


def test_a_number_that_is_never_missing_can_be_bisected(portal: Guppy) -> None:
    sizes = sorted(row["file_size"] for row in portal.rows("data_file", "file_size"))
    middle = sizes[len(sizes) // 2]
    below = portal.total("data_file", {"<": {"file_size": middle}})
    assert below + portal.total("data_file", {">=": {"file_size": middle}}) == len(sizes)
    assert below == sum(1 for size in sizes if size < middle)
