"""Random filters against an oracle that reads Guppy's rules one document at a time."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.sandbox.conftest import SCALE, SEED
from warehouse.sandbox.guppy.filter import compile_filter, compile_sort
from warehouse.sandbox.guppy.rendering import Selection
from warehouse.sandbox.guppy.store import Index, Store
from warehouse.sandbox.population import prepare_population

TEXTS = st.sampled_from(["Female", "Male", "Not reported", "no data", "x'; --", ""])
NUMBERS = st.one_of(st.integers(-5, 95), st.floats(0, 95).map(lambda value: round(value, 2)))
NAMES = st.sampled_from(["RSNA_20230830", "RSNA_20230725", "ACR_20230530", "TCIA_NY_SBU_20220202", "nowhere"])
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}

LEAVES = st.one_of(
    st.builds(lambda value: {"=": {"sex": value}}, TEXTS),
    st.builds(lambda values: {"IN": {"sex": values}}, st.lists(TEXTS, max_size=4)),
    st.builds(
        lambda values: {"!=": {"sex": values}}, st.lists(TEXTS.filter(lambda text: text != "no data"), max_size=3)
    ),
    st.builds(lambda value: {"=": {"dataset_submitter_id": value}}, NAMES),
    st.builds(lambda values: {"in": {"dataset_submitter_id": values}}, st.lists(NAMES, max_size=3)),
    st.builds(
        lambda values: {"contains_all": {"dataset_submitter_id": values}}, st.lists(NAMES, min_size=1, max_size=2)
    ),
    st.builds(lambda values: {"IN": {"age_at_index": values}}, st.lists(st.integers(18, 90), max_size=5)),
    st.builds(lambda op, value: {"AND": [{op: {"age_at_index": value}}]}, st.sampled_from(list(COMPARISONS)), NUMBERS),
)
FILTERS = st.recursive(
    LEAVES,
    lambda below: st.builds(
        lambda connective, items: {connective: items},
        st.sampled_from(["AND", "OR"]),
        st.lists(below, min_size=1, max_size=4),
    ),
    max_leaves=8,
)


def matches(document: dict[str, Any], wanted: dict[str, Any]) -> bool:
    [(name, operand)] = wanted.items()
    if name in ("AND", "OR"):
        verdicts = [matches(document, item) for item in operand]
        return all(verdicts) if name == "AND" else any(verdicts)
    [(field, given_value)] = operand.items()
    stored = document[field]
    values = [value for value in (stored if isinstance(stored, list) else [stored]) if value is not None]
    if field == "age_at_index":
        if name == "IN":
            return any(value in given_value for value in values)
        return any(COMPARISONS[name](value, given_value) for value in values)
    asked = given_value if isinstance(given_value, list) else [given_value]
    if name == "!=":
        return not any(value in asked for value in values)
    if name == "contains_all":
        return all(value in values for value in asked)
    return ("no data" in asked and not values) or any(value in asked and value != "no data" for value in values)


@dataclass(repr=False)
class Cases:
    store: Store
    index: Index
    documents: list[dict[str, Any]]


@pytest.fixture(scope="module")
def cases(population: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cases]:
    index = prepare_population(population, SCALE, SEED).indices("midrc_portal", population)["case"]
    store = Store(tmp_path_factory.mktemp("store") / "store.duckdb")
    store.load(index)
    names = ("_case_id", "sex", "age_at_index", "dataset_submitter_id")
    selection = tuple(Selection(name, index.record_type.by_name[name]) for name in names)
    everything = compile_filter(index.record_type, None)
    sort = compile_sort(index.record_type, {"_case_id": "asc"})
    page = store.page(index, selection, everything, sort, 0, 10_000)
    yield Cases(store, index, json.loads(page.text))
    store.close()


@settings(max_examples=60, deadline=None)
@given(wanted=FILTERS)
def test_a_filter_selects_what_guppys_rules_say(cases: Cases, wanted: dict[str, Any]) -> None:
    store, index, documents = cases.store, cases.index, cases.documents
    condition = compile_filter(index.record_type, wanted)
    chosen = [document["_case_id"] for document in documents if matches(document, wanted)]
    assert store.count(index, condition) == len(chosen)
    sort = compile_sort(index.record_type, {"_case_id": "asc"})
    page = store.page(index, (Selection("id", index.record_type.by_name["_case_id"]),), condition, sort, 0, 10_000)
    assert [row["id"] for row in json.loads(page.text)] == chosen


@settings(max_examples=60, deadline=None)
@given(
    wanted=FILTERS,
    sort=st.lists(
        st.tuples(st.sampled_from(["sex", "age_at_index", "dataset_submitter_id"]), st.sampled_from(["asc", "desc"])),
        max_size=2,
    ),
    size=st.integers(7, 60),
)
@example(wanted={"=": {"sex": "Female"}}, sort=[("age_at_index", "desc")], size=1)
def test_pages_sorted_at_last_by_the_id_are_whole_and_disjoint(
    cases: Cases, wanted: dict[str, Any], sort: list[tuple[str, str]], size: int
) -> None:
    store, index, documents = cases.store, cases.index, cases.documents
    condition = compile_filter(index.record_type, wanted)
    order = compile_sort(index.record_type, [*({name: way} for name, way in sort), {"_case_id": "desc"}])
    selection = (Selection("id", index.record_type.by_name["_case_id"]),)
    found: list[str] = []
    while rows := json.loads(store.page(index, selection, condition, order, len(found), size).text):
        found += [row["id"] for row in rows]
    assert len(found) == len(set(found))
    assert set(found) == {document["_case_id"] for document in documents if matches(document, wanted)}
