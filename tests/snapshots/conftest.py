from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.s3_store import Place, S3Store, environment
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


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    with S3Store() as running:
        yield running


@pytest.fixture
def place(store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A bucket of its own, which this process has the keys of, and no others."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(store, tmp_path).items():
        monkeypatch.setenv(name, value)
    bucket = store.new_bucket()
    return Place(store, bucket, f"s3://{bucket}/imaging")
