"""`icw refresh` against the real package index and both portals at a twentieth of their size: the newest release, then
an older one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests.support.shared import SEED, population_of
from tests.support.stores import assert_the_same_as_the_store
from warehouse.landing import Landing
from warehouse.sandbox.server import Sandbox
from warehouse.snapshots import catalog

pytestmark = [pytest.mark.network, pytest.mark.full]

ICW = str(Path(sys.executable).with_name("icw"))
SCALE = 0.05


def refresh(home: Path, version: str, sandbox: Sandbox) -> None:
    environment = os.environ | {
        "ICW_HOME": str(home),
        "ICW_IDC_CHANNELS": json.dumps(["wheel"]),
        "ICW_SANDBOX_URL": sandbox.root_url,
    }
    command = [ICW, "refresh", "--idc", version, "--sources", "sandbox"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
    sources = {source.source: source for source in catalog.snapshot(home, None).manifest.sources}
    assert (sources["idc"].version, sources["idc"].channel) == (version, "wheel")
    assert set(sources) == {"idc", "midrc", "bih"}


def test_what_the_portals_hold_is_published_beside_a_newer_and_an_older_release(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Sandbox(population_of(tmp_path_factory, SCALE), SCALE, SEED) as sandbox:
        refresh(tmp_path, "25.0.5", sandbox)
        landing = Landing(tmp_path)
        fields = 0
        for source, service in (("midrc", sandbox.portal), ("bih", sandbox.bih)):
            (release,) = landing.releases(source)
            fields += assert_the_same_as_the_store(service, landing, release)
        files = sandbox.portal.indices["data_file"].path
        with duckdb.connect(str(catalog.snapshot(tmp_path, None).database), read_only=True) as connection:
            published = """
                select
                    count(size_bytes), sum(size_bytes), any_value(typeof(size_bytes)),
                    count(slice_thickness_mm), round(sum(slice_thickness_mm), 3), any_value(typeof(slice_thickness_mm))
                from fct_file
            """
            told = f"""
                select
                    count(file_size), sum(file_size), 'BIGINT',
                    count(slice_thickness[1]), round(sum(slice_thickness[1]::decimal(18, 6)), 3), 'DECIMAL(18,6)'
                from read_parquet('{files}')
            """
            numbers = connection.execute(published).fetchall()
            assert numbers == connection.execute(told).fetchall()
            assert min(numbers[0][0], numbers[0][3]) > 1000
        print(numbers)
        print(f"{fields:,} fields of both portals are landed as the documents have them")
        refresh(tmp_path, "24.2.2", sandbox)
    assert len(catalog.snapshots(tmp_path)) == 2
