from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.small_release import built_once
from tests.support.spoiled_build import spoiled
from warehouse.build import Build

Plant = Callable[[str], Build]


@pytest.fixture(scope="session")
def sound_build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A real build, made by dbt, of a release without faults."""
    return built_once(tmp_path_factory)


@pytest.fixture
def plant(sound_build: Build, tmp_path: Path) -> Plant:
    """Return a function that copies the sound build and spoils the copy with SQL."""

    return lambda sql: spoiled(sound_build, tmp_path, sql)
