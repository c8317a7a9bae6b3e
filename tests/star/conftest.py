from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from warehouse.build import input_digest, model_seconds, open_build, prepare, run_dbt
from warehouse.landing import Landing
from warehouse.quality.audit import audit_landed, audit_star
from warehouse.quality.record import record_verdicts
from warehouse.refresh import existing_snapshot, publish_build
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.sources import idc

Published = Callable[[str], Snapshot]


@contextmanager
def rolled_back(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Undo what is done to a database while the context lasts, also where it fails: the next test reads the same."""
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("rollback")


@pytest.fixture(scope="session")
def real_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real") / "home"


@pytest.fixture(scope="session")
def published(real_home: Path, parsed_project: Path) -> Published:
    """Take a real IDC release from the package index to a snapshot of one home; once a session."""
    settings = Settings(home=real_home, idc_channels=("wheel",))
    return lambda version: publish_release(version, settings, parsed_project)


def publish_release(version: str, settings: Settings, parsed_project: Path) -> Snapshot:
    """Take a real IDC release to a snapshot, stage by stage, as the job does, unless the home has it already."""
    home = settings.home
    landing = Landing(home)
    release = idc.land(idc.resolve(version, settings), landing, settings)
    landing.select(release)
    releases = landing.selected()
    existing = existing_snapshot(home, releases)
    if existing is not None:
        return existing
    verdicts = audit_landed(releases, landing, threads=settings.threads, memory_limit=settings.memory_limit)
    record_verdicts(home, "landed", input_digest(releases), verdicts, 0.0)
    build = prepare(home, landing, releases, settings)
    run_dbt(build, settings, parsed_project)
    verdicts = audit_star(build, threads=settings.threads, memory_limit=settings.memory_limit)
    record_verdicts(home, "star", build.input_digest, verdicts, 0.0)
    assert model_seconds(build) > 0
    return snapshot(home, publish_build(home, open_build(home), settings).snapshot_id)
