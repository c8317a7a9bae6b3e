"""The runs of the scale benchmark: each size multiplied once, then built by each engine in a process of its own."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from tests.bench.folder import BENCH
from tests.bench.measure import measured
from tests.bench.scale.kept import EngineName, Run, keep, kept_runs, state_of
from tests.bench.scale.watching import watched
from warehouse.build import open_build
from warehouse.engine_builds import RECORD, tables_built
from warehouse.engine_packages import engine_versions
from warehouse.landing import Landing
from warehouse.settings import Settings

ROOM = BENCH / "scale"

ENGINES: tuple[EngineName, ...] = ("duckdb", "spark")

MASTER = "local[2]"

MEMORY: Mapping[EngineName, str] = {"duckdb": "2GB", "spark": "4g"}
"""What an engine may hold before it spills: the default of ICW_MEMORY_LIMIT, and `spark.driver.memory`."""

OTHER_LIMITS: Sequence[tuple[EngineName, str]] = (("duckdb", "1GB"), ("duckdb", "1.5GB"), ("duckdb", "3GB"))
"""Other memory limits of DuckDB, at the largest size."""

MOST_SECONDS: Mapping[EngineName, float] = {"duckdb": 900.0, "spark": 3_600.0}
"""How long one run may take."""


def runs(version: str, sizes: Sequence[int]) -> Iterator[Run]:
    """Measure each engine on each size, or take what is kept of it; what one has made goes before the next begins.

    Where an engine did not end, it is not tried at the sizes that follow.

    Raises:
        UsageError: Spark cannot run here.
        SystemExit: a step before the engines failed, or the engines made tables with different numbers of rows.
    """
    kept = ROOM / "runs.json"
    states: dict[EngineName, str] = {
        "duckdb": state_of(version, duckdb.__version__),
        "spark": state_of(version, engine_versions("spark"), MASTER),
    }
    engines: list[EngineName] = list(ENGINES)
    for copies in sizes:
        wanted: list[tuple[EngineName, str]] = [(engine, MEMORY[engine]) for engine in engines]
        if copies == max(sizes) and "duckdb" in engines:
            wanted += OTHER_LIMITS
        found = {
            (run.engine, run.memory): run
            for run in kept_runs(kept)
            if run.copies == copies and run.state == states[run.engine]
        }
        lacking = [each for each in wanted if each not in found]
        if lacking:
            home, environment = _laid_out(version, copies)
            for engine, memory in lacking:
                found[engine, memory] = _run(engine, memory, states[engine], copies, home, environment)
                keep(kept, found[engine, memory])
            shutil.rmtree(home)
        of_size = [found[each] for each in wanted]
        _require_equal_rows(of_size)
        yield from of_size
        engines = [engine for engine in engines if found[engine, MEMORY[engine]].failure is None]


def _laid_out(version: str, copies: int) -> tuple[Path, dict[str, str]]:
    """Return a home with the multiplied release, its build and the inputs of engines, and the environment for it."""
    landed, home = ROOM / "landed", ROOM / f"copies-{copies}"
    for folder in (landed, home):
        shutil.rmtree(folder, ignore_errors=True)
    of_wheel = {"ICW_UPSTREAMS": '["idc"]', "ICW_IDC_CHANNELS": '["wheel"]', "ICW_IDC_VERSION": version}
    measured([sys.executable, "-m", "tests.bench.stages", "land"], {"ICW_HOME": str(landed), **of_wheel})
    environment = {"ICW_HOME": str(home), "ICW_THREADS": "2", "ICW_MEMORY_LIMIT": MEMORY["duckdb"]}
    measured([*_step("multiply"), landed, str(copies)], environment)
    measured(_step("hand_over_inputs"), environment)
    return home, environment


def _run(engine: EngineName, memory: str, state: str, copies: int, home: Path, environment: Mapping[str, str]) -> Run:
    (release,) = Landing(home).selected()
    index = release.load_of("idc_index")
    assert index is not None
    if not release.synthetic:
        raise SystemExit(f"The release in {home} is not marked synthetic.")
    day = datetime.now(UTC).date()
    build = open_build(home)
    if engine == "duckdb":
        # A build is made once: each run has one of its own, so that none finds tables of another.
        database = home / "build" / build.database.name
        database.parent.mkdir()
        shutil.copyfile(build.database, database)
        limit = {"ICW_MEMORY_LIMIT": memory}
        cost = watched(
            [*_step("duckdb"), database], {**environment, **limit}, [database.parent / "tmp"], MOST_SECONDS[engine]
        )
        rows = {} if cost.failure else _rows_of_file(database, tables_built(Settings(home=home)))
        made = database.stat().st_size
        shutil.rmtree(database.parent)
    else:
        output, scratch = home / "tables", home / "scratch"
        scratch.mkdir()
        conf = {"spark.driver.memory": memory, "spark.local.dir": str(scratch)}
        command = [*_step("spark"), MASTER, json.dumps(conf), output]
        cost = watched(command, environment, [scratch], MOST_SECONDS[engine])
        rows = {} if cost.failure else json.loads((output / RECORD).read_text(encoding="utf-8"))["rows"]
        made = sum(path.stat().st_size for path in output.rglob("*.parquet"))
        shutil.rmtree(output, ignore_errors=True)
        shutil.rmtree(scratch)
    return Run(
        state=state,
        engine=engine,
        memory=memory,
        copies=copies,
        series=index.rows,
        day=day,
        others_cpu_seconds=cost.others_cpu_seconds,
        seconds=cost.seconds,
        cpu_seconds=cost.cpu_seconds,
        peak_mb=cost.peak_bytes / 1e6,
        scratch_mb=cost.scratch_bytes / 1e6,
        landed_mb=sum(load.bytes for load in release.loads) / 1e6,
        table_mb=made / 1e6,
        rows=rows,
        failure=cost.failure,
    )


def _step(name: str) -> list[str | Path]:
    return [sys.executable, "-m", "tests.bench.scale.stages", name]


def _rows_of_file(database: Path, names: Sequence[str]) -> dict[str, int]:
    with duckdb.connect(str(database), read_only=True) as connection:
        schemas = dict(connection.execute("select table_name, schema_name from duckdb_tables()").fetchall())
        counted = {name: connection.sql(f'select count(*) from {schemas[name]}."{name}"').fetchall() for name in names}
    return {name: int(rows[0][0]) for name, rows in counted.items()}


def _require_equal_rows(found: Sequence[Run]) -> None:
    of_tables = [run.rows for run in found if run.failure is None]
    differing = sorted(
        name
        for name in {name for rows in of_tables for name in rows}
        if len({rows.get(name) for rows in of_tables}) > 1
    )
    if differing:
        raise SystemExit(f"The engines made other numbers of rows of {', '.join(differing)}.")
