"""The cost of a refresh of one IDC release, beside the idc-index client and plain DuckDB.

Takes the release from the package index (ICW_BENCH_VERSION, 25.0.5 by default). The client is installed into an
environment of its own below .cache/environments/.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.folder import BENCH
from tests.bench.measure import Measurement, measured
from tests.bench.queries import ICW
from tests.support.environments import python_with
from warehouse.landing import Landing
from warehouse.snapshots import catalog

QUERIES = Path(__file__).with_name("queries.py")
STAGES = ("land", "project", "profile", "model", "audit", "publish")

# Seconds beside those of the floor, and seconds, at most.
MOST_TIMES = {"model": 2.5, "refresh": 6.0}
MOST_SECONDS = {"unchanged": 2.0, "sql": 0.4}


def run(console: Console) -> None:
    """Measure and print."""
    version = os.environ.get("ICW_BENCH_VERSION", "25.0.5")
    home, floor = BENCH / "home", BENCH / "floor"
    for folder in (home, floor, BENCH / "artifacts"):
        shutil.rmtree(folder, ignore_errors=True)
    environment = {
        "ICW_HOME": str(home),
        # Not the one that `make install` fills: what it costs to make is a stage of its own.
        "ICW_DBT_CACHE": str(home / "dbt"),
        "ICW_UPSTREAMS": json.dumps(["idc"]),
        "ICW_IDC_VERSION": version,
        "ICW_IDC_CHANNELS": json.dumps(["wheel"]),
    }
    console.print(f"IDC {version}, Python {platform.python_version()}, {os.cpu_count()} cores\n")

    stages = {name: measured([sys.executable, "-m", "tests.bench.stages", name], environment) for name in STAGES}
    artifacts = lay_out_artifacts(home, version)
    plain = measured([sys.executable, "-m", "tests.bench.floor", artifacts, floor])
    shutil.rmtree(home / "snapshots")
    (home / "current").unlink()
    icw = Path(sys.executable).with_name("icw")
    refresh = measured([icw, "refresh"], environment)
    unchanged = measured([icw, "refresh"], environment)
    show_stages(console, stages, refresh, unchanged, plain)
    show_bytes(console, home, artifacts, floor, version)

    peer = measured([python_with("idc-index"), QUERIES, "idc-index"])
    ours = measured([sys.executable, QUERIES, "icw"], environment | {"PYTHONPATH": os.getcwd()})
    command = measured([icw, "sql", ICW], environment)
    show_queries(console, peer, ours, command)


def lay_out_artifacts(home: Path, version: str) -> Path:
    """Link the landed Parquet files under their upstream names."""
    folder = BENCH / "artifacts"
    folder.mkdir(parents=True)
    landing = Landing(home)
    release = landing.release("idc", version)
    assert release is not None
    for load in release.loads:
        entry = load.object_named(f"{load.dataset}.parquet")
        if entry is not None:
            (folder / entry.name).symlink_to(landing.object_path(entry.sha256))
    return folder


def show_stages(
    console: Console,
    stages: dict[str, Measurement],
    refresh: Measurement,
    unchanged: Measurement,
    plain: Measurement,
) -> None:
    """Print seconds and peak memory of the stages, of the whole refresh and of the floor."""
    table = Table("stage, each in a process of its own", show_edge=False)
    for heading in ("seconds", "peak MB", "beside the floor", "at most"):
        table.add_column(heading, justify="right")
    times, seconds = {name: f"{most:.1f} x" for name, most in MOST_TIMES.items()}, f"{MOST_SECONDS['unchanged']:.1f} s"
    rows = [
        ("land", stages["land"], ""),
        ("dbt's project, parsed and built from nothing: once for each state of it", stages["project"], ""),
        ("profile of what is landed: once for each release", stages["profile"], ""),
        *((name, stages[name], times.get(name, "")) for name in ("model", "audit", "publish")),
        ("landed to published (model, audit, publish)", total([stages[name] for name in STAGES[3:]]), ""),
        ("icw refresh, release landed already (with Dagster)", refresh, times["refresh"]),
        ("icw refresh, nothing new", unchanged, seconds),
        ("floor: plain DuckDB reads the Parquet and writes it sorted, twice", plain, ""),
    ]
    for name, found, most in rows:
        ratio = f"{found.seconds / plain.seconds:.1f} x"
        table.add_row(name, f"{found.seconds:.1f}", f"{found.peak_mb:,.0f}", ratio, most)
    console.print(table)
    console.print()


def total(parts: list[Measurement]) -> Measurement:
    """Return the sum of the seconds and the largest peak."""
    return Measurement(sum(part.seconds for part in parts), max(part.peak_mb for part in parts), "")


def show_bytes(console: Console, home: Path, artifacts: Path, floor: Path, version: str) -> None:
    """Print the sizes on disk."""
    snapshot = catalog.snapshot(home, None)
    rows = {
        f"landed artifacts of {version}": sum(path.stat().st_size for path in artifacts.iterdir()),
        "snapshot: tables/*.parquet": sum(table.parquet_bytes for table in snapshot.manifest.tables),
        "snapshot: warehouse.duckdb": snapshot.database.stat().st_size,
        "floor: Parquet": sum(path.stat().st_size for path in floor.glob("*.parquet")),
        "floor: DuckDB": (floor / "floor.duckdb").stat().st_size,
    }
    table = Table("on disk", show_edge=False)
    table.add_column("MB", justify="right")
    for name, size in rows.items():
        table.add_row(name, f"{size / 1e6:,.0f}")
    console.print(table)
    console.print()


def show_queries(console: Console, peer: Measurement, ours: Measurement, command: Measurement) -> None:
    """Print the seconds to the answer: patients, series and GB by modality."""
    table = Table('"patients, series, GB by modality"', show_edge=False)
    for heading in ("idc-index client", "snapshot in Python", "icw sql"):
        table.add_column(heading, justify="right")
    theirs = [float(part) for part in peer.output.split()[-3:]]
    mine = [float(part) for part in ours.output.split()[-3:]]
    cold, mine_cold = theirs[0] + theirs[1], mine[0] + mine[1]
    table.add_row("import and open, s", f"{theirs[0]:.2f}", f"{mine[0]:.2f}", "")
    table.add_row("first query, s", f"{theirs[1]:.2f}", f"{mine[1]:.2f}", "")
    most = f"{command.seconds:.2f} (at most {MOST_SECONDS['sql']:.1f})"
    table.add_row("cold start to answer, s", f"{cold:.2f}", f"{mine_cold:.2f}", most)
    table.add_row("times sooner, cold", "1", f"{cold / mine_cold:.0f}", f"{cold / command.seconds:.0f}")
    table.add_row("repeated, s", f"{theirs[2]:.3f}", f"{mine[2]:.3f}", "")
    table.add_row("times sooner, repeated", "1", f"{theirs[2] / mine[2]:.0f}", "")
    table.add_row("peak MB", f"{peer.peak_mb:,.0f}", f"{ours.peak_mb:,.0f}", f"{command.peak_mb:,.0f}")
    console.print(table)
