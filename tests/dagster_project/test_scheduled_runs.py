"""Runs that Dagster starts: held to the rules of a typed one, and recorded once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from sqlalchemy import text
from sqlalchemy.pool import NullPool

from dagster_project.resources import Warehouse
from tests.support.sample_build import PASSED, make_build
from warehouse.errors import UsageError
from warehouse.run_record import end_run, last_run
from warehouse.snapshots import catalog
from warehouse.snapshots.publish import publish


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with real data in service."""
    home = tmp_path / "home"
    monkeypatch.setenv("ICW_HOME", str(home))
    publish(make_build(tmp_path / "build"), [PASSED], home, {})
    return home


def test_a_run_with_made_up_data_is_refused_before_its_first_step(home: Path) -> None:
    in_service = catalog.current(home)
    warehouse = Warehouse(told={"sources": "sandbox"})
    with (
        pytest.raises(UsageError, match="made-up data in its place"),
        warehouse.yield_for_execution(dg.build_init_resource_context()),
    ):
        pytest.fail("a step would run")
    run = last_run(home)
    assert run is not None
    assert (run.outcome, run.exit_code) == ("failed", 2)
    assert catalog.current(home) == in_service


def test_a_run_over_a_snapshot_that_cannot_be_read_is_refused_before_its_first_step(home: Path) -> None:
    in_service = catalog.current(home)
    assert in_service is not None
    (in_service.folder / "manifest.json").chmod(0o644)
    (in_service.folder / "manifest.json").write_text("{")
    with (
        pytest.raises(UsageError, match="cannot be read"),
        Warehouse().yield_for_execution(dg.build_init_resource_context()),
    ):
        pytest.fail("a step would run")


def test_a_run_that_is_over_is_not_recorded_again(home: Path) -> None:
    """`dagster job execute` asks for the resources once more when the run has ended, to read what became of it."""
    context = dg.build_init_resource_context()
    with Warehouse().yield_for_execution(context):
        end_run(home, "unchanged", 0, "a snapshot")
    ended = last_run(home)
    with Warehouse().yield_for_execution(context):
        assert last_run(home) == ended
    assert last_run(home) == ended
    assert ended is not None
    assert (ended.outcome, ended.previous) == ("unchanged", None)


def test_events_are_flushed_at_checkpoints_as_in_a_typed_run(home: Path) -> None:
    """`synchronous` is 1 there, and 2 where each event is flushed."""
    storage: Any = sqlite_event_log

    def synchronous() -> int:
        # As the storage of events opens a file each time.
        records = storage.create_engine(f"sqlite:///{home / 'x.db'}", poolclass=NullPool)
        with records.connect() as connection:
            return int(connection.execute(text("pragma synchronous")).scalar_one())

    with Warehouse().yield_for_execution(dg.build_init_resource_context()):
        assert synchronous() == 1
    assert synchronous() == 2
