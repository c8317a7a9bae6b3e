"""What the suite `star keys` measures, on small tables."""

from __future__ import annotations

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.dbt_manifest import DeclaredTable
from warehouse.quality.suites.star_keys import measure_star_keys


@given(rows=st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.sampled_from([1, 2, None])), max_size=12))
@settings(deadline=None, max_examples=50)
def test_keys_are_counted_as_a_plain_loop_counts_them(rows: list[tuple[str | None, int | None]]) -> None:
    with duckdb.connect() as connection:
        connection.execute("create schema star; create table star.t (a varchar, b bigint)")
        if rows:
            connection.executemany("insert into star.t values (?, ?)", rows)
        table = DeclaredTable("t", "Rows.", "one row", ("a", "b"), (), {})
        (profile,) = measure_star_keys(connection, ["t"], [table])
    whole = [row for row in rows if None not in row]
    assert (profile.rows, profile.null_keys) == (len(rows), len(rows) - len(whole))
    assert profile.duplicate_keys == len(whole) - len(set(whole))
