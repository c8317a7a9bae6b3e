from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.sample_build import PASSED, make_build
from warehouse.settings import Settings, load_settings
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """One snapshot that tests read and never change."""
    folder = tmp_path_factory.mktemp("published")
    publish(make_build(folder / "build"), [PASSED], folder / "home", {})
    return snapshot(folder / "home", "current")


@pytest.fixture
def home(published: Snapshot, tmp_path: Path) -> Path:
    """A home with the same snapshot, which a test may change."""
    shutil.copytree(published.folder.parent.parent, tmp_path / "home", symlinks=True)
    return tmp_path / "home"


@pytest.fixture(scope="session")
def settings() -> Settings:
    """The settings of this process."""
    return load_settings()
