"""Runs that are measured, kept as JSON: a benchmark of an hour that is interrupted goes on from them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from warehouse.build.digests import project_digest
from warehouse.files import write_atomically

EngineName = Literal["duckdb", "spark"]

NAMES: Mapping[EngineName, str] = {"duckdb": "DuckDB", "spark": "Spark"}


class Run(BaseModel):
    """One engine on one size, measured once on a day.

    Attributes:
        state: what the figures hold for: the release, the dbt project, the version of the engine and how it runs.
        engine: which engine.
        memory: the memory limit of the engine, as its setting has it.
        copies: how many times the public series.
        series: how many series that is.
        day: when it was measured.
        others_cpu_seconds: what all else on the machine took of its processors meanwhile.
        seconds: by the clock.
        cpu_seconds: user and system, of all processes.
        peak_mb: the most that they held in memory together.
        scratch_mb: the most that they held on the disk beside their tables.
        landed_mb: the Parquet files that were read.
        table_mb: what was made, as far as it came: DuckDB's file, or Spark's Parquet files.
        rows: rows of each table; none where the run failed.
        failure: why it did not end well; None where it did.
    """

    model_config = ConfigDict(frozen=True)

    state: str
    engine: EngineName
    memory: str
    copies: int
    series: int
    day: date
    others_cpu_seconds: float
    seconds: float
    cpu_seconds: float
    peak_mb: float
    scratch_mb: float
    landed_mb: float
    table_mb: float
    rows: Mapping[str, int]
    failure: str | None

    @property
    def cpu_seconds_a_million(self) -> float:
        """CPU seconds a million series."""
        return self.cpu_seconds / self.series * 1e6


_RUNS = TypeAdapter(list[Run])


def state_of(*parts: object) -> str:
    """Return a digest of what the figures of a run hold for, the dbt project among it."""
    return hashlib.sha256("\n".join(map(str, (project_digest(), *parts))).encode()).hexdigest()[:16]


def kept_runs(path: Path) -> list[Run]:
    """Return the runs that are kept."""
    return _RUNS.validate_json(path.read_bytes()) if path.is_file() else []


def keep(path: Path, run: Run) -> None:
    """Add a run to those that are kept."""
    write_atomically(path, _RUNS.dump_json([*kept_runs(path), run], indent=1).decode() + "\n")
