from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.cited_snapshots import real, synthetic
from tests.support.small_release import published_once
from warehouse.snapshots.catalog import Snapshot

__all__ = ["real", "synthetic"]


@pytest.fixture(scope="session")
def star(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of a small release with all tables of the star; nobody may change it."""
    return published_once(tmp_path_factory)


@pytest.fixture
def home(real: Snapshot, tmp_path: Path) -> Path:
    """A home with the snapshot of real data, which a test may change."""
    shutil.copytree(real.folder.parent.parent, tmp_path / "home", symlinks=True)
    return tmp_path / "home"
