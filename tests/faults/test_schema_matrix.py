"""The portal in every state of its schema, and with any one field as another kind of thing: all of it is landed, every
model can be built, and what could not be read is said.

Each case goes through landing, the landed views, and every table of the star, whose SQL dbt has compiled once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.sandbox.test_schema_history import STATES
from tests.support.shared import SEED, population_of
from warehouse.build import prepare, run_dbt
from warehouse.build.project import project_with_empty_build, tables_read
from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_landed
from warehouse.quality.verdicts import Verdict, failed_errors
from warehouse.sandbox.changes import FieldMutation, Mutation
from warehouse.sandbox.server import Sandbox
from warehouse.settings import Settings
from warehouse.sources.guppy import land_system, midrc

SCALE = 0.002

TYPES = {"case", "imaging_study", "data_file", "measurement", "annotation", "radiology_report"}

# Fields of every kind: ids of others, text, lists, numbers, records and what is in them.
FIELDS = {
    "case": ("sex", "age_at_index", "imaging_studies", "measurements.test_days_from_index"),
    "data_file": ("file_size", "slice_thickness", "case_ids"),
}
MUTATIONS: tuple[Mutation, ...] = ("missing", "text", "number", "boolean", "list", "nested")


def mutations() -> Iterator[object]:
    """Return every field with every mutation that it can have; one of them at once, the others later."""
    soon = {"data_file.file_size text"}
    for record_type, fields in FIELDS.items():
        for field in fields:
            for mutation in MUTATIONS:
                if mutation == "nested" and "." in field:
                    continue
                name = f"{record_type}.{field} {mutation}"
                marks = () if name in soon else pytest.mark.full
                yield pytest.param(FieldMutation(record_type, field, mutation), id=name, marks=marks)


@dataclass(frozen=True)
class Star:
    """The SQL of every table, as dbt compiled it, in the order in which they read each other."""

    home: Path
    population: Path
    compiled: dict[str, tuple[str, str]]

    def land(
        self, home: Path, schema: str | None = None, change: FieldMutation | None = None
    ) -> tuple[Landing, Release]:
        """Land the portal of a sandbox with the schema of a day, or with a change."""
        landing = Landing(home)
        with Sandbox(self.population, SCALE, SEED, schema=schema) as sandbox:
            if change is not None:
                sandbox.portal.change_schema(change)
            settings = Settings(home=home, midrc_url=sandbox.portal_url, guppy_page_size=200)
            return landing, land_system(midrc(settings), landing, settings)

    def build(self, home: Path, landing: Landing, release: Release) -> dict[str, int]:
        """Make every table of the landed data; return their rows."""
        build = prepare(home, landing, [release], Settings(home=home))
        rows: dict[str, int] = {}
        with duckdb.connect(str(build.database)) as connection:
            for schema, name in tables_read(project_with_empty_build(Settings(home=home))):
                if name in build.models:
                    relation, sql = self.compiled[name]
                    connection.execute(f"create table {relation} as {sql}")
                    ((rows[name],),) = connection.execute(f"select count(*) from {schema}.{name}").fetchall()
        return rows


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> Star:
    """The portal as it is today, built by dbt."""
    home = tmp_path_factory.mktemp("today")
    made = Star(home, population_of(tmp_path_factory, SCALE), {})
    landing, release = made.land(home)
    build = prepare(home, landing, [release], Settings(home=home))
    run_dbt(build, Settings(home=home))
    files = {path.stem: path for path in (build.folder / "scratch" / "compiled").rglob("*.sql")}
    for schema, name in tables_read(project_with_empty_build(Settings(home=home))):
        if name in files:
            made.compiled[name] = f"{schema}.{name}", files[name].read_text(encoding="utf-8")
    return made


def warnings(verdicts: list[Verdict]) -> str:
    return " ".join(verdict.observed for verdict in verdicts if not verdict.passed)


@pytest.mark.parametrize(
    "day", [day if day in ("2022-05-26",) else pytest.param(day, marks=pytest.mark.full) for day in STATES]
)
def test_every_state_of_the_schema_is_landed_and_built(star: Star, tmp_path: Path, day: str) -> None:
    landing, release = star.land(tmp_path, schema=day)
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
    rows = star.build(tmp_path, landing, release)
    assert rows["dim_patient"] == known["case"].rows
    assert rows["fct_file"] == (0 if "data_file" in absent else known["data_file"].rows)
    print(
        f"{day}: {sum(load.rows for load in release.loads)} records landed, {len(rows)} tables built, absent {absent}"
    )


@pytest.mark.parametrize("change", mutations())
def test_one_field_as_another_kind_of_thing_is_landed_built_and_said(
    star: Star, tmp_path: Path, change: FieldMutation
) -> None:
    landing, release = star.land(tmp_path, change=change)
    assert all(load.status == "landed" for load in release.loads)
    verdicts = audit_landed([release], landing)
    assert failed_errors(verdicts) == []
    rows = star.build(tmp_path, landing, release)
    for table, record_type in (("fct_file", "data_file"), ("dim_patient", "case")):
        load = release.load_of(record_type)
        assert load is not None
        assert rows[table] == load.rows
    print(f"{change.record_type}.{change.field} {change.mutation}: {warnings(verdicts)[:300]}")
