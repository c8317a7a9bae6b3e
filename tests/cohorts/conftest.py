from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.image_build import UUID, build_of_images
from tests.support.sample_build import PASSED
from warehouse.snapshots.publish import publish

CHANGES = (
    "delete from star.fct_series where series_key = 1",
    f"insert into star.fct_series by name select * replace (11 as series_key, {UUID.replace('i', '11')} as "
    "crdc_series_uuid, 11_000_000 as size_bytes) from star.fct_series where series_key = 10",
    # A revision with another size, another licence, a size stated otherwise, and a size without a version.
    "update star.fct_series set crdc_series_uuid = 'revised', size_bytes = 2_500_000 where series_key = 2",
    "update star.fct_series set license_id = 'CC-BY-NC-4.0' where series_key = 3",
    "update star.fct_series set size_bytes = 4_000_001 where series_key = 4",
    "update star.fct_series set size_bytes = 600 where series_key = 201",
    "update star.fct_file set md5 = repeat('cd', 16) where file_key = 1001",
)
"""What the second snapshot has otherwise."""


@pytest.fixture(scope="session")
def two_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two snapshots, the second one in service; tests only read it."""
    folder = tmp_path_factory.mktemp("cohorts")
    publish(build_of_images(folder / "build"), [PASSED], folder / "home", {})
    publish(build_of_images(folder / "build", version="24.2.2", changes=CHANGES), [PASSED], folder / "home", {})
    return folder / "home"


@pytest.fixture
def home(two_nights: Path, tmp_path: Path) -> Path:
    """A home with the same two snapshots, which a test may change."""
    shutil.copytree(two_nights, tmp_path / "home", symlinks=True)
    return tmp_path / "home"
