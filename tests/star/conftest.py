from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.planted_sources import land_planted
from tests.support.shared import made_once
from warehouse.build import Build, input_digest, open_build, prepare, run_models
from warehouse.landing import Landing
from warehouse.quality.audit import audit_landed, audit_star
from warehouse.quality.record import record_verdicts, recorded_verdicts
from warehouse.quality.verdicts import Verdict
from warehouse.settings import Settings
from warehouse.sources import idc


@dataclass(frozen=True)
class JudgedBuild:
    """A build of a real release, with every verdict on it."""

    build: Build
    verdicts: list[Verdict]

    def read(self) -> duckdb.DuckDBPyConnection:
        """Open the star for reading."""
        connection = duckdb.connect(str(self.build.database), read_only=True)
        connection.execute("use star")
        return connection


Judged = Callable[[str], JudgedBuild]


@contextmanager
def rolled_back(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Undo what is done to a database while the context lasts, also where it fails: the next test reads the same."""
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("rollback")


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Take a real IDC release from the package index to an audited build; once a run of the tests.

    dbt and the publish of real releases are tested with the command (`test_real_refresh.py`).
    """

    def judge(version: str) -> JudgedBuild:
        home = made_once(tmp_path_factory, f"idc-{version}", lambda folder: build_release(version, folder))
        build = open_build(home)
        return JudgedBuild(build, recorded_verdicts(home, build.input_digest))

    return judge


def build_release(version: str, home: Path) -> None:
    """Land, audit, build and audit a real IDC release, stage by stage, as the job does."""
    settings = Settings(home=home, idc_channels=("wheel",))
    landing = Landing(home)
    release = idc.land(idc.resolve(version, settings), landing, settings)
    verdicts = audit_landed([release], landing, threads=settings.threads, memory_limit=settings.memory_limit)
    record_verdicts(home, "landed", input_digest([release]), verdicts, 0.0)
    build = prepare(home, landing, [release], settings)
    run_models(build, settings)
    verdicts = audit_star(build, threads=settings.threads, memory_limit=settings.memory_limit)
    record_verdicts(home, "star", build.input_digest, verdicts, 0.0)


@pytest.fixture(scope="session")
def conformed(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build of the three sources with dirty records in the portals; whoever spoils it copies it."""

    def make(home: Path) -> None:
        landing, releases = land_planted(home)
        run_models(prepare(home, landing, releases, Settings(home=home)), Settings(home=home))

    return open_build(made_once(tmp_path_factory, "conformed", make))


@pytest.fixture(scope="module")
def star(conformed: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    """The star of that build; a module about another one has a fixture of its own."""
    with duckdb.connect(str(conformed.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def rows(star: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return star.execute(query).fetchall()


def number(star: duckdb.DuckDBPyConnection, query: str) -> int:
    ((value,),) = rows(star, query)
    return int(value or 0)
