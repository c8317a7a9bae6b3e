"""The models of a build, run as the SQL that dbt compiled when it built nothing: the same tables, without dbt.

For tests of what the models and the audit make of data. That dbt makes these tables is tested in tests/build, and with
every whole refresh.
"""

from __future__ import annotations

import duckdb

from warehouse.build import Build
from warehouse.build.project import project_with_empty_build, tables_read
from warehouse.settings import Settings
from warehouse.sql_text import quoted


def run_compiled(build: Build, settings: Settings) -> None:
    """Make every table of a build that dbt would make, in an order in which each finds those that it reads."""
    project = project_with_empty_build(settings)
    compiled = {path.stem: path for path in (project.empty_build.parent / "scratch" / "compiled").rglob("*.sql")}
    bounds = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    with duckdb.connect(str(build.database), config=bounds) as connection:
        for schema, name in tables_read(project):
            if name in build.models:
                query = compiled[name].read_text(encoding="utf-8")
                connection.execute(f"create table {quoted(schema)}.{quoted(name)} as {query}")
