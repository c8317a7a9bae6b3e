"""Copies of a build with faults planted in them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb

from warehouse.build import Build


def spoiled(build: Build, folder: Path, sql: str) -> Build:
    """Return a copy of a build, its database in `folder`, after SQL has spoiled it."""
    database = folder / "build.duckdb"
    shutil.copy(build.database, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(sql)
    return replace(build, database=database)
