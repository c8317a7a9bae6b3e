"""The page says of each bound whether it holds, and of a run that did not end that it did not."""

from __future__ import annotations

from datetime import date

from tests.bench.scale.kept import EngineName, Run
from tests.bench.scale.page import findings, page
from tests.bench.scale.plot import drawn


def run(engine: EngineName, copies: int, cpu_seconds: float, failure: str | None = None, scratch_mb: float = 0) -> Run:
    return Run(
        state="",
        engine=engine,
        copies=copies,
        series=1_000_000 * copies,
        day=date(2026, 11, 30),
        load_before=0.1,
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
