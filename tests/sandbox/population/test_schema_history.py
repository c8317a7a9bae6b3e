from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from graphql import build_client_schema, get_introspection_query

from tests.sandbox.conftest import SCALE, SEED, Guppy
from tests.support.schema_states import STATES
from warehouse.errors import UsageError
from warehouse.sandbox.guppy.schema import RecordType
from warehouse.sandbox.population.schema_history import schema_on
from warehouse.sandbox.running import served, with_sandbox
from warehouse.sandbox.server import Sandbox
from warehouse.settings import Settings


@contextmanager
def portal_of(day: str, population: Path) -> Iterator[Guppy]:
    with Sandbox(population, SCALE, SEED, schema=day) as sandbox:
        yield Guppy(sandbox.portal_url)


@pytest.fixture(scope="module")
def first(population: Path) -> Iterator[Guppy]:
    with portal_of("2022-05-26", population) as portal:
        yield portal


def all_rows(portal: Guppy, record_type: RecordType) -> list[dict[str, Any]]:
    """Return every record with every field; an error of a single value fails."""
    fields = [
        f"{field.name} {{ {' '.join(child.name for child in field.children)} }}" if field.is_nested else field.name
        for field in record_type.fields
    ]
    return portal.rows(record_type.name, " ".join(fields))


@pytest.mark.parametrize("day", STATES)
def test_a_state_has_the_types_and_fields_of_its_day(day: str) -> None:
    state = schema_on(day)
    assert state is not None
    assert {t.name: len(t.fields) for t in state.record_types} == STATES[day]
    assert all(t.unique_id in t.by_name for t in state.record_types)


@pytest.mark.parametrize(
    "day",
    [day if day in ("2022-05-26", "2024-10-14") else pytest.param(day, marks=pytest.mark.full) for day in STATES],
)
def test_the_portal_serves_every_record_with_every_field_of_a_state(day: str, population: Path) -> None:
    state = schema_on(day)
    assert state is not None
    with portal_of(day, population) as portal:
        schema = build_client_schema(portal.ask(get_introspection_query()))
        offered = {t.name: t for t in state.record_types}
        assert portal.ask('{ __type(name: "Mapping") { fields { name } } }')["__type"]["fields"] == [
            {"name": name} for name in offered
        ]
        for name, record_type in offered.items():
            found: Any = schema.get_type(record_type.object_name)
            types = {field: str(about.type) for field, about in found.fields.items() if field != "_matched"}
            assert types == {field.name: field.graphql_type for field in record_type.fields}
            rows = all_rows(portal, record_type)
            assert len(rows) == portal.total(name) > 0
            assert len({row[record_type.unique_id] for row in rows}) == len(rows)
            if name == "dataset":
                assert all(any(row[field.name] is not None for row in rows) for field in record_type.fields)


def test_the_records_are_those_of_today_under_the_names_of_the_day(first: Guppy, portal: Guppy) -> None:
    sizes = {row["_data_file_id"]: row for row in portal.rows("data_file", "_data_file_id file_size case_ids")}
    then = first.rows("imaging_data_file", "_imaging_data_file_id file_size case_ids")
    assert {row["_imaging_data_file_id"] for row in then} == sizes.keys()
    for row in then:
        now = sizes[row["_imaging_data_file_id"]]
        assert (row["file_size"], row["case_ids"]) == (str(now["file_size"]), now["case_ids"][0])


def test_a_type_without_records_today_has_plausible_ones(first: Guppy, portal: Guppy) -> None:
    datasets = {row["submitter_id"]: row for row in first.rows("dataset", "submitter_id _cases_count data_citation")}
    counted = dict(portal.histogram("case", "dataset_submitter_id"))
    assert datasets
    assert {name: counted[name] for name in datasets} == {n: row["_cases_count"] for n, row in datasets.items()}
    assert {row["data_citation"] is None for row in datasets.values()} == {True, False}


def test_a_state_is_synthetic_and_the_same_each_time(population: Path) -> None:
    digests = []
    for _ in range(2):
        with Sandbox(population, SCALE, SEED, schema="2023-08-29") as sandbox:
            paths = [index.path for index in sandbox.portal.indices.values()]
            digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
            answer = requests.get(f"{sandbox.portal_url}/guppy/_status", timeout=9)
            assert answer.headers["X-Synthetic"] == "true"
            assert {"midrc_data_file_6", "midrc_data_file"} <= answer.json()["indices"].keys()
            assert {"subject", "dataset"} <= sandbox.bih.indices.keys()
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("day", "since"),
    [
        ("2022-10-11", "2022-09-29"),
        ("2022-10-12", "2022-10-12"),
        ("2023-08-28", "2023-06-01"),
        ("2025-01-01", "2024-10-14"),
    ],
)
def test_between_two_changes_the_earlier_one_is_in_force(day: str, since: str) -> None:
    state = schema_on(day)
    assert state is not None
    assert f"{state.since}" == since


def test_from_the_day_of_the_current_schema_on_no_history_is_served(population: Path) -> None:
    assert schema_on("2026-02-12") is None
    with portal_of("2026-06-01", population) as portal:
        assert portal.total("radiology_report") > 0


@pytest.mark.parametrize("day", ["2022-05-25", "1999-01-01", "yesterday", "2023-02-30", ""])
def test_a_day_that_the_history_does_not_know_is_refused_with_those_that_it_does(day: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        Sandbox(tmp_path, SCALE, SEED, schema=day)
    assert all(state in str(refused.value) for state in [*STATES, "2026-02-12"])


def test_a_refresh_from_a_sandbox_of_an_unknown_day_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, sources="sandbox", sandbox_schema="2021-01-01")
    with pytest.raises(UsageError, match="2022-05-26"), with_sandbox(settings):
        pass
    with pytest.raises(UsageError, match="2022-05-26"), served(settings, 0):
        pass
    assert not list(tmp_path.iterdir())


def test_a_refresh_from_the_sandbox_reads_the_day_of_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ICW_SANDBOX_SCHEMA", "2022-06-01")
    settings = Settings(
        home=tmp_path,
        sources="sandbox",
        sandbox_scale=0.001,
        idc_channels=("bucket",),
        idc_url="http://127.0.0.1:9",
        retries=0,
    )
    with with_sandbox(settings) as standing:
        mapped = Guppy(f"{standing.sandbox_url}/portal").ask("{ _mapping { imaging_data_file } }")
    assert "_imaging_data_file_id" in mapped["_mapping"]["imaging_data_file"]
