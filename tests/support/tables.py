"""Row counts of the tables of a build."""

from __future__ import annotations

import duckdb

from warehouse.build import Build
from warehouse.sql_text import quoted


def star_rows(build: Build) -> dict[str, int]:
    """Return the number of rows of every table of the built star, by name."""
    query = "select table_name from information_schema.tables where table_schema = 'star' order by table_name"
    with duckdb.connect(str(build.database), read_only=True) as connection:
        names = [str(name) for (name,) in connection.execute(query).fetchall()]
        return {
            name: int(connection.execute(f"select count(*) from star.{quoted(name)}").fetchall()[0][0])
            for name in names
        }
