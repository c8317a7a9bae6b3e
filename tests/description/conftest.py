from __future__ import annotations

import pytest

from tests.support.cited_snapshots import published
from warehouse.snapshots.catalog import Snapshot


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of real releases that tests read and never change."""
    return published(tmp_path_factory.mktemp("real"), synthetic_portal=False)


@pytest.fixture(scope="session")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of a real release of IDC and a simulated portal."""
    return published(tmp_path_factory.mktemp("synthetic"), synthetic_portal=True)


@pytest.fixture(params=["real", "synthetic"])
def either(request: pytest.FixtureRequest) -> Snapshot:
    """Each of the two."""
    return request.getfixturevalue(request.param)
