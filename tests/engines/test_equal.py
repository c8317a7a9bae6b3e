"""The same tables on DuckDB and on another engine: of odd releases, of planted portals, of a refresh, of real data."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engines.odd_release import write_odd_release
from tests.support import small_release
from tests.support.equal_tables import differing
from tests.support.icw import ICW
from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Loopback
from tests.support.planted_sources import land_planted
from tests.support.small_bucket import Bucket, environment
from warehouse.build import PROFILE_TABLE, Build, prepare, run_models_apart
from warehouse.engine_packages import Engine
from warehouse.landing import Landing, Release
from warehouse.refresh import evidence
from warehouse.sandbox.running import with_sandbox
from warehouse.settings import Settings
from warehouse.snapshots.catalog import snapshot
from warehouse.snapshots.star import star_tables
from warehouse.upstreams import upstreams


def built(landing_of: Path, home: Path, releases: list[Release], engine: str) -> Build:
    """The build of landed releases on an engine, in a home of its own."""
    settings = Settings(home=home, engine=engine, memory_limit="3GB")  # type: ignore[arg-type]
    home.mkdir()
    shutil.copytree(landing_of / "landing", home / "landing", copy_function=os.link)
    build = prepare(home, Landing(home), releases, settings, evidence(home, releases))
    made = {result.name for result in run_models_apart(build, settings)}
    assert engine == "duckdb" or made - {PROFILE_TABLE} == set(build.models)
    return build


def require_equal(landed: Path, folder: Path, releases: list[Release], engine: Engine) -> None:
    ours, theirs = (built(landed, folder / name, releases, name) for name in ("duckdb", engine))
    tables = star_tables(ours.manifest)
    assert len(tables) > 90
    assert differing(ours.database, theirs.database, tables) == {}


def test_an_odd_release(engine: Engine, tmp_path: Path) -> None:
    """Every dataset of IDC, with nulls, blanks, repeated identifiers and numbers on the edge of rounding."""
    queries = write_odd_release(tmp_path, 60, 1)
    _, release = small_release.land(tmp_path / "landed", queries)
    require_equal(tmp_path / "landed", tmp_path, [release], engine)


def test_planted_portals(engine: Engine, tmp_path: Path) -> None:
    _, releases = land_planted(tmp_path / "landed")
    require_equal(tmp_path / "landed", tmp_path, releases, engine)


def test_a_refresh_publishes_the_same_tables(engine: Engine, tmp_path: Path) -> None:
    """The whole command: landed, built on the engine, audited, published; and again, with nothing new."""
    with Loopback() as server:
        bucket = Bucket(IdcUpstream(server))
        bucket.publish("24.2.2")
        for name in ("duckdb", engine):
            told = environment(bucket, tmp_path / name)
            subprocess.run([ICW, "refresh", "--engine", name], env=told, check=True)
        again = subprocess.run(
            [ICW, "refresh", "--engine", engine, "--json"], env=told, check=True, capture_output=True, text=True
        )
    ours, theirs = (snapshot(tmp_path / name, None).manifest for name in ("duckdb", engine))
    assert (ours.tables_digest, ours.logical_digest) == (theirs.tables_digest, theirs.logical_digest)
    assert (ours.engine, theirs.engine) == ("duckdb", engine)
    assert ours.input_digest != theirs.input_digest
    assert "pyspark" in theirs.dependencies
    assert '"outcome": "unchanged"' in again.stdout


@pytest.mark.network
def test_real_data(engine: Engine, tmp_path: Path) -> None:
    """IDC 25.0.5 as its wheels hold it, and the sandbox of the portals at a twentieth (synthetic)."""
    home = tmp_path / "landed"
    settings = Settings(home=home, idc_version="25.0.5", idc_channels=("wheel",), sources="sandbox", sandbox_scale=0.05)
    landing = Landing(home)
    with with_sandbox(settings) as reached:
        releases = [upstream.land(landing) for upstream in upstreams(reached)]
    require_equal(home, tmp_path, releases, engine)
