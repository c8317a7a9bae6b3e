"""A home in which `icw refresh` published two real IDC releases beside the sandbox's portals, the newest first.

Made once for a run of the tests, for all that ask published snapshots of real size; it takes minutes. The sandbox is
the one that the command starts by itself, at a hundredth of the size that the portals had in February 2026.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.icw import ICW
from tests.support.shared import made_once
from warehouse.landing import Landing, Release
from warehouse.sandbox.server import Sandbox
from warehouse.settings import Settings
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.sources import idc

NEWER, OLDER = "25.0.5", "23.5.0"

VERSIONS = (NEWER, OLDER)
"""In the order of their publishing: the first one finds no other landed, the other one finds 22.1.5 as evidence."""

LANDED = ("22.1.5", "24.2.2")
"""What is landed between the two and not published: of the releases before each of them, the one that is nearest."""

# The DuckDB file of the first one is dropped, as that of a snapshot that is not new, and made again for who reads it.
DATABASES_KEPT = len(VERSIONS) - 1


def command_for(version: str) -> tuple[str, ...]:
    """Return the arguments of `icw` with which a release was published."""
    return ("refresh", "--sources", "sandbox", "--idc", version)


def published_releases(factory: pytest.TempPathFactory) -> Path:
    """Return the home; its snapshots are those of the releases, in this order. Nobody writes into it."""

    def make(home: Path) -> None:
        settings = Settings(home=home, idc_channels=("wheel",))
        _refresh(home, NEWER)
        for version in LANDED:
            idc.land(idc.resolve(version, settings), Landing(home), settings)
        _refresh(home, OLDER)

    return made_once(factory, "published-releases", make)


def sandbox_of(home: Path) -> Sandbox:
    """Return the sandbox whose portals are published there, to be run."""
    of_home = Settings(home=home)
    landing, listed = release_of_hub(home)
    index = listed.load_of("idc_index")
    assert index is not None
    return Sandbox(
        home / "sandbox" / f"population-{of_home.sandbox_scale:g}",
        of_home.sandbox_scale,
        idc_release=landing.object_path(index.objects[0].sha256),
    )


def release_of_hub(home: Path) -> tuple[Landing, Release]:
    """Return the real release of IDC that the hub of that sandbox lists, and the sandbox's landing, which holds it."""
    landing = Landing(home / "sandbox")
    listed = landing.release("idc", Settings(home=home).sandbox_idc_version)
    assert listed is not None
    return landing, listed


def snapshot_of(home: Path, version: str) -> Snapshot:
    """Return the snapshot of a home that describes a release of IDC."""
    (found,) = (
        snapshot
        for snapshot in catalog.snapshots(home)
        if any((source.source, source.version) == ("idc", version) for source in snapshot.manifest.sources)
    )
    return found


def _refresh(home: Path, version: str) -> None:
    environment = os.environ | {
        "ICW_HOME": str(home),
        "ICW_IDC_CHANNELS": json.dumps(["wheel"]),
        "ICW_DATABASES_KEPT": str(DATABASES_KEPT),
    }
    command = [ICW, *command_for(version)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stderr
