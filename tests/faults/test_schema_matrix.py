"""The portal in states of its schema, and with fields as another kind of thing: all of it is landed, every model can be
built, and what could not be read is said.

Each case goes through landing and the landed views, which are all that the models see of it, and through every table of
the star, whose SQL dbt has compiled once. Those states are built that between them have every field as it ever was, and
every kind of thing takes the place of some field; `python -m tests.bench cases` lands the other states, and takes each
field as each kind of thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from tests.support.schema_states import STATES
from tests.support.shared import SEED, population_of
from tests.support.tables import star_rows
from warehouse.build import prepare, run_models
from warehouse.build.layout import lay_out_nothing, lay_out_release
from warehouse.contracts import load_contract
from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_landed, audit_star
from warehouse.quality.suites import LANDED
from warehouse.quality.verdicts import Verdict, failed_errors
from warehouse.registry import source
from warehouse.sandbox.guppy.changes import FieldMutation, Mutation
from warehouse.sandbox.population.schema_history import schema_on
from warehouse.sandbox.server import Sandbox
from warehouse.settings import Settings
from warehouse.sources.gen3 import Gen3System, land_system

SCALE = 0.0005

OVER_DATASETS = {suite.name for suite in LANDED}
TYPES = {"case", "imaging_study", "data_file", "measurement", "annotation", "radiology_report"}

# Fields of every kind: ids of others, text, lists, numbers, records and what is in them.
FIELDS = {
    "case": ("sex", "age_at_index", "imaging_studies", "measurements.test_days_from_index"),
    "data_file": ("file_size", "slice_thickness", "case_ids"),
}
MUTATIONS: tuple[Mutation, ...] = ("missing", "text", "number", "boolean", "list", "nested")


def mutations(turn: int) -> list[FieldMutation]:
    """Return one mutation of every field, a different one in each of as many turns as there are mutations."""
    named = [(record_type, field) for record_type, fields in FIELDS.items() for field in fields]
    every = [
        FieldMutation(record_type, field, MUTATIONS[(number + turn) % len(MUTATIONS)])
        for number, (record_type, field) in enumerate(named)
    ]
    # What is in the records of a field has no records of its own.
    return [change for change in every if not (change.mutation == "nested" and "." in change.field)]


# Every type and every field, there as each type of value or not there, is so on one of these days.
BUILT = ("2022-05-27", "2022-09-29", "2023-06-01", "2023-08-29", "2024-05-30", "2024-10-14")

EVERY_CHANGE = [change for turn in range(len(MUTATIONS)) for change in mutations(turn)]
TURNS = (0, 3)


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return population_of(tmp_path_factory, SCALE)


def landed(
    population: Path, home: Path, schema: str | None = None, changes: Sequence[FieldMutation] = ()
) -> tuple[Landing, Release]:
    """Land the portal of a sandbox with the schema of a day, or with changes."""
    landing = Landing(home)
    with Sandbox(population, SCALE, SEED, schema=schema) as sandbox:
        for change in changes:
            sandbox.portal.change_schema(change)
        settings = Settings(home=home, source_urls={"midrc": sandbox.portal_url}, guppy_page_size=200)
        return landing, land_system(Gen3System.from_spec(source("midrc"), settings), landing, settings)


def built(home: Path, landing: Landing, release: Release) -> dict[str, int]:
    """Make every table of the landed data, and have them audited; return their rows."""
    build = prepare(home, landing, [release], Settings(home=home))
    run_models(build, Settings(home=home))
    assert failed_errors(audit_star(build)) == []
    rows = star_rows(build)
    return {name: rows[name] for name in build.models if name in rows}


def warnings(verdicts: list[Verdict]) -> str:
    return " ".join(verdict.observed for verdict in verdicts if not verdict.passed)


def forms_of(day: str) -> set[tuple[str, str, object]]:
    """Return the fields of the types of a day with their types, and with None those that the contract has besides."""
    state = schema_on(day)
    assert state is not None
    contract = load_contract("midrc").datasets
    forms: set[tuple[str, str, object]] = set()
    for record_type in state.record_types:
        dataset = contract.get(record_type.name)
        known = () if dataset is None else (column.name for column in dataset.columns)
        fields = {field.name: (field.graphql_type, field.children) for field in record_type.fields}
        forms |= {(record_type.name, name, fields.get(name)) for name in {*known, *fields}}
    return forms


def views_of(landing: Landing, release: Release) -> set[tuple[str, str, str]]:
    """Return what the models see of a release, and read all of it: view, column, type."""
    with duckdb.connect() as connection:
        lay_out_release(connection, landing, release, "landed_midrc")
        return _described(connection)


def _described(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    found = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'landed_midrc'"
    ).fetchall()
    for view in {view for view, *_ in found}:
        connection.execute(f'create temp table "read {view}" as from landed_midrc."{view}"')
    return {(view, column, kind) for view, column, kind in found}


def landed_and_judged(population: Path, home: Path, day: str) -> tuple[Landing, Release]:
    """Land the portal of a day, and have it audited."""
    landing, release = landed(population, home, schema=day)
    known = {load.dataset: load for load in release.loads}
    for name in STATES[day]:
        assert known[name].status == "landed", name
        assert known[name].rows > 0, name
    absent = TYPES - STATES[day].keys()
    assert {name for name, load in known.items() if load.status == "absent"} == absent
    verdicts = audit_landed([release], landing)
    assert failed_errors(verdicts) == []
    said = warnings(verdicts)
    for name in (*absent, *(STATES[day].keys() - TYPES)):
        assert name in said, name
    with duckdb.connect() as nothing:
        lay_out_nothing(nothing)
        assert views_of(landing, release) == _described(nothing)
    print(f"{day}: {sum(load.rows for load in release.loads)} records landed, absent {absent}")
    return landing, release


def test_every_field_is_built_as_it_was_on_any_day() -> None:
    assert set().union(*map(forms_of, STATES)) == set().union(*map(forms_of, BUILT))
    assert {frozenset(STATES[day]) for day in STATES} == {frozenset(STATES[day]) for day in BUILT}


def test_every_mutation_is_built_of_a_field_of_either_type() -> None:
    for turn in TURNS:
        assert {change.mutation for change in mutations(turn)} == set(MUTATIONS)
        assert {change.record_type for change in mutations(turn)} == set(FIELDS)


@pytest.mark.bench
@pytest.mark.parametrize("day", [day for day in STATES if day not in BUILT])
def test_every_other_state_of_the_schema_is_landed_and_looks_the_same_to_the_models(
    population: Path, tmp_path: Path, day: str
) -> None:
    landed_and_judged(population, tmp_path, day)


@pytest.mark.full
@pytest.mark.parametrize("day", BUILT)
def test_a_state_with_a_field_as_on_no_other_day_is_landed_and_built(
    population: Path, tmp_path: Path, day: str
) -> None:
    landing, release = landed_and_judged(population, tmp_path, day)
    known = {load.dataset: load for load in release.loads}
    rows = built(tmp_path, landing, release)
    assert rows["dim_patient"] == known["case"].rows
    assert rows["fct_file"] == (known["data_file"].rows if "data_file" in STATES[day] else 0)
    print(f"{day}: {len(rows)} tables built")


def check(population: Path, home: Path, changes: Sequence[FieldMutation]) -> None:
    landing, release = landed(population, home, changes=changes)
    assert all(load.status == "landed" for load in release.loads)
    verdicts = audit_landed([release], landing)
    # What the records say of each other may be lost with a field: that stops a publish, and no model.
    assert [verdict for verdict in failed_errors(verdicts) if verdict.suite in OVER_DATASETS] == []
    rows = built(home, landing, release)
    for table, record_type in (("fct_file", "data_file"), ("dim_patient", "case")):
        load = release.load_of(record_type)
        assert load is not None
        assert rows[table] == load.rows
    for change in changes:
        if change.mutation == "missing":
            assert f"{change.record_type}.{change.field}" in warnings(verdicts)
    names = ", ".join(f"{change.record_type}.{change.field} {change.mutation}" for change in changes)
    print(f"{names}: {warnings(verdicts)[:300]}")


@pytest.mark.full
@pytest.mark.parametrize("turn", TURNS)
def test_every_field_as_another_kind_of_thing_is_landed_built_and_said(
    population: Path, tmp_path: Path, turn: int
) -> None:
    check(population, tmp_path, mutations(turn))


@pytest.mark.bench
@pytest.mark.parametrize(
    "change",
    EVERY_CHANGE,
    ids=lambda change: f"{change.record_type}.{change.field} {change.mutation}",
)
def test_one_field_as_another_kind_of_thing_is_landed_built_and_said(
    population: Path, tmp_path: Path, change: FieldMutation
) -> None:
    check(population, tmp_path, [change])
