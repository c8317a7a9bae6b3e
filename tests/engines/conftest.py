"""One engine a run: `make test-sail` and `make test-spark` set ICW_TEST_ENGINE. Elsewhere these tests are skipped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, cast

import pytest

from warehouse.build.engines.session import SessionOptions, open_session
from warehouse.engine_packages import Engine, engine_versions
from warehouse.errors import UsageError


@pytest.fixture(scope="session")
def engine() -> Engine:
    """The engine that is tested."""
    chosen = os.environ.get("ICW_TEST_ENGINE")
    if chosen is None:
        pytest.skip("no engine is chosen: make test-sail, make test-spark")
    engine = cast(Engine, chosen)
    try:
        engine_versions(engine)
    except UsageError as error:
        pytest.skip(str(error))
    return engine


@pytest.fixture(scope="session")
def session(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session of the engine, as a build has one."""
    conf = {"spark.sql.shuffle.partitions": "2", "spark.driver.memory": "1g"}
    opened = open_session(engine, SessionOptions("local[2]", conf), 2, tmp_path_factory.mktemp("session"))
    yield opened
    opened.stop()
