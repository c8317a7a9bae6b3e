"""A look at an upstream between nights: one request, a run for each new thing, and none where the upstream fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from schedules.news import news_sensor
from tests.support.guppy.fixtures import SettingsMaker, landing, portal, quick
from tests.support.guppy.landed import system_of
from tests.support.guppy.server import GuppyServer
from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Loopback
from warehouse.landing import Landing
from warehouse.registry import source
from warehouse.run_record import begin_run
from warehouse.settings import Settings
from warehouse.sources.gen3 import land_system
from warehouse.upstreams import upstreams

__all__ = ["landing", "portal", "quick"]


@pytest.fixture
def settings(portal: GuppyServer, landing: Landing, quick: SettingsMaker) -> Settings:
    """A home that holds what the portal serves."""
    made = quick()
    land_system(system_of(portal), landing, made)
    begin_run(made.home, "1")
    return made.model_copy(update={"home": landing.root.parent, "source_urls": {"midrc": portal.url}})


def look(settings: Settings, cursor: str | None = None, of: str = "midrc") -> tuple[list[str | None], str, str | None]:
    """Look once; return the keys of the runs asked for, why there is none, and the cursor."""
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance, cursor=cursor)
        done = news_sensor(source(of), settings).evaluate_tick(context)
    return [run.run_key for run in done.run_requests or []], done.skip_message or "", done.cursor


def test_a_portal_at_rest_is_asked_one_thing_and_no_run_is_requested(portal: GuppyServer, settings: Settings) -> None:
    before = len(portal.seen)
    keys, why, _ = look(settings)
    assert keys == []
    assert "has what is landed" in why
    assert [seen.place for seen in portal.seen[before:]] == ["status"]


def test_a_new_index_is_a_run_once_and_the_plan_agrees(
    portal: GuppyServer, settings: Settings, landing: Landing
) -> None:
    case = portal.types["case"]
    portal.types["case"] = replace(case, index="midrc_case_77")
    keys, _, cursor = look(settings)
    assert keys == ["midrc midrc_case_77"]
    assert look(settings, cursor)[0] == []
    (upstream,) = upstreams(settings, [source("midrc")])
    assert upstream.unchanged(landing) is None


def test_a_portal_that_fails_is_skipped_and_then_left_alone(settings: Settings) -> None:
    silent = settings.model_copy(update={"source_urls": {"midrc": "http://127.0.0.1:9"}})
    keys, why, cursor = look(silent)
    assert keys == []
    assert "no usable response" in why
    assert "left alone" in look(silent, cursor)[1]


def test_a_home_that_never_had_a_refresh_is_left_to_its_first(settings: Settings) -> None:
    (settings.home / "last_run.json").unlink()
    assert "first refresh" in look(settings)[1]


def test_a_new_idc_release_is_a_run_once(tmp_path: Path) -> None:
    with Loopback() as server:
        idc = IdcUpstream(server)
        settings = idc.settings(tmp_path, idc_channels=("bucket",))
        idc.publish_in_bucket("25.0.5")
        idc.make_current("25.0.5")
        begin_run(settings.home, "1")
        (upstream,) = upstreams(settings, [source("idc")])
        upstream.land(Landing(settings.home))
        keys, why, cursor = look(settings, of="idc")
        assert keys == []
        assert "has what is landed" in why
        idc.publish_in_bucket("26.0.0")
        idc.make_current("26.0.0")
        keys, _, cursor = look(settings, cursor, of="idc")
        assert keys == ["idc 26.0.0"]
        assert look(settings, cursor, of="idc")[0] == []
