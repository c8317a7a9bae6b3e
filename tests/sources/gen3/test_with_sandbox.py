"""The client against the sandbox, whose Guppy has a real GraphQL parser and the surprises of the observed server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.guppy.fixtures import SettingsMaker
from tests.support.marks import later
from tests.support.shared import SEED, population_of
from tests.support.stores import assert_the_same_as_the_store
from warehouse.contracts import load_contract
from warehouse.landing import Landing, Release
from warehouse.registry import source
from warehouse.sandbox.guppy.changes import DataChange, SchemaChange
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault
from warehouse.settings import Settings
from warehouse.sources.gen3 import Gen3System, land_system, proven_unchanged
from warehouse.sources.gen3.guppy.client import GuppyClient
from warehouse.sources.gen3.guppy.discovery import discover
from warehouse.sources.gen3.guppy.extract import TypeExtractor
from warehouse.sources.gen3.transport import Transport

SCALE = 0.002


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return population_of(tmp_path_factory, SCALE)


@pytest.fixture
def sandbox(population: Path) -> Iterator[Sandbox]:
    with Sandbox(population, SCALE, SEED) as running:
        yield running


@pytest.fixture
def live(sandbox: Sandbox, quick: SettingsMaker) -> Settings:
    return quick(source_urls={"midrc": sandbox.portal_url, "bih": sandbox.bih_url}, guppy_page_size=200)


def system(name: str, settings: Settings) -> Gen3System:
    return Gen3System.from_spec(source(name), settings)


def assert_landed(sandbox: Sandbox, system: Gen3System, landing: Landing, release: Release) -> None:
    assert_the_same_as_the_store({"midrc": sandbox.portal, "bih": sandbox.bih}[system.source], landing, release)
    assert [entry.harmful for entry in sandbox.requests.entries() if entry.harmful] == []


@pytest.mark.parametrize("name", [later("midrc"), "bih"])
def test_every_type_is_landed_as_the_store_has_it(
    sandbox: Sandbox, live: Settings, landing: Landing, name: str
) -> None:
    release = land_system(system(name, live), landing, live)
    assert_landed(sandbox, system(name, live), landing, release)
    for load in release.loads:
        assert not [entry for entry in load.proof.get("drift") or () if entry["severity"] == "error"]  # type: ignore[index]


@pytest.mark.full
def test_a_night_with_nothing_new_takes_fewer_than_twenty_requests_to_both_portals_together(
    sandbox: Sandbox, live: Settings, landing: Landing
) -> None:
    releases = {name: land_system(system(name, live), landing, live) for name in ("midrc", "bih")}
    for ask in (proven_unchanged, land_system):
        sandbox.requests.clear()
        for name, release in releases.items():
            assert ask(system(name, live), landing, live) == release
        entries = sandbox.requests.entries()
        sent = Counter(entry.service for entry in entries)
        assert len(entries) < 20
        assert sent["portal"] <= 11
        assert sent["bih"] <= 6
        assert not [entry for entry in entries if {"page", "last_page", "download"} & set(entry.kinds)]


@pytest.mark.full
@pytest.mark.parametrize(
    "change",
    [
        DataChange("annotation", changed=1, rebuilt=True),
        later(DataChange("annotation", added=1, rebuilt=False)),
        later(SchemaChange("annotation", "add", "novelty")),
    ],
    ids=["rebuilt", "one_record_more", "field_added"],
)
def test_a_change_anywhere_is_no_proof(
    sandbox: Sandbox, live: Settings, landing: Landing, change: DataChange | SchemaChange
) -> None:
    land_system(system("midrc", live), landing, live)
    if isinstance(change, DataChange):
        sandbox.portal.change_data(change)
    else:
        sandbox.portal.change_schema(change)
    assert proven_unchanged(system("midrc", live), landing, live) is None
    release = land_system(system("midrc", live), landing, live)
    assert proven_unchanged(system("midrc", live), landing, live) == release


@pytest.mark.full
def test_the_politeness_limit_holds_for_each_portal_by_the_log_of_the_sandbox_while_both_are_loaded_and_in_trouble(
    sandbox: Sandbox, live: Settings, tmp_path: Path
) -> None:
    limit = 2
    settings = live.model_copy(
        update={"guppy_requests_in_flight": limit, "guppy_page_size": 50, "guppy_page_bytes": 20_000}
    )
    for service in ("portal", "bih"):
        slow = Fault(kind="server_error", status=504, service=service, place="download", times=limit)
        sandbox.faults.add(slow, Fault(kind="too_many_requests", service=service, place="download", at=9, seconds=0))
    with ThreadPoolExecutor(2) as pool:
        runs = [
            pool.submit(land_system, system(name, settings), Landing(tmp_path / name), settings)
            for name in ("midrc", "bih")
        ]
    for run, name in zip(runs, ("midrc", "bih"), strict=True):
        assert_landed(sandbox, system(name, settings), Landing(tmp_path / name), run.result())
    entries = sandbox.requests.entries()
    assert {entry.fault for entry in entries} == {None, "server_error", "too_many_requests"}
    for service in ("portal", "bih"):
        downloads = [entry for entry in entries if entry.service == service and "download" in entry.kinds]
        assert len(downloads) > 20 * limit  # they alone could go far beyond the limit
        assert max(entry.in_flight for entry in entries if entry.service == service) <= limit
    assert {entry.user_agent for entry in entries} == {settings.user_agent}


def test_plan_b_takes_ranges_of_a_number_in_place_of_ids_and_is_exact(
    sandbox: Sandbox, live: Settings, tmp_path: Path
) -> None:
    index = sandbox.portal.indices["case"]
    with closing(GuppyClient(Transport(live.source_urls["midrc"], live))) as client:
        contract = load_contract("midrc").datasets
        case = discover(client, system("midrc", live).types, contract, client.indices()).types["case"]
        without = replace(case, id_fields=())
        nothing = lambda name, about: None  # noqa: E731
        settings = live.model_copy(update={"guppy_page_size": 40})
        extraction = TypeExtractor(
            client, without, system("midrc", live).types, tmp_path / "case", settings, nothing
        ).run()
    assert str(extraction.proof["method"]).startswith("ranges of ")
    assert extraction.proof["parts"] != 1
    landed = pq.read_table(extraction.joined.path, columns=["_case_id"]).column(0).to_pylist()
    stored = pq.read_table(index.path, columns=["_case_id"]).column(0).to_pylist()
    assert sorted(landed) == sorted(stored)
    assert not [entry for entry in sandbox.requests.entries() if entry.harmful]


@pytest.mark.full
@pytest.mark.parametrize(
    "change",
    [
        later(DataChange("case", removed=5, added=7, rebuilt=False)),
        DataChange("case", removed=5, added=7, changed=3, rebuilt=True),
    ],
    ids=["in_place", "rebuilt"],
)
def test_data_that_changes_in_mid_run_is_landed_as_it_is_in_the_end(
    sandbox: Sandbox, live: Settings, landing: Landing, change: DataChange
) -> None:
    sandbox.faults.add(Fault(kind="data_change", place="download", record_type="case", at=1, change=change))
    release = land_system(system("midrc", live), landing, live)
    assert_landed(sandbox, system("midrc", live), landing, release)


@pytest.mark.full
def test_authorisation_that_fails_for_a_while_loses_nothing(sandbox: Sandbox, live: Settings, landing: Landing) -> None:
    sandbox.faults.add(Fault(kind="authorisation_outage", service="portal", place="download", at=2, times=3))
    release = land_system(system("midrc", live), landing, live)
    assert_landed(sandbox, system("midrc", live), landing, release)


@pytest.mark.full
def test_a_schema_that_changes_is_landed_and_reported(sandbox: Sandbox, live: Settings, landing: Landing) -> None:
    for change in (
        SchemaChange("case", "add", "novelty"),
        SchemaChange("case", "remove", "zip"),
        SchemaChange("case", "retype", "age_at_index", "keyword"),
        SchemaChange("imaging_study", "undeclare_list", "study_modality"),
    ):
        sandbox.portal.change_schema(change)
    release = land_system(system("midrc", live), landing, live)
    assert_landed(sandbox, system("midrc", live), landing, release)
    load = release.load_of("case")
    assert load is not None
    drift = {(entry["field"], entry["change"], entry["severity"]) for entry in load.proof["drift"]}  # type: ignore
    assert {
        ("novelty", "added", "info"),
        ("zip", "removed", "warning"),
        ("age_at_index", "retyped", "warning"),
    } <= drift
