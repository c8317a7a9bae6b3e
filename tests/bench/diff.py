"""What comparing two real snapshots costs: IDC 23.5.0, 24.2.2 and 25.0.5, each with the one before.

The snapshots are published once into a home of the benchmarks, from the package index, and stay there for the next run.
"""

from __future__ import annotations

import itertools
import json
import os
import platform
import subprocess

from rich.console import Console
from rich.table import Table

from tests.bench.folder import BENCH
from tests.bench.measure import Measurement, measured
from tests.support.icw import ICW
from tests.support.published_releases import snapshot_of
from warehouse.snapshots import catalog

HOME = BENCH / "diff"

RELEASES = ("23.5.0", "24.2.2", "25.0.5")

# Of one comparison, without the file of lines.
MOST_SECONDS, MOST_MB = 30, 2000


def run(console: Console) -> None:
    """Measure and print."""
    environment = {
        "ICW_HOME": str(HOME),
        "ICW_UPSTREAMS": json.dumps(["idc"]),
        "ICW_IDC_CHANNELS": json.dumps(["wheel"]),
    }
    for version in RELEASES:
        _publish(version, environment)
    console.print(f"icw snapshots diff, Python {platform.python_version()}, {os.cpu_count()} cores")
    found: dict[str, Measurement] = {}
    for before, after in itertools.pairwise(RELEASES):
        command = [ICW, "snapshots", "diff", snapshot_of(HOME, before).id, snapshot_of(HOME, after).id]
        found[f"{before} -> {after}"] = measured(command, environment)
        lines = HOME.with_suffix(".parquet")
        found[f"{before} -> {after}, with --parquet"] = measured([*command, "--parquet", lines], environment)
        lines.unlink()
    show(console, found)


def show(console: Console, found: dict[str, Measurement]) -> None:
    """Print the cost of each comparison beside the limits."""
    table = Table(show_edge=False)
    table.add_column("each in a process of its own")
    for heading in ("seconds", "at most", "CPU seconds", "peak MB", "at most"):
        table.add_column(heading, justify="right")
    for name, measurement in found.items():
        table.add_row(
            name,
            f"{measurement.seconds:.1f}",
            "" if "--parquet" in name else str(MOST_SECONDS),
            f"{measurement.cpu_seconds:.1f}",
            f"{measurement.peak_mb:,.0f}",
            f"{MOST_MB:,}",
        )
    console.print(table)


def _publish(version: str, environment: dict[str, str]) -> None:
    versions = {source.version for snapshot in catalog.snapshots(HOME) for source in snapshot.manifest.sources}
    if version not in versions:
        command = [ICW, "refresh", "--sources", "live", "--idc", version]
        subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)
