from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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


@pytest.fixture(scope="session")
def real_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("real") / "home"


@pytest.fixture(scope="session")
def published(real_home: Path) -> Published:
    """Take a real IDC release from the package index to a snapshot, stage by stage, as the job does; once a session."""
    settings = Settings(home=real_home, idc_channels=("wheel",))
    landing = Landing(real_home)

    def publish(version: str) -> Snapshot:
        release = idc.land(idc.resolve(version, settings), landing, settings)
        landing.select(release)
        existing = existing_snapshot(real_home, landing.selected())
        if existing is not None:
            return existing
        releases = landing.selected()
        record_verdicts(real_home, "landed", input_digest(releases), audit_landed(releases, landing), 0.0)
        build = prepare(real_home, landing, releases, settings)
        run_dbt(build, settings)
        record_verdicts(real_home, "star", build.input_digest, audit_star(build), 0.0)
        assert model_seconds(build) > 0
        return snapshot(real_home, publish_build(real_home, open_build(real_home), settings).snapshot_id)

    return publish
