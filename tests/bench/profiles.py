"""The cost of profiling one IDC release and the star of it, in CPU seconds beside plain DuckDB.

CPU seconds, because they hold on a machine that does something else besides. The release is that of `idc`
(ICW_BENCH_VERSION), landed from the package index. The time in service of a night is part of `idc` and `star`.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys

from rich.console import Console
from rich.table import Table

from tests.bench.folder import BENCH
from tests.bench.measure import Measurement, measured
from warehouse.build import open_build
from warehouse.build.statements import read_results

HOME = BENCH / "profiles"

LANDED, AGAIN, STAR = "what is landed, once for each release", "what is landed, profiled already", "the star"

# CPU seconds beside those of the floor, and MB, at most.
MOST_TIMES = {LANDED: 1.5, AGAIN: 0.3, STAR: 2.5}
MOST_MB = 2000


def run(console: Console) -> None:
    """Measure and print."""
    version = os.environ.get("ICW_BENCH_VERSION", "25.0.5")
    shutil.rmtree(HOME, ignore_errors=True)
    environment = {
        "ICW_HOME": str(HOME),
        "ICW_UPSTREAMS": json.dumps(["idc"]),
        "ICW_IDC_VERSION": version,
        "ICW_IDC_CHANNELS": json.dumps(["wheel"]),
    }
    console.print(f"Profiles: IDC {version}, Python {platform.python_version()}, {os.cpu_count()} cores")

    def stage(name: str) -> Measurement:
        return measured([sys.executable, "-m", "tests.bench.stages", name], environment)

    stage("land")
    landed, again = stage("profile"), stage("profile")
    stage("model")
    star = stage("profile_star")
    rows = next(result.rows for result in read_results(open_build(HOME).results) if result.name == "fct_profile")
    floor = measured([sys.executable, "-m", "tests.bench.star_floor", HOME, HOME / "floor"])
    show(console, {LANDED: landed, AGAIN: again, STAR: star}, floor, rows)


def show(console: Console, found: dict[str, Measurement], floor: Measurement, rows: int) -> None:
    """Print CPU seconds and peak memory of each part beside the floor; `rows` are those of fct_profile."""
    table = Table("each in a process of its own", show_edge=False)
    for heading in ("CPU seconds", "beside the floor", "at most", "peak MB", "at most"):
        table.add_column(heading, justify="right")
    for name, measurement in found.items():
        table.add_row(
            f"{name}: fct_profile, {rows:,} rows" if name == STAR else name,
            f"{measurement.cpu_seconds:.1f}",
            f"{measurement.cpu_seconds / floor.cpu_seconds:.1f} x",
            f"{MOST_TIMES[name]:.1f} x",
            f"{measurement.peak_mb:,.0f}",
            f"{MOST_MB:,}",
        )
    name = "floor: plain DuckDB reads what is landed and writes it once"
    table.add_row(name, f"{floor.cpu_seconds:.1f}", "1.0 x", "", f"{floor.peak_mb:,.0f}", "")
    console.print(table)
