"""Dagster's records of a run in SQLite, kept without needless work for each of their hundreds of events."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage
from dagster._core.storage.sql import create_engine
from sqlalchemy import event
from sqlalchemy.engine import Engine

# Dagster's modules that make an engine each time they open a file. Their name for the function is their own.
_STORAGES: tuple[Any, ...] = (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)


@contextlib.contextmanager
def with_one_engine_for_each_file() -> Iterator[None]:
    """Let Dagster open each of its SQLite files through one engine of SQLAlchemy, as long as the context lasts.

    It makes an engine for each of its statements, and what an engine has compiled is known to no other: a run with 885
    events made 3,598 engines and compiled 3,247 statements (profiled in November 2026). An engine opens and closes a
    connection each time all the same, as Dagster's make it do, so that nothing else changes.
    """
    engines: dict[str, Engine] = {}

    def engine_of(address: str, **options: Any) -> Engine:
        if address not in engines:
            engines[address] = create_engine(address, **options)
        return engines[address]

    for storage in _STORAGES:
        storage.create_engine = engine_of
    try:
        yield
    finally:
        for storage in _STORAGES:
            storage.create_engine = create_engine


@contextlib.contextmanager
def without_flushing_each_event() -> Iterator[None]:
    """Let SQLite write Dagster's events when it checkpoints, as long as the context lasts in this process.

    Dagster opens and closes its files for each event, and each time SQLite flushes them: beside other work on the disk
    that took half of the time of a run with 676 events (15 of 31 s, profiled in November 2026). In SQLite's write-ahead
    mode, which Dagster sets, `synchronous = normal` flushes at checkpoints only, and a file that somebody holds open is
    not checkpointed at each close. A power cut can lose the last events; the files stay sound. The record of the run
    that `icw status` shows is not among them.
    """
    held: dict[str, sqlite3.Connection] = {}

    def connected(connection: object, _record: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            # Of Postgres.
            return
        connection.execute("pragma synchronous = normal")
        (_, _, path) = connection.execute("pragma database_list").fetchone()
        # A new file is not in that mode yet, and one that is held before it is would be checkpointed all the same.
        if path and path not in held and connection.execute("pragma journal_mode").fetchone() == ("wal",):
            held[path] = sqlite3.connect(path, check_same_thread=False)
            # A connection holds the file from its first statement on.
            held[path].execute("select count(*) from sqlite_master").fetchall()

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)
        for connection in held.values():
            connection.close()
