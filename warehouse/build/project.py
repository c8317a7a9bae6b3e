"""One state of the dbt project, made ready once: parsed by dbt, and built from nothing.

Both take dbt longer than the models of a small release, and both depend on the project alone. They are kept in a cache
that refreshes, Dagster and tests share, under the digest of all that decides them.

The build of nothing is a DuckDB file in which every dataset is absent: seeds, the views of staging and the empty tables
are in it. A build begins as a copy of it, puts the landed files behind the empty views, and makes those tables again
that have something to read (`live_tables`), with the statements that dbt made them with (`statements`).
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from warehouse.build import dbt_run
from warehouse.build.digests import project_digest
from warehouse.build.failures import lack_of_room
from warehouse.build.layout import lay_out_nothing
from warehouse.build.statements import Statement, Target, read_statements, write_statements
from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.engine_packages import Engine, engine_versions
from warehouse.errors import BuildFailed
from warehouse.files import sync_folder, writing_to
from warehouse.settings import Settings

log = logging.getLogger("icw.build")

# How many states of the project a cache keeps, and how long (seconds) one that is not among them stays after its use.
_STATES_KEPT = 4
_IN_USE_S = 600

# The name of a state: the beginning of the digest of the project.
_DIGITS = 16
_STATE = re.compile(rf"[0-9a-f]{{{_DIGITS}}}")

# The name of a build's database in dbt's manifest and in its views is that of the file: all builds have the same.
DATABASE = "build.duckdb"

# The file beside the build of nothing that holds the statements of its tables.
_STATEMENTS = "statements.json"

PROFILE_TABLE = "fct_profile"
"""The table that dbt declares and `profile` fills once the others are made; it is not measured itself."""

# A table by its schema and name, or a dataset by its source and name.
Table = tuple[str, str]

# The tests that dbt runs, once for each state of the project. Those of the models declare what the audit judges.
_TESTS_OF_MODELS = "test_type:generic,path:models"


@dataclass(frozen=True)
class Project:
    """A parsed state of the dbt project: the folder with what dbt and the first build made of it."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """dbt's description of the project: models, columns, tests."""
        return self.folder / "manifest.json"

    @property
    def parsed(self) -> Path:
        """The same in dbt's own form, from which it runs without a parse."""
        return self.folder / "partial_parse.msgpack"

    @property
    def empty_build(self) -> Path:
        """The DuckDB file of the build of nothing, if it was made (`project_with_empty_build`)."""
        return self.folder / "empty" / DATABASE

    @property
    def statements(self) -> tuple[Statement, ...]:
        """How dbt made each table in the build of nothing; each comes after those that it reads.

        Raises:
            BuildFailed: the cache is damaged.
        """
        with self._reading():
            return read_statements(self.empty_build.with_name(_STATEMENTS))

    @cached_property
    def models(self) -> dict[str, dict[str, Any]]:
        """The models of the manifest, by unique id."""
        return {name: node for name, node in self._content["nodes"].items() if node["resource_type"] == "model"}

    @cached_property
    def sources(self) -> dict[str, Table]:
        """The datasets that the project reads, by unique id."""
        return {name: (node["source_name"], node["name"]) for name, node in self._content["sources"].items()}

    @cached_property
    def _content(self) -> dict[str, Any]:
        with self._reading():
            return msgspec.json.decode(self.manifest.read_bytes())

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, TypeError) as error:
            raise BuildFailed(
                f"The cache of the dbt project in {self.folder} cannot be read ({type(error).__name__}: {error}). "
                "Remove that folder and run the command again: it is made anew."
            ) from error


def parsed_project(cache: Path) -> Project:
    """Return the project as dbt parses it, from the cache if this state of it is there.

    Raises:
        BuildFailed: the project cannot be parsed.
        StorageError: the cache cannot be written.
    """
    project = Project(cache / project_digest()[:_DIGITS])
    if not project.manifest.is_file():
        with _alone(cache):
            if not project.manifest.is_file():
                _parse(project.folder, "build")
                _remove_unused(cache, project)
    with contextlib.suppress(OSError):
        os.utime(project.folder)
    return project


def project_with_empty_build(settings: Settings) -> Project:
    """Return the parsed project with its build of nothing.

    Raises:
        BuildFailed: the project cannot be parsed or built.
        StorageError: the cache cannot be written.
    """
    cache = settings.project_cache
    project = parsed_project(cache)
    if not project.empty_build.is_file():
        with _alone(cache):
            if not project.empty_build.is_file():
                _build_nothing(project, settings)
    return project


def parsed_for_engine(cache: Path, engine: Engine) -> Path:
    """Return the project as dbt parses it for another engine than DuckDB, in dbt's own form, from the cache if it can.

    Raises:
        UsageError: the packages of the engine are not installed.
        BuildFailed: the project cannot be parsed.
        StorageError: the cache cannot be written.
    """
    project = parsed_project(cache)
    versions = "_".join(f"{name}-{version}" for name, version in engine_versions(engine).items())
    parsed = project.folder / versions / project.parsed.name
    if not parsed.is_file():
        with _alone(cache):
            if not parsed.is_file():
                _parse(parsed.parent, engine)
    return parsed


def tables_read(project: Project) -> dict[Table, set[Table]]:
    """Return, for each model that is a table, the tables and datasets that it reads, directly or through views.

    A table is `(schema, name)`, a dataset `(source, name)`. Each comes after those that it reads.
    """
    tables: dict[Table, set[Table]] = {}
    seen: dict[str, set[Table]] = {unique_id: {dataset} for unique_id, dataset in project.sources.items()}
    order = TopologicalSorter({name: node["depends_on"]["nodes"] for name, node in project.models.items()})
    for unique_id in order.static_order():
        model = project.models.get(unique_id)
        if model is None:
            continue
        # A seed is not seen: it is a part of the project.
        reads = set[Table]().union(*(seen.get(read, set()) for read in model["depends_on"]["nodes"]))
        table = (model["schema"], model["name"])
        if model["config"]["materialized"] == "table":
            tables[table] = reads
            seen[unique_id] = {table}
        else:
            seen[unique_id] = reads
    return tables


def live_tables(project: Project, absent: Collection[Table]) -> tuple[str, ...]:
    """Return the tables, by name, that read anything besides seeds and the `absent` datasets.

    The others are in the build of nothing already: it has them as dbt makes them of absent data. The profile is not
    among them, but what reads it is: every build has one.
    """
    there = {*project.sources.values(), (STAR_SCHEMA, PROFILE_TABLE)} - set(absent)
    live: set[Table] = set()
    for table, reads in tables_read(project).items():
        if reads & (there | live):
            live.add(table)
    return tuple(sorted(name for _, name in live))


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """Let one process at a time write to the cache; the others wait for what it makes."""
    with writing_to(cache):
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _parse(made: Path, target: str) -> None:
    log.info("Reading the dbt project, once for this state of it", extra={"event": "step"})
    with _aside(made) as folder:
        error = dbt_run.parse(folder, target)
        if isinstance(error, OSError):
            raise error
        if error is not None:
            raise BuildFailed(f"The dbt project cannot be parsed: {error}")


def _build_nothing(project: Project, settings: Settings) -> None:
    log.info("Making seeds, views and empty tables, once for this state of the dbt project", extra={"event": "step"})
    with _aside(project.empty_build.parent) as folder:
        database = folder / DATABASE
        try:
            with duckdb.connect(str(database)) as connection:
                lay_out_nothing(connection)
        except duckdb.Error as error:
            raise lack_of_room(folder, str(error)) or error from error
        with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent) as scratch:
            command = ("build", "--exclude", _TESTS_OF_MODELS)
            dbt_run.run(command, project.parsed, Target.of(database, settings), Path(scratch))
            write_statements(_statements_run(project, Path(scratch)), folder / _STATEMENTS)


def _statements_run(project: Project, scratch: Path) -> Iterator[Statement]:
    """Return the statement of each table as dbt kept it where it ran: one file a model, named as the model."""
    ids = {node["name"]: unique_id for unique_id, node in project.models.items()}
    kept = {path.stem: path for path in (scratch / "run").rglob("*.sql")}
    tables = tables_read(project)
    for (_, name), reads in tables.items():
        made = sorted(read for read in reads if read in tables)
        yield Statement(ids[name], kept[name].read_text(encoding="utf-8"), tuple(read for _, read in made))


@contextlib.contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """Let a folder be filled under another name: it exists whole or not at all."""
    with tempfile.TemporaryDirectory(prefix=".", dir=folder.parent, ignore_cleanup_errors=True) as aside:
        made = Path(aside) / folder.name
        made.mkdir()
        yield made
        # A name must not outlive the bytes that it stands for.
        for path in made.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        os.rename(made, folder)
        sync_folder(folder.parent)


def _is_a_state(folder: Path) -> bool:
    """Whether a folder of the cache was made here: the cache may be a folder that holds other things, too."""
    return _STATE.fullmatch(folder.name) is not None and (folder / "manifest.json").is_file()


def _remove_unused(cache: Path, kept: Project) -> None:
    """Remove the states of the project that were not used lately, all but a few."""
    states = [folder for folder in cache.iterdir() if _is_a_state(folder) and folder != kept.folder]
    for folder in sorted(states, key=lambda state: -state.stat().st_mtime)[_STATES_KEPT - 1 :]:
        if time.time() - folder.stat().st_mtime > _IN_USE_S:
            shutil.rmtree(folder, ignore_errors=True)
