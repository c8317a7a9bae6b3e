"""The service notes what each refresh has looked at, once, for the freshness that Dagster shows."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from schedules.looks import record_of_looks
from warehouse.landing import Choice
from warehouse.run_record import begin_run, end_run, note_choices
from warehouse.settings import Settings
from warehouse.snapshots.manifest import SourceFailure


def noted(home: Path, cursor: str | None) -> tuple[list[str], str | None]:
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance, cursor=cursor)
        found = record_of_looks(Settings(home=home)).evaluate_tick(context)
    return [event.asset_key.to_user_string() for event in found.asset_events if event.asset_key], found.cursor


def test_a_refresh_is_noted_once_and_without_the_source_that_it_could_not_read(tmp_path: Path) -> None:
    assert noted(tmp_path, None) == ([], None)
    begin_run(tmp_path, "first")
    down = Choice(source="midrc", version="7", digest="1", failure="the portal does not answer")
    note_choices(tmp_path, [Choice(source="idc", version="25.0.5", digest="2"), down, Choice(source="bih")])
    assert noted(tmp_path, None) == ([], None)
    failure = SourceFailure(source="midrc", version="7", reason="the portal does not answer")
    end_run(tmp_path, "published", 8, "a-snapshot", [failure])
    assert noted(tmp_path, None) == (["looked_at/idc", "looked_at/snapshot"], "first")
    assert noted(tmp_path, "first") == ([], "first")
    begin_run(tmp_path, "second")
    end_run(tmp_path, "unchanged", 0, "a-snapshot")
    assert noted(tmp_path, "first") == (["looked_at/snapshot"], "second")
