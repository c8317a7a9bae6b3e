"""The cost of the whole star: portals at scale 1.0 (synthetic), real IDC, and the analysts' questions on the result.

The records of the portals are landed from the sandbox's files, without HTTP, which `portals` measures.
IDC is release 23.5.0 of the package index (ICW_BENCH_STAR_VERSION); the hub lists the identifiers of 20.0.3. All is
kept below .bench/star and used again; remove it to begin anew.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

import duckdb
from rich.console import Console
from rich.table import Table

from tests.bench.folder import BENCH
from tests.bench.measure import Measurement, measured
from tests.support.population import land_population
from warehouse.build import Build, open_build
from warehouse.build.profile import PROFILE_TABLE
from warehouse.build.statements import read_results
from warehouse.documentation.analysts_page import FOLDER
from warehouse.landing import Landing
from warehouse.settings import Settings
from warehouse.snapshots import catalog, query
from warehouse.sources import idc

HOME = BENCH / "star"
STAGES = ("profile", "model", "audit_landed", "audit_star", "publish", "next_night")
KEPT = "builds.kept"
MOST_SECONDS, MOST_MB, MOST_SECONDS_A_QUESTION = 240, 6000, 1.0
MOST_JUDGING_SECONDS, MOST_JUDGING_MB = 60, 2000


@dataclass(frozen=True)
class Model:
    """A dbt model: its seconds, and the rows of its table."""

    name: str
    seconds: float
    rows: int


def run(console: Console) -> None:
    """Measure and print."""
    version = os.environ.get("ICW_BENCH_STAR_VERSION", "23.5.0")
    console.print(
        f"Star: IDC {version} and the portals at scale 1.0 (synthetic), Python {platform.python_version()}, "
        f"{os.cpu_count()} cores"
    )
    # What is measured starts with the peak memory of this process, which therefore must stay small.
    subprocess.run([sys.executable, "-m", "tests.bench.star", version], check=True)
    for folder in ("builds", KEPT, "snapshots", "profiles", "verdicts", "floor"):
        shutil.rmtree(HOME / folder, ignore_errors=True)
    environment = {"ICW_HOME": str(HOME), "ICW_SOURCES": "sandbox"}
    measured([sys.executable, "-m", "tests.bench.stages", "project"], environment)
    stages: dict[str, Measurement] = {}
    models: list[Model] = []
    for name in STAGES:
        # The publish removes the build, of which the star is audited once more.
        if name == "publish":
            shutil.copytree(HOME / "builds", HOME / KEPT, copy_function=os.link)
        if name == "next_night":
            shutil.copytree(HOME / KEPT, HOME / "builds", copy_function=os.link)
            measured([sys.executable, "-m", "tests.bench.stages", "land_next_night"], environment)
        stages[name] = measured([sys.executable, "-m", "tests.bench.stages", name], environment)
        if name == "model":
            models = read_models(open_build(HOME))
    floor = measured([sys.executable, "-m", "tests.bench.star_floor", HOME, HOME / "floor"])
    show_stages(console, stages, floor)
    show_judging(console, stages, models)
    show_suites(console)
    show_models(console, models)
    show_questions(console)


def land(version: str) -> None:
    """Land IDC and the whole population, once."""
    landing = Landing(HOME)
    wanted = {"idc": version, "midrc": "whole", "bih": "whole"}
    landed = [release for source in wanted for release in landing.releases(source)]
    found = [release for release in landed if release.version == wanted[release.source]]
    if len(found) == len(wanted):
        for release in found:
            landing.select(release)
        return
    settings = Settings(home=HOME, idc_channels=("wheel",))
    older, release = (idc.land(idc.resolve(name, settings), landing, settings) for name in ("20.0.3", version))
    load = older.load_of("idc_index")
    assert load is not None
    identifiers = landing.object_path(load.objects[0].sha256)
    for chosen in (release, *land_population(HOME / "population", landing, identifiers)):
        landing.select(chosen)


def show_stages(console: Console, stages: dict[str, Measurement], floor: Measurement) -> None:
    """Print seconds and peak memory of the stages beside the floor."""
    table = Table("stage, each in a process of its own", show_edge=False)
    for heading in ("seconds", "at most", "peak MB", "at most", "beside the floor"):
        table.add_column(heading, justify="right")
    limits = {"model": (f"{MOST_SECONDS}", f"{MOST_MB:,}")}
    for name, found in {**stages, "floor: plain DuckDB reads what is landed and writes it once": floor}.items():
        seconds, peak = limits.get(name, ("", ""))
        ratio = f"{found.seconds / floor.seconds:.1f} x"
        table.add_row(name, f"{found.seconds:.1f}", seconds, f"{found.peak_mb:,.0f}", peak, ratio)
    console.print(table)
    console.print()


def show_judging(console: Console, stages: dict[str, Measurement], models: list[Model]) -> None:
    """Print what profiling and auditing costs on a night on which both portals have sent something else."""
    profiled = sum(model.seconds for model in models if model.name == PROFILE_TABLE)
    night = stages["next_night"]
    console.print(
        f"Profiling and auditing a night: {night.seconds + profiled:.1f} s (at most {MOST_JUDGING_SECONDS}),"
        f" {night.peak_mb:,.0f} MB (at most {MOST_JUDGING_MB:,}): {night.seconds:.1f} s what both portals have sent"
        f" and the suites of the star, {profiled:.1f} s the profile of the star.\n"
    )


def show_suites(console: Console) -> None:
    """Print the seconds of each suite, of all sources together, the slowest first: two run at a time.

    Those over landed data are of the night after the first.
    """
    seconds: dict[str, float] = {}
    for name in ("suites_landed.json", "suites_star.json"):
        seconds |= json.loads((HOME / name).read_text(encoding="utf-8"))
    table = Table(f"{len(seconds)} suites, two at a time", show_edge=False)
    table.add_column("seconds", justify="right")
    for suite, took in sorted(seconds.items(), key=lambda entry: -entry[1]):
        table.add_row(suite, f"{took:.1f}")
    console.print(table)
    console.print()


def read_models(build: Build) -> list[Model]:
    """Read the seconds of each model of a build."""
    return [Model(node.name, node.seconds, node.rows) for node in read_results(build.results)]


def show_models(console: Console, models: list[Model]) -> None:
    """Print every model with its seconds and rows, the slowest first, and their sum."""
    table = Table(f"{len(models)} models", show_edge=False)
    table.add_column("seconds", justify="right")
    table.add_column("rows", justify="right")
    for entry in sorted(models, key=lambda entry: -entry.seconds):
        table.add_row(entry.name, f"{entry.seconds:.1f}", f"{entry.rows:,}" if entry.rows else "")
    seconds, rows = sum(entry.seconds for entry in models), sum(entry.rows for entry in models)
    table.add_row("all models, added up", f"{seconds:.1f}", f"{rows:,}")
    console.print(table)
    console.print()


def show_questions(console: Console) -> None:
    """Print the seconds of each question of the analysts' page: the first run, and the best of the repeats."""
    snapshot = catalog.snapshot(HOME, None)
    table = Table(f"question (at most {MOST_SECONDS_A_QUESTION:.0f} s each)", show_edge=False)
    for heading in ("first, s", "again, s", "rows"):
        table.add_column(heading, justify="right")
    for path in sorted(FOLDER.glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        with query.connect(snapshot) as connection:
            answers = [timed(connection, sql) for _ in range(4)]
        (first, rows), *again = answers
        table.add_row(path.stem, f"{first:.2f}", f"{min(seconds for seconds, _ in again):.2f}", f"{rows}")
    console.print(table)


def timed(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[float, int]:
    """Return the seconds that a query takes and the rows of its answer."""
    started = time.perf_counter()
    rows = len(connection.execute(sql).fetchall())
    return time.perf_counter() - started, rows


if __name__ == "__main__":
    land(sys.argv[1])
