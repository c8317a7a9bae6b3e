"""How the threads of DuckDB are shared by queries that run at a time."""

from __future__ import annotations

import duckdb
import pytest

from warehouse.query_threads import queries_at_once


@pytest.mark.parametrize(("threads", "at_once", "each"), [(1, 1, 1), (2, 2, 1), (3, 2, 2), (8, 2, 7)])
def test_queries_that_run_at_a_time_share_the_threads_of_their_database(threads: int, at_once: int, each: int) -> None:
    with duckdb.connect(config={"threads": threads}) as connection, connection.cursor() as other:
        with queries_at_once(connection) as found:
            assert found == at_once
            # DuckDB counts the thread that asks; every further one comes on top, and no more work than was allowed.
            assert other.execute("select current_setting('threads')").fetchall() == [(each,)]
            assert each - 1 + found == threads
        assert other.execute("select current_setting('threads')").fetchall() == [(threads,)]
