"""Dagster's SQLite files are not flushed for each event of a run, and whole afterwards."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.pool import NullPool

from dagster_project.event_log import with_connections_kept


def opened(path: Path) -> Engine:
    """The engine of a file, as the storage of Dagster's events asks for one each time."""
    storage: Any = sqlite_event_log
    return storage.create_engine(f"sqlite:///{path}", poolclass=NullPool)


def synchronous(path: Path) -> int:
    """How a connection flushes: 1 is normal, 2 full."""
    with opened(path).connect() as connection:
        return int(connection.execute(text("pragma synchronous")).scalar_one())


def test_connections_flush_at_checkpoints_while_it_lasts(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    assert synchronous(path) == 2
    with with_connections_kept():
        assert synchronous(path) == 1
    assert synchronous(path) == 2


def test_a_file_is_not_checkpointed_after_each_statement_and_is_in_the_end(tmp_path: Path) -> None:
    """Dagster makes the file of a run's events during the run, and lets it write ahead after its first connection."""
    path, log = tmp_path / "x.db", tmp_path / "x.db-wal"
    with with_connections_kept():
        with opened(path).begin() as connection:
            connection.execute(text("create table events (n integer)"))
        opened(path).dispose()
        with opened(path).connect() as connection:
            connection.execute(text("pragma journal_mode = wal"))
        for number in range(2):
            with opened(path).begin() as connection:
                connection.execute(text("insert into events values (:n)"), {"n": number})
            opened(path).dispose()
            assert log.exists()
    assert not log.exists()
    with sqlite3.connect(path) as read:
        assert read.execute("select n from events").fetchall() == [(0,), (1,)]


def test_what_another_process_writes_meanwhile_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with with_connections_kept():
        with opened(path).begin() as connection:
            connection.execute(text("pragma journal_mode = wal"))
        with opened(path).begin() as connection:
            connection.execute(text("create table events (n integer)"))
        for rows in (0, 1, 2):
            with opened(path).connect() as connection:
                assert connection.execute(text("select count(*) from events")).scalar_one() == rows
            insert = f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('insert into events values (1)')"
            subprocess.run([sys.executable, "-c", f"{insert}; c.commit()"], check=True)


def test_a_transaction_that_fails_leaves_nothing_to_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with with_connections_kept():
        with opened(path).begin() as connection:
            connection.execute(text("create table events (n integer not null)"))
        with pytest.raises(IntegrityError), opened(path).begin() as connection:
            connection.execute(text("insert into events values (1), (null)"))
        with opened(path).begin() as connection:
            assert connection.execute(text("select count(*) from events")).scalar_one() == 0


def connections_of_a_run(folder: Path) -> list[str]:
    """Run a job with one asset; return the file of each connection that was opened for it."""

    @dg.asset
    def thing() -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata={"rows": 3})

    folder.mkdir(exist_ok=True)
    files: list[str] = []

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        files.append(connection.execute("pragma database_list").fetchone()[2])

    event.listen(Engine, "connect", connected)
    try:
        with dg.DagsterInstance.local_temp(str(folder)) as instance:
            assert dg.materialize([thing], instance=instance).success
    finally:
        event.remove(Engine, "connect", connected)
    return files


def test_files_stay_open_while_it_lasts_and_are_opened_for_each_statement_afterwards(tmp_path: Path) -> None:
    with with_connections_kept():
        files = connections_of_a_run(tmp_path / "kept")
    # A new file has its tables made through one connection, and its version written through another.
    assert max(Counter(files).values()) <= 2
    assert any(file.endswith("/runs.db") for file in files)
    assert any(file.endswith("/index.db") for file in files)
    own = connections_of_a_run(tmp_path / "own")
    assert len(own) > 10 * len(set(own))


def test_the_events_of_a_run_are_there(tmp_path: Path) -> None:
    with with_connections_kept():
        connections_of_a_run(tmp_path)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey("thing"))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["rows"].value == 3
