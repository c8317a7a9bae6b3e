from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.s3_store import Place, S3Store, environment


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    with S3Store() as running:
        yield running


@pytest.fixture
def place(store: S3Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A bucket of its own, which this process has the keys of."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in environment(store, tmp_path).items():
        monkeypatch.setenv(name, value)
    bucket = store.new_bucket()
    return Place(store, bucket, f"s3://{bucket}/some/prefix")
