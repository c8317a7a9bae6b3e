from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.sources.gen3.guppy.client import Field
from warehouse.sources.gen3.guppy.rows import FractionFound, ListFound, WrongTypeFound, schema_of, table_of

FIELDS = (
    Field("id", "string"),
    Field("whole", "integer"),
    Field("part", "float"),
    Field("texts", "string", True),
    Field("numbers", "integer", True),
    Field(
        "records", "record", True, (Field("uid", "string"), Field("modality", "string", True), Field("year", "integer"))
    ),
)
text = st.text(st.characters(blacklist_categories=["Cs"]))
whole = st.integers(-(2**53), 2**53)
maybe_list = lambda inner: st.none() | st.lists(st.none() | inner, max_size=4)  # noqa: E731
record = st.fixed_dictionaries({"uid": st.none() | text, "modality": maybe_list(text), "year": st.none() | whole})
rows = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.none() | text,
            "whole": st.none() | whole,
            "part": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "texts": maybe_list(text),
            "numbers": maybe_list(whole),
            "records": maybe_list(record),
        }
    ),
    max_size=8,
)


@given(rows)
def test_records_come_back_as_they_were(given_rows: list[dict[str, Any]]) -> None:
    through_json = json.loads(json.dumps(given_rows))
    table = table_of(through_json, FIELDS)
    table.validate(full=True)
    assert table.schema == schema_of(FIELDS)
    assert table.to_pylist() == given_rows


def test_missing_stays_missing_and_no_data_stays_text() -> None:
    table = table_of([{"id": "a"}, {"id": "no data", "texts": [], "records": []}], FIELDS)
    first, second = table.to_pylist()
    assert first == {"id": "a", "whole": None, "part": None, "texts": None, "numbers": None, "records": None}
    assert (second["id"], second["texts"], second["records"]) == ("no data", [], [])


def test_one_value_or_one_record_where_lists_are_expected_becomes_a_list() -> None:
    table = table_of([{"texts": "CHEST", "records": {"uid": "1", "modality": "CT"}}], FIELDS)
    (row,) = table.to_pylist()
    assert row["texts"] == ["CHEST"]
    assert row["records"] == [{"uid": "1", "modality": ["CT"], "year": None}]


def test_numbers_that_json_writes_differently_are_the_same_numbers() -> None:
    table = table_of([{"whole": 5.0, "part": 3}, {"whole": "7", "part": "2.5"}, {"part": 10**30}], FIELDS)
    assert [(row["whole"], row["part"]) for row in table.to_pylist()] == [(5, 3.0), (7, 2.5), (None, 1e30)]


def test_booleans_of_the_stored_form_read_as_graphql_writes_them() -> None:
    assert [row["id"] for row in table_of([{"id": True}, {"id": False}], FIELDS).to_pylist()] == ["true", "false"]


def test_a_fraction_among_whole_numbers_is_never_cut_off() -> None:
    with pytest.raises(FractionFound) as caught:
        table_of([{"records": [{"year": 1.5}]}], FIELDS)
    assert caught.value.path == "records.year"


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({"whole": 10**20}, "whole"),
        ({"whole": "many"}, "whole"),
        ({"whole": "1_000"}, "whole"),
        ({"whole": "\u0663"}, "whole"),
        ({"whole": True}, "whole"),
        ({"part": "nan"}, "part"),
        ({"part": {"value": 1}}, "part"),
        ({"records": ["x"]}, "records"),
        ({"records": [{"year": "MMXX"}]}, "records.year"),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_field(record: dict[str, Any], path: str) -> None:
    with pytest.raises(WrongTypeFound) as caught:
        table_of([record], FIELDS)
    assert caught.value.path == path


def test_what_is_nested_where_text_is_expected_is_kept_as_json_writes_it() -> None:
    table = table_of([{"id": {"b": 1, "a": "é"}}, {"texts": [["a"], {"b": None}]}], FIELDS)
    first, second = table.to_pylist()
    assert (first["id"], second["texts"]) == ('{"a": "é", "b": 1}', ['["a"]', '{"b": null}'])


@pytest.mark.parametrize(
    ("record", "path"),
    [({"id": ["a"]}, "id"), ({"part": [1.0]}, "part"), ({"records": [{"year": [2020]}]}, "records.year")],
)
def test_a_list_in_place_of_one_value_is_named(record: dict[str, Any], path: str) -> None:
    with pytest.raises(ListFound) as caught:
        table_of([record, {}], FIELDS)
    assert caught.value.path == path


@given(rows, st.sampled_from([{"id": True}, {"whole": 5.0}, {"texts": "CHEST"}, {"records": {"uid": "1"}}]))
def test_records_beside_one_that_arrow_refuses_come_back_as_they_were(
    given_rows: list[dict[str, Any]], odd: dict[str, Any]
) -> None:
    alone = table_of([odd], FIELDS).to_pylist()
    assert table_of([*given_rows, odd], FIELDS).to_pylist() == [*given_rows, *alone]


def test_a_lone_surrogate_becomes_a_replacement_character() -> None:
    assert table_of([{"id": json.loads('"a\\ud800"')}], FIELDS).to_pylist()[0]["id"] == "a�"
