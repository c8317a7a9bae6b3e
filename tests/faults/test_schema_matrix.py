"""The portal in every state of its schema, and with any one field as another kind of thing: all of it is landed, every
model can be built, and what could not be read is said.

Each case goes through landing, the landed views, and every table of the star, whose SQL dbt has compiled once.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.schema_states import STATES
from tests.support.shared import SEED, population_of
from tests.support.tables import star_rows
from warehouse.build import prepare, run_models
from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_landed, audit_star
from warehouse.quality.suites import LANDED
from warehouse.quality.verdicts import Verdict, failed_errors
from warehouse.registry import source
from warehouse.sandbox.guppy.changes import FieldMutation, Mutation
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
    """Return one mutation of every field, a different one in each of six turns: together all that each can have."""
    named = [(record_type, field) for record_type, fields in FIELDS.items() for field in fields]
    every = [
        FieldMutation(record_type, field, MUTATIONS[(number + turn) % len(MUTATIONS)])
        for number, (record_type, field) in enumerate(named)
    ]
    # What is in the records of a field has no records of its own.
    return [change for change in every if not (change.mutation == "nested" and "." in change.field)]


TURNS = [mutations(turn) for turn in range(len(MUTATIONS))]


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


@pytest.mark.full
@pytest.mark.parametrize("day", STATES)
def test_every_state_of_the_schema_is_landed_and_built(population: Path, tmp_path: Path, day: str) -> None:
    landing, release = landed(population, tmp_path, schema=day)
    known = {load.dataset: load for load in release.loads}
    for name in STATES[day]:
        assert known[name].status == "landed", name
        assert known[name].rows > 0, name
    absent = {"case", "imaging_study", "data_file", "measurement", "annotation", "radiology_report"} - STATES[
        day
    ].keys()
    assert {name for name, load in known.items() if load.status == "absent"} == absent
    verdicts = audit_landed([release], landing)
    assert failed_errors(verdicts) == []
    said = warnings(verdicts)
    for name in (*absent, *(STATES[day].keys() - TYPES)):
        assert name in said, name
    rows = built(tmp_path, landing, release)
    assert rows["dim_patient"] == known["case"].rows
    assert rows["fct_file"] == (0 if "data_file" in absent else known["data_file"].rows)
    print(
        f"{day}: {sum(load.rows for load in release.loads)} records landed, {len(rows)} tables built, absent {absent}"
    )


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
@pytest.mark.parametrize("turn", range(len(TURNS)))
def test_every_field_as_another_kind_of_thing_is_landed_built_and_said(
    population: Path, tmp_path: Path, turn: int
) -> None:
    check(population, tmp_path, TURNS[turn])


@pytest.mark.bench
@pytest.mark.parametrize(
    "change",
    [change for changes in TURNS for change in changes],
    ids=lambda change: f"{change.record_type}.{change.field} {change.mutation}",
)
def test_one_field_as_another_kind_of_thing_is_landed_built_and_said(
    population: Path, tmp_path: Path, change: FieldMutation
) -> None:
    check(population, tmp_path, [change])
