from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.quality.small_release import land
from tests.support.shared import made_once
from warehouse.build import Build, open_build, prepare, run_dbt
from warehouse.settings import Settings

Plant = Callable[[str], Build]


@pytest.fixture(scope="session")
def sound_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A real build, made by dbt, of a release without faults."""

    def make(home: Path) -> None:
        settings = Settings(home=home)
        landing, release = land(home)
        run_dbt(prepare(home, landing, [release], settings), settings)

    return open_build(made_once(tmp_path_factory, "sound-build", make))


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
