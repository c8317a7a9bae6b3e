from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sample_build import PASSED, WARNING, make_build
from warehouse.build import Build
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def build(tmp_path: Path) -> Build:
    return make_build(tmp_path / "build")


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """One snapshot that tests read and never change."""
    folder = tmp_path_factory.mktemp("published")
    publish(make_build(folder / "build"), [PASSED, WARNING], folder / "home", {"model": 1.5})
    return snapshot(folder / "home", "current")
