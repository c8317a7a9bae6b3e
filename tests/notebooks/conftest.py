from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.cited_snapshots import real, synthetic
from tests.support.sample_build import PASSED
from tests.support.shared import made_once
from tests.support.small_release import built_once
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish

__all__ = ["real", "synthetic"]


@pytest.fixture(scope="session")
def star(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of a small release with all tables of the star; nobody may change it."""

    def make(home: Path) -> None:
        publish(built_once(tmp_path_factory), [PASSED], home, {})

    return snapshot(made_once(tmp_path_factory, "small-snapshot", make), None)


@pytest.fixture
def home(real: Snapshot, tmp_path: Path) -> Path:
    """A home with the snapshot of real data, which a test may change."""
    shutil.copytree(real.folder.parent.parent, tmp_path / "home", symlinks=True)
    return tmp_path / "home"
