from __future__ import annotations

import pytest

from tests.support.planted_sources import published_once
from warehouse.metrics.joins import Star
from warehouse.metrics.model import SemanticModel, semantic_model
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.described import described_tables


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of the three sources with dirty records in the portals."""
    return published_once(tmp_path_factory)


@pytest.fixture(scope="session")
def model() -> SemanticModel:
    return semantic_model()


@pytest.fixture(scope="session")
def star(published: Snapshot, model: SemanticModel) -> Star:
    return Star(described_tables(published.manifest), model)
