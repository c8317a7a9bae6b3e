from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.quality.small_release import built_once
from warehouse.build import Build

Plant = Callable[[str], Build]


@pytest.fixture(scope="session")
def sound_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A real build, made by dbt, of a release without faults."""
    return built_once(tmp_path_factory)


def spoiled(build: Build, folder: Path, sql: str) -> Build:
    """Return a copy of a build, its database in `folder`, after SQL has spoiled it."""
    database = folder / "build.duckdb"
    shutil.copy(build.database, database)
    with duckdb.connect(str(database)) as connection:
        connection.execute(sql)
    return replace(build, database=database)


@pytest.fixture
def plant(sound_build: Build, tmp_path: Path) -> Plant:
    """Return a function that copies the sound build and spoils the copy with SQL."""

    return lambda sql: spoiled(sound_build, tmp_path, sql)
