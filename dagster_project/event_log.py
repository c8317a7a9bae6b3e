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
from sqlalchemy.pool import QueuePool

# Dagster's modules that make an engine each time they open a file. Their name for the function is their own.
_STORAGES: tuple[Any, ...] = (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage)


class _Kept(QueuePool):
    """Connections that stay open when their engine is disposed of, which Dagster does after each statement."""

    def dispose(self) -> None:
        """Close nothing yet."""

    def recreate(self) -> _Kept:
        """Return this pool again, with its connections."""
        return self

    def close(self) -> None:
        """Close the connections that nobody uses."""
        super().dispose()


@contextlib.contextmanager
def with_connections_kept() -> Iterator[None]:
    """Let Dagster open each of its SQLite files once, and SQLite flush it at checkpoints, while the context lasts.

    Dagster makes an engine of SQLAlchemy and a connection for each of its statements, and closes them: a run with 885
    events made 3,598 engines, compiled 3,247 statements, and flushed its files for each event, for the last one to
    close a file checkpoints it (profiled in November 2026: beside other work on the disk half of the time of a run).
    In SQLite's write-ahead mode, which Dagster sets, `synchronous = normal` flushes at checkpoints only. A power cut
    can lose the last events; the files stay sound. The record of the run that `icw status` shows is not among them.
    """
    engines: dict[str, Engine] = {}

    def engine_of(address: str, **options: Any) -> Engine:
        if address not in engines:
            # A connection is used by one thread at a time, though not always by the one that has opened it.
            connecting = {**options.get("connect_args", {}), "check_same_thread": False}
            kept = {**options, "poolclass": _Kept, "connect_args": connecting}
            engines[address] = create_engine(address, **kept)
            event.listen(engines[address], "connect", _flush_at_checkpoints)
        return engines[address]

    for storage in _STORAGES:
        storage.create_engine = engine_of
    try:
        yield
    finally:
        for storage in _STORAGES:
            storage.create_engine = create_engine
        for engine in engines.values():
            assert isinstance(engine.pool, _Kept)
            engine.pool.close()


def _flush_at_checkpoints(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("pragma synchronous = normal")
