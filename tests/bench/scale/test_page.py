"""The page says of each bound whether it holds, and of a run that did not end that it did not."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from tests.bench.scale.kept import EngineName, Run
from tests.bench.scale.page import findings, page
from tests.bench.scale.plot import drawn
from tests.bench.scale.running import MEMORY
from tests.bench.scale.watching import watched

# One second of a processor, however fast it is.
_WORK = "import time\nwhile time.process_time() < 1: pass"


def run(
    engine: EngineName,
    copies: int,
    cpu_seconds: float,
    failure: str | None = None,
    scratch_mb: float = 0,
    memory: str | None = None,
) -> Run:
    return Run(
        state="",
        engine=engine,
        memory=memory or MEMORY[engine],
        copies=copies,
        series=1_000_000 * copies,
        day=date(2026, 11, 30),
        others_cpu_seconds=0.1,
        seconds=cpu_seconds,
        cpu_seconds=cpu_seconds,
        peak_mb=1_900,
        scratch_mb=scratch_mb,
        landed_mb=80.0 * copies,
        table_mb=400.0 * copies,
        rows={"fct_series": 1} if failure is None else {},
        failure=failure,
    )


def test_a_bound_that_is_crossed_does_not_hold() -> None:
    linear = [run("duckdb", 1, 20), run("spark", 1, 100), run("duckdb", 3, 70, scratch_mb=500), run("spark", 3, 390)]
    said = "\n".join(findings(linear))
    assert "DuckDB: cost grows no faster than the data, up to 3 times: holds (at most 1.17 x" in said
    assert "Spark: cost grows no faster than the data, up to 3 times: does not hold (at most 1.30 x" in said
    assert "spills to the disk at 3 times, 500 MB at most" in said
    assert "the same number of rows in each of 1 tables, at 1 and 3 times" in said


def test_a_run_that_did_not_end_says_so_and_is_in_no_ratio() -> None:
    stopped = [
        run("duckdb", 1, 20),
        run("spark", 1, 100),
        run("duckdb", 3, 90, failure="out of room"),
        run("spark", 3, 200, failure="stopped after 900 s"),
        run("spark", 10, 900),
    ]
    text = page("25.0.5", stopped)
    assert "Spark at 3 times did not end: stopped after 900 s." in text
    assert "DuckDB was not measured at 10 times." in text
    assert "200, not ended" in text
    assert "at every size: does not hold" in text
    assert "DuckDB: cost grows" not in text
    assert "same number of rows in each of 1 tables, at 1 time." in text
    assert "synthetic" in text
    assert drawn(stopped) == drawn([*stopped[:2], stopped[-1]])


def test_the_limit_of_memory_that_matters_no_more_is_named() -> None:
    found = [
        run("duckdb", 1, 20),
        run("duckdb", 10, 210),
        run("duckdb", 10, 500, memory="1GB", scratch_mb=9_000),
        run("duckdb", 10, 208, memory="1.5GB"),
        run("duckdb", 10, 200, memory="10GB"),
    ]
    said = findings(found)
    assert "At 10 times, from 1.5GB on the limit of memory matters no more" in said[-1]
    assert "with 1GB it costs 2.50 x" in said[-1]
    assert "DuckDB: cost grows no faster than the data, up to 10 times: holds (at most 1.05 x" in "\n".join(said)
    # A limit that costs more than a smaller one: what lies below it is not enough.
    crossed = [*found[:2], run("duckdb", 10, 205, memory="1GB"), run("duckdb", 10, 150, memory="3GB")]
    assert "from 3GB on" in findings(crossed)[-1]
    assert "with 1GB it costs 1.37 x, with 2GB it costs 1.40 x" in findings(crossed)[-1]
    text = page("25.0.5", found)
    assert [line.split(" |")[0] for line in text.splitlines() if "GB |" in line] == [
        "| 1GB",
        "| 1.5GB",
        "| 2GB",
        "| 10GB",
    ]


def test_work_of_others_beside_a_run_is_told() -> None:
    with ThreadPoolExecutor() as pool:
        busy = pool.submit(subprocess.run, [sys.executable, "-c", _WORK], check=True)
        cost = watched([sys.executable, "-c", _WORK], {}, [], 60)
        busy.result()
    assert cost.failure is None
    # Clocks of processes have hundredths of a second; the last quarter of one of the watched process may be missing.
    assert 0.5 < cost.cpu_seconds <= 1.2
    assert cost.others_cpu_seconds > 0.3
