from __future__ import annotations

from pathlib import Path

import pytest

from tests.site.planted_home import planted_home
from warehouse.snapshots.catalog import Snapshot, current


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two snapshots and their sites, which tests read and never change."""
    return planted_home(tmp_path_factory)


@pytest.fixture(scope="session")
def snapshot(home: Path) -> Snapshot:
    """The second of them, with what is planted."""
    found = current(home)
    assert found is not None
    return found
