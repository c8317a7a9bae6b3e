"""The portal in every state of its schema, and with any one field as another kind of thing: all of it is landed, every
model can be built, and what could not be read is said.

Each case goes through landing, the landed views, and every table of the star, whose SQL dbt has compiled once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.sandbox.test_schema_history import STATES
from tests.support.shared import SEED, population_of
from warehouse.build import prepare, run_dbt
from warehouse.build.project import project_with_empty_build, tables_read
from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_landed, audit_star
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


@dataclass(frozen=True)
class Star:
    """The SQL of every table, as dbt compiled it, in the order in which they read each other."""

    home: Path
    population: Path
    compiled: dict[str, tuple[str, str]]

    def land(
        self, home: Path, schema: str | None = None, changes: Sequence[FieldMutation] = ()
    ) -> tuple[Landing, Release]:
        """Land the portal of a sandbox with the schema of a day, or with changes."""
        landing = Landing(home)
        with Sandbox(self.population, SCALE, SEED, schema=schema) as sandbox:
            for change in changes:
                sandbox.portal.change_schema(change)
            settings = Settings(home=home, midrc_url=sandbox.portal_url, guppy_page_size=200)
            return landing, land_system(midrc(settings), landing, settings)

    def build(self, home: Path, landing: Landing, release: Release) -> dict[str, int]:
        """Make every table of the landed data, and have them audited; return their rows."""
        build = prepare(home, landing, [release], Settings(home=home))
        rows: dict[str, int] = {}
        with duckdb.connect(str(build.database)) as connection:
            for schema, name in tables_read(project_with_empty_build(Settings(home=home))):
                if name in build.models:
                    relation, sql = self.compiled[name]
                    connection.execute(f"create table {relation} as {sql}")
                    ((rows[name],),) = connection.execute(f"select count(*) from {schema}.{name}").fetchall()
        assert failed_errors(audit_star(build)) == []
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


@pytest.mark.full
@pytest.mark.parametrize("day", STATES)
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


def check(star: Star, home: Path, changes: Sequence[FieldMutation]) -> None:
    landing, release = star.land(home, changes=changes)
    assert all(load.status == "landed" for load in release.loads)
    verdicts = audit_landed([release], landing)
    assert failed_errors(verdicts) == []
    rows = star.build(home, landing, release)
    for table, record_type in (("fct_file", "data_file"), ("dim_patient", "case")):
        load = release.load_of(record_type)
        assert load is not None
        assert rows[table] == load.rows
    names = ", ".join(f"{change.record_type}.{change.field} {change.mutation}" for change in changes)
    print(f"{names}: {warnings(verdicts)[:300]}")


@pytest.mark.full
@pytest.mark.parametrize("turn", range(len(TURNS)))
def test_every_field_as_another_kind_of_thing_is_landed_built_and_said(star: Star, tmp_path: Path, turn: int) -> None:
    check(star, tmp_path, TURNS[turn])


@pytest.mark.bench
@pytest.mark.parametrize(
    "change",
    [change for changes in TURNS for change in changes],
    ids=lambda change: f"{change.record_type}.{change.field} {change.mutation}",
)
def test_one_field_as_another_kind_of_thing_is_landed_built_and_said(
    star: Star, tmp_path: Path, change: FieldMutation
) -> None:
    check(star, tmp_path, [change])
