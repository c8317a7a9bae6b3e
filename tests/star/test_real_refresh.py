"""`icw refresh` against the real package index: the newest release, then an older one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from warehouse.snapshots import catalog

pytestmark = [pytest.mark.network, pytest.mark.full]

ICW = str(Path(sys.executable).with_name("icw"))


def test_an_older_release_after_a_newer_one(tmp_path: Path) -> None:
    environment = os.environ | {
        "ICW_HOME": str(tmp_path),
        "ICW_IDC_CHANNELS": json.dumps(["wheel"]),
        "ICW_UPSTREAMS": json.dumps(["idc"]),
    }
    for version in ("25.0.5", "24.2.2"):
        command = [ICW, "refresh", "--idc", version]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr
        (source,) = catalog.snapshot(tmp_path, None).manifest.sources
        assert (source.version, source.channel) == (version, "wheel")
    assert len(catalog.snapshots(tmp_path)) == 2
