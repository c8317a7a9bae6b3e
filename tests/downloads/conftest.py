from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.image_build import build_of_images
from tests.support.sample_build import PASSED
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.publish import publish


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("downloads")
    publish(build_of_images(folder / "build"), [PASSED], folder / "home", {})
    return catalog.snapshot(folder / "home", None)


@pytest.fixture
def of_before_identifiers(tmp_path: Path) -> Snapshot:
    """A snapshot of before the star had identifiers of the Data Repository Service."""
    publish(build_of_images(tmp_path / "build", without="drs_uri"), [PASSED], tmp_path / "home", {})
    return catalog.snapshot(tmp_path / "home", None)
