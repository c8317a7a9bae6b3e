"""A further Gen3 commons is a contract and a line of the registry: nothing else of the code knows its name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.guppy.fixtures import SettingsMaker
from tests.support.guppy.landed import assert_exact
from tests.support.guppy.server import GuppyServer
from warehouse import contracts, refresh
from warehouse.errors import UsageError
from warehouse.landing import Landing
from warehouse.registry import SOURCES, SourceSpec, source
from warehouse.settings import Settings
from warehouse.sources.upstream import Upstream
from warehouse.upstreams import upstreams

NAME = "fourth"


@pytest.fixture
def spec(tmp_path: Path) -> SourceSpec:
    """A commons of its own name, whose contract is what MIDRC's says of two types and of the services."""
    packaged = Path(contracts.__file__).with_name("midrc.yml")
    contract = yaml.safe_load(packaged.read_text(encoding="utf-8"))
    names = ("case", "measurement", "reported_counts", "version", "indexd_stats", "mds_metadata")
    contract |= {"source": NAME, "datasets": {name: contract["datasets"][name] for name in names}}
    file = tmp_path / "fourth.yml"
    file.write_text(yaml.safe_dump(contract), encoding="utf-8")
    return SourceSpec(NAME, "the fourth commons", source("midrc").upstream, "https://example.org", contract_file=file)


@pytest.fixture
def settings(portal: GuppyServer, quick: SettingsMaker) -> Settings:
    # What the environment may name is checked against the registry, which does not know this source.
    return quick(source_urls={NAME: portal.url}).model_copy(update={"upstreams": (NAME,)})


@pytest.fixture
def upstream(spec: SourceSpec, settings: Settings) -> Upstream:
    (found,) = upstreams(settings, [*SOURCES, spec])
    return found


def test_it_is_landed_exactly_and_seen_to_be_unchanged(
    upstream: Upstream, portal: GuppyServer, landing: Landing
) -> None:
    choice = refresh.land(upstream, landing)
    release = landing.chosen(choice)
    assert release is not None
    assert (release.source, choice.failure) == (NAME, None)
    assert {load.source for load in release.loads} == {NAME}
    assert_exact(portal, landing, release)
    assert upstream.unchanged(landing) == release


def test_it_reports_its_records_and_which_variable_sets_its_address(
    upstream: Upstream, spec: SourceSpec, settings: Settings, landing: Landing
) -> None:
    state = upstream.look(landing)
    assert (state.source, state.problem) == (NAME, None)
    assert str(state.holds).startswith("170 records in 2 types")
    nowhere = settings.model_copy(update={"source_urls": {NAME: "nowhere"}})
    (unreachable,) = upstreams(nowhere, [spec])
    with pytest.raises(UsageError, match="check ICW_FOURTH_URL"):
        unreachable.land(landing)
