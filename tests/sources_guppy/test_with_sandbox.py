"""The client against the sandbox, whose Guppy has a real GraphQL parser and the surprises of the observed server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.sources_guppy.conftest import SettingsMaker
from warehouse.landing import Landing, Release
from warehouse.sandbox.changes import DataChange, SchemaChange
from warehouse.sandbox.faults import Fault
from warehouse.sandbox.server import Sandbox
from warehouse.settings import Settings
from warehouse.sources.guppy import GuppySystem, bih, land_system, midrc

SCALE = 0.002


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sandbox")
    with Sandbox(folder, scale=SCALE):
        return folder


@pytest.fixture
def sandbox(population: Path) -> Iterator[Sandbox]:
    with Sandbox(population, scale=SCALE) as running:
        yield running


@pytest.fixture
def live(sandbox: Sandbox, quick: SettingsMaker) -> Settings:
    return quick(midrc_url=sandbox.portal_url, bih_url=sandbox.bih_url, guppy_page_size=200)


def assert_the_same_as_the_store(sandbox: Sandbox, system: GuppySystem, landing: Landing, release: Release) -> None:
    """Compare every landed record with the file that the sandbox answers from."""
    service = {"midrc": sandbox.portal, "bih": sandbox.bih}[system.source]
    for name, index in service.indices.items():
        load = release.load_of(name)
        assert load is not None
        landed = landing.object_path(load.objects[0].sha256)
        with duckdb.connect(":memory:") as connection:
            columns = connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{landed}')").fetchall()
            listed = ", ".join(f'to_json("{column[0]}")' for column in columns)
            one = connection.execute(f"SELECT {listed} FROM read_parquet('{landed}') ORDER BY ALL").fetchall()
            stored = ", ".join(f'to_json("{column[0]}"::{column[1]})' for column in columns)
            other = connection.execute(f"SELECT {stored} FROM read_parquet('{index.path}') ORDER BY ALL").fetchall()
        assert len(one) == index.documents == load.rows
        assert one == other, name
        assert load.upstream_version == index.name
        assert load.synthetic
    assert [entry.harmful for entry in sandbox.requests.entries() if entry.harmful] == []


@pytest.mark.parametrize("of", [midrc, bih])
def test_every_type_is_landed_as_the_store_has_it_and_not_again(
    sandbox: Sandbox, live: Settings, landing: Landing, of: type
) -> None:
    system = of(live)
    release = land_system(system, landing, live)
    assert_the_same_as_the_store(sandbox, system, landing, release)
    for load in release.loads:
        assert not [entry for entry in load.proof.get("drift") or () if entry["severity"] == "error"]  # type: ignore[index]
    before = len(sandbox.requests.entries())
    assert land_system(system, landing, live) == release
    assert len(sandbox.requests.entries()) - before < 20


@pytest.mark.parametrize(
    "change",
    [
        DataChange("case", removed=5, added=7, rebuilt=False),
        DataChange("case", removed=5, added=7, changed=3, rebuilt=True),
    ],
    ids=["in_place", "rebuilt"],
)
def test_data_that_changes_in_mid_run_is_landed_as_it_is_in_the_end(
    sandbox: Sandbox, live: Settings, landing: Landing, change: DataChange
) -> None:
    sandbox.faults.add(Fault(kind="data_change", place="page", record_type="case", at=1, change=change))
    release = land_system(midrc(live), landing, live)
    assert_the_same_as_the_store(sandbox, midrc(live), landing, release)


def test_authorisation_that_fails_for_a_while_loses_nothing(sandbox: Sandbox, live: Settings, landing: Landing) -> None:
    sandbox.faults.add(Fault(kind="authorisation_outage", service="portal", place="page", at=2, times=3))
    release = land_system(midrc(live), landing, live)
    assert_the_same_as_the_store(sandbox, midrc(live), landing, release)


def test_a_schema_that_changes_is_landed_and_reported(sandbox: Sandbox, live: Settings, landing: Landing) -> None:
    for change in (
        SchemaChange("case", "add", "novelty"),
        SchemaChange("case", "remove", "zip"),
        SchemaChange("case", "retype", "age_at_index", "keyword"),
        SchemaChange("imaging_study", "undeclare_list", "study_modality"),
    ):
        sandbox.portal.change_schema(change)
    release = land_system(midrc(live), landing, live)
    assert_the_same_as_the_store(sandbox, midrc(live), landing, release)
    load = release.load_of("case")
    assert load is not None
    drift = {(entry["field"], entry["change"], entry["severity"]) for entry in load.proof["drift"]}  # type: ignore
    assert {
        ("novelty", "added", "info"),
        ("zip", "removed", "warning"),
        ("age_at_index", "retyped", "error"),
    } <= drift
