"""The drift benchmark itself: its defects change what they say, and its verdicts are those of the audit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.bench.drift.defect import WHOLE, Defect, altered
from tests.bench.drift.defects import DEFECTS
from tests.bench.drift.judging import answerable, audited, failing, past_of_world
from tests.bench.drift.portal_world import portal_world
from tests.bench.drift.run import nights_of
from tests.bench.drift.seeding import relation_of, seeded
from tests.bench.drift.world import World
from tests.support import small_release
from tests.support.shared import made_once
from warehouse.landing import Release

NIGHTS, SCALE = 3, 0.004
BY_NAME = {defect.name: defect for defect in DEFECTS}

# Kinds that each source's suites must find whatever else they find, with their sizes.
FOUND = (
    ("series lost", 0.05),
    ("series twice", 0.01),
    ("sizes of 0", 0.05),
    ("licences swapped", 0.05),
    ("98 % of the measurements lost", 0.98),
    ("pages of data file records twice", 0.01),
    ("a histogram that lies by one", 0.01),
    ("a repository gone from the hub", 1.0),
)


# `make test-full` finds one of each source; `python -m tests.bench cases` the others too.
IN_EACH_SOURCE = ("series lost", "98 % of the measurements lost", "a repository gone from the hub")


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the nights of portal and hub."""

    def make(folder: Path) -> None:
        for source in ("midrc", "bih"):
            portal_world(folder / source, source, NIGHTS, SCALE)

    return made_once(tmp_path_factory, "drift-nights", make)


def _world(home: Path, folder: Path, source: str) -> World:
    if source == "idc":
        _, before = small_release.land(folder, version="24.2.2")
        landing, night = small_release.land(folder)
        return World(landing, (before, night))
    return portal_world(home / source, source, NIGHTS, SCALE)


def test_there_are_many_kinds_with_names_of_their_own() -> None:
    assert len(BY_NAME) == len(DEFECTS) >= 60
    assert all(0 < size <= 1 for defect in DEFECTS for size in defect.sizes)
    assert {defect.source for defect in DEFECTS} == {"idc", "midrc", "bih"}


@pytest.mark.parametrize(
    ("name", "size"),
    [
        pytest.param(*case, marks=pytest.mark.full if case[0] in IN_EACH_SOURCE else pytest.mark.bench, id=case[0])
        for case in FOUND
    ],
)
def test_a_defect_is_found(home: Path, tmp_path: Path, name: str, size: float) -> None:
    defect = BY_NAME[name]
    world = _world(home, tmp_path, defect.source)
    past = past_of_world(tmp_path, world)
    release, hits = seeded(world, defect, size, f"seeded-{name}".replace(" ", "-"))
    assert hits
    assert answerable(failing(world.landing, release, past), failing(world.landing, world.night, past), hits)


@pytest.mark.full
def test_the_verdicts_are_those_of_the_audit(tmp_path: Path) -> None:
    world = _world(tmp_path, tmp_path, "idc")
    past = past_of_world(tmp_path, world)
    release, _ = seeded(world, BY_NAME["sizes of 0"], 0.25, "seeded")
    here, there = failing(world.landing, release, past), audited(world.landing, release, past)
    assert {id: (found.severity, found.affected) for id, found in here.items()} == {
        id: (found.severity, found.affected) for id, found in there.items()
    }


def test_a_size_is_the_share_of_the_units_that_are_hit_and_the_rest_stays(tmp_path: Path) -> None:
    world = _world(tmp_path, tmp_path, "idc")
    defect = Defect(
        "a licence changed",
        "licences",
        "idc",
        "idc_index",
        {"idc_index": altered({"license_short_name": "'new'"}, "idc_index")},
        within="\"Modality\" = 'CT'",
    )
    release, hits = seeded(world, defect, 0.25, "quarter")
    assert hits == 300
    assert _count(world, release, "license_short_name = 'new'") == 300
    _, whole = seeded(world, replace(defect, unit='"PatientID"', sizes=WHOLE), 1.0, "whole")
    assert whole == 1200
    _, least = seeded(world, defect, 0.000001, "least")
    assert least == 1
    assert _count(world, world.night, "license_short_name = 'new'") == 0


@pytest.mark.full
@pytest.mark.parametrize("source", ["midrc", "bih"])
def test_every_defect_of_a_portal_changes_the_night(home: Path, source: str) -> None:
    world = _world(home, home, source)
    for number, defect in enumerate(defect for defect in DEFECTS if defect.source == source):
        if defect.standing:
            continue
        release, _ = seeded(world, defect, max(defect.sizes), f"each-{number}")
        assert release.digest != world.night.digest or defect.manifest, defect.name


def _count(world: World, release: Release, condition: str) -> int:
    relation = relation_of(world.landing, release, "idc_index")
    with duckdb.connect() as connection:
        ((count,),) = connection.execute(f"select count(*) from {relation} where {condition}").fetchall()
    return count


@pytest.mark.full
def test_the_first_night_of_all_has_nothing_before_it(tmp_path: Path) -> None:
    world = _world(tmp_path, tmp_path, "idc")
    found = nights_of(world, tmp_path, 1)
    assert [night.version for night in found] == ["24.2.2", "25.0.5"]
    assert [caught.check for night in found for caught in night.found if caught.severity == "error"] == []
