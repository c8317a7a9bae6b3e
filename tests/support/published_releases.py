"""A home in which `icw refresh` published two real IDC releases beside the sandbox's portals, the newer one first.

Made once for a run of the tests, for all that ask published snapshots of real size; it takes minutes.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.icw import ICW
from tests.support.shared import SEED, made_once, population_of
from warehouse.sandbox.server import Sandbox
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot

NEWER, OLDER = "25.0.5", "24.2.2"

# A twentieth of the portals' size of February 2026.
SCALE = 0.05


def published_releases(factory: pytest.TempPathFactory) -> Path:
    """Return the home; its snapshots are those of the two releases, in this order. Nobody writes into it."""
    population = population_of(factory, SCALE)

    def make(home: Path) -> None:
        with Sandbox(population, SCALE, SEED) as sandbox:
            for version in (NEWER, OLDER):
                _refresh(home, version, sandbox)

    return made_once(factory, "published-releases", make)


def snapshot_of(home: Path, version: str) -> Snapshot:
    """Return the snapshot of a home that describes a release of IDC."""
    (found,) = (
        snapshot
        for snapshot in catalog.snapshots(home)
        if any((source.source, source.version) == ("idc", version) for source in snapshot.manifest.sources)
    )
    return found


def _refresh(home: Path, version: str, sandbox: Sandbox) -> None:
    environment = os.environ | {
        "ICW_HOME": str(home),
        "ICW_IDC_CHANNELS": json.dumps(["wheel"]),
        "ICW_SANDBOX_URL": sandbox.root_url,
    }
    command = [ICW, "refresh", "--idc", version, "--sources", "sandbox"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
