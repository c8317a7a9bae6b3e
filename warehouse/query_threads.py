"""How the threads that DuckDB may use are shared by queries that run at a time on one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_AT_ONCE = 2


@contextmanager
def queries_at_once(connection: DuckDBPyConnection) -> Iterator[int]:
    """Yield how many queries to run at a time on cursors of a connection; they share its threads while the block lasts.

    After an error they stay shared: the connection may be broken, and is at its end.

    Half of the queries that measure data are too short for DuckDB to spread over two cores, and most of the others end
    on one. Two of them on one thread each take 10 to 15 % less than two that share two threads beside the threads that
    ask (measured in November 2026, two cores).
    """
    ((threads,),) = connection.execute("select current_setting('threads')").fetchall()
    at_once = min(_AT_ONCE, int(threads))
    # DuckDB counts one thread that asks; each further one comes on top.
    connection.execute("set threads = $1", [threads - at_once + 1])
    yield at_once
    connection.execute("set threads = $1", [threads])
