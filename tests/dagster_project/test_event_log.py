"""Dagster's SQLite files are not flushed for each event of a run, and whole afterwards."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import dagster as dg
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.pool import NullPool

from dagster_project.event_log import with_one_engine_for_each_file, without_flushing_each_event


def synchronous(path: Path) -> int:
    """How a new connection flushes: 1 is normal, 2 full."""
    with create_engine(f"sqlite:///{path}", poolclass=NullPool).connect() as connection:
        return int(connection.execute(text("pragma synchronous")).scalar_one())


def test_new_connections_flush_at_checkpoints_while_it_lasts(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert synchronous(path) == 2
    with without_flushing_each_event():
        assert synchronous(path) == 1
    assert synchronous(path) == 2


def test_a_file_is_not_checkpointed_at_each_close_and_is_in_the_end(tmp_path: Path) -> None:
    path, log = tmp_path / "x.db", tmp_path / "x.db-wal"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(text("pragma journal_mode = wal"))
    with without_flushing_each_event():
        with engine.begin() as connection:
            connection.execute(text("create table events (n integer)"))
        with engine.begin() as connection:
            connection.execute(text("insert into events values (1)"))
        assert log.exists()
    assert not log.exists()
    with sqlite3.connect(path) as read:
        assert read.execute("select n from events").fetchall() == [(1,)]


def test_a_file_that_is_new_is_not_checkpointed_at_each_close_either(tmp_path: Path) -> None:
    """Dagster makes the file of a run's events during the run, and lets it write ahead after its first connection."""
    path, log = tmp_path / "x.db", tmp_path / "x.db-wal"
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    with without_flushing_each_event():
        with engine.begin() as connection:
            connection.execute(text("create table events (n integer)"))
        with engine.connect() as connection:
            connection.execute(text("pragma journal_mode = wal"))
        for _ in range(2):
            with engine.begin() as connection:
                connection.execute(text("insert into events values (1)"))
            assert log.exists()
    assert not log.exists()


def engines_of_a_run(folder: Path) -> list[Engine]:
    """Run a job with one asset; return the engines that were used, one for each file unless Dagster makes its own."""

    @dg.asset
    def thing() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"rows": 3})

    folder.mkdir(exist_ok=True)
    used: list[Engine] = []

    def executing(connection: Connection, *_: object) -> None:
        if connection.engine not in used:
            used.append(connection.engine)

    event.listen(Engine, "before_cursor_execute", executing)
    try:
        with dg.DagsterInstance.local_temp(str(folder)) as instance:
            assert dg.materialize([thing], instance=instance).success
    finally:
        event.remove(Engine, "before_cursor_execute", executing)
    return used


def test_each_file_has_one_engine_while_it_lasts_and_dagsters_own_again_afterwards(tmp_path: Path) -> None:
    with with_one_engine_for_each_file():
        used = engines_of_a_run(tmp_path / "shared")
    files = [str(engine.url) for engine in used]
    assert len(files) == len(set(files))
    assert any(file.endswith("/runs.db") for file in files)
    assert any(file.endswith("/index.db") for file in files)
    own = [str(engine.url) for engine in engines_of_a_run(tmp_path / "own")]
    assert len(own) > 10 * len(set(own))


def test_the_events_of_a_run_are_there(tmp_path: Path) -> None:
    with without_flushing_each_event(), with_one_engine_for_each_file():
        engines_of_a_run(tmp_path)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("thing"))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["rows"].value == 3
