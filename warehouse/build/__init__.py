"""Build the star: pick the loads, lay them out in a DuckDB file that belongs to this build alone, make its tables.

`project` keeps what dbt makes of the project itself (`dbt_run`), once for each state of it. `history` picks the earlier
releases that are evidence, `count_history` the counts of earlier loads. `layout` puts the landed files behind views,
`statements` and `model_process` make the tables as dbt compiled them, or `engines` lets Spark or Sail make them
from the same models. `profile` measures them, `failures` explains what went wrong, and `digests` says what decides
the tables.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from warehouse.build import statements
from warehouse.build.digests import DBT_PROJECT, input_digest
from warehouse.build.engines.building import local_options, run_on_engine
from warehouse.build.engines.inputs import hand_over
from warehouse.build.failures import Failed, build_failure, lack_of_room
from warehouse.build.history import NO_EVIDENCE, Evidence, LostRelease, evidence_for
from warehouse.build.layout import absent_datasets, lay_out
from warehouse.build.model_process import run_apart
from warehouse.build.profile import add_profile
from warehouse.build.project import DATABASE, PROFILE_TABLE, live_tables, project_with_empty_build, tables_read
from warehouse.build.statements import ModelResult, Statement, Target
from warehouse.errors import BuildFailed
from warehouse.files import write_atomically, writing_to
from warehouse.landing import Landing, Release
from warehouse.profiles.store import measure_lacking, profile_of
from warehouse.settings import BuildEngine, Settings
from warehouse.sql_text import quoted

__all__ = [
    "DBT_PROJECT",
    "PROFILE_TABLE",
    "Build",
    "Evidence",
    "ModelResult",
    "evidence_for",
    "input_digest",
    "model_seconds",
    "open_build",
    "prepare",
    "run_models",
    "run_models_apart",
]

# The file in a build's folder that says what it is made from.
_RECORD = "build.json"


@dataclass(frozen=True)
class Build:
    """One build: its folder, its DuckDB file, and what it was made from.

    `database` holds the schemas landed, staging, seeds and star; `models` are those that this build runs, by name;
    `input_digest` is a SHA-256 (hex) over the releases and the code, so that two builds with the same digest have the
    same tables. `evidence` is what it reads of the past, `engine` what runs the models.
    """

    folder: Path
    database: Path
    releases: tuple[Release, ...]
    models: tuple[str, ...]
    input_digest: str
    evidence: Evidence = NO_EVIDENCE
    engine: BuildEngine = "duckdb"

    @property
    def manifest(self) -> Path:
        """dbt's description of the project: models, columns, tests."""
        return self.folder / "manifest.json"

    @property
    def statements(self) -> Path:
        """How the table of each model is made."""
        return self.folder / "statements.json"

    @property
    def inputs(self) -> Path:
        """The folder of what another engine than DuckDB reads."""
        return self.folder / "inputs"

    @property
    def profiles(self) -> Path:
        """The folder with the profiles of the releases, `<source>.parquet`."""
        return self.folder / "profiles"

    @property
    def results(self) -> Path:
        """How each of the models ended, once they have run."""
        return self.folder / "results.json"


def prepare(
    home: Path,
    landing: Landing,
    releases: Sequence[Release],
    settings: Settings,
    evidence: Evidence = NO_EVIDENCE,
) -> Build:
    """Make the folder and the DuckDB file of a build: a copy of the build of nothing, with the landed data behind it.

    The tables that this build runs are taken out of it, so that one that does not come about is missing, not empty.
    Folders of earlier builds are removed: they are scratch, and only the holder of the refresh lock builds. The name
    of the folder is this process's own: a model process whose refresh was killed a moment ago writes into another.
    `evidence` is what to read of the past (`evidence_for`). A release that has no profile yet is profiled.

    Raises:
        IntegrityError: a landed object is not what was landed.
        BuildFailed: the dbt project cannot be parsed or built.
        StorageError: the home cannot be written.
    """
    landing.require_intact([*releases, *evidence.inputs])
    project = project_with_empty_build(settings)
    bounds = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    measure_lacking(home, landing, releases, **bounds)
    profiles = [profile_of(home, landing, release, **bounds) for release in releases]
    by_source = {release.source: release for release in releases}
    digest = input_digest(releases, evidence, settings.engine)
    # Another engine has no tables of a build of nothing.
    models = (
        live_tables(project, absent_datasets(landing, by_source, evidence))
        if settings.engine == "duckdb"
        else tuple(sorted(name for _, name in tables_read(project) if name != PROFILE_TABLE))
    )
    build = _build_in(
        home / "builds" / f"{digest[:16]}-{os.getpid()}",
        releases,
        models,
        digest,
        evidence,
        settings.engine,
    )
    with writing_to(build.folder):
        for folder in build.folder.parent.glob("*/"):
            shutil.rmtree(folder, ignore_errors=True)
        build.folder.mkdir(parents=True)
        shutil.copyfile(project.manifest, build.manifest)
        statements.write_statements(project.statements, build.statements)
        shutil.copyfile(project.empty_build, build.database)
        build.profiles.mkdir()
        for release, profile in zip(releases, profiles, strict=True):
            shutil.copyfile(profile, build.profiles / f"{release.source}.parquet")
        record = {
            "input_digest": build.input_digest,
            "models": list(build.models),
            "releases": [release.model_dump(mode="json") for release in releases],
            "earlier": [release.model_dump(mode="json") for release in evidence.releases],
            "counts": [release.model_dump(mode="json") for release in evidence.counts],
            "lost": [asdict(lost) for lost in evidence.lost],
            "engine": build.engine,
        }
        write_atomically(build.folder / _RECORD, json.dumps(record))
    try:
        with duckdb.connect(str(build.database)) as connection:
            lay_out(connection, landing, by_source, evidence)
            for schema, name in tables_read(project):
                if name in build.models:
                    connection.execute(f"drop table {quoted(schema)}.{quoted(name)}")
    except duckdb.Error as error:
        raise lack_of_room(build.folder, str(error)) or error from error
    if build.engine != "duckdb":
        hand_over(build.database, landing, releases, digest, build.inputs, copy=False)
    return build


def open_build(home: Path) -> Build:
    """Return the build that `prepare` laid out in this home.

    Raises:
        BuildFailed: there is none.
    """
    record = next(iter(sorted((home / "builds").glob(f"*/{_RECORD}"))), None)
    if record is None:
        raise BuildFailed(f"There is no build in {home / 'builds'}. Run `icw refresh`: it makes one.")
    content = json.loads(record.read_text(encoding="utf-8"))
    releases, earlier, counts = (
        tuple(Release.model_validate(entry) for entry in content[inputs])
        for inputs in ("releases", "earlier", "counts")
    )
    evidence = Evidence(earlier, counts, tuple(LostRelease(**lost) for lost in content["lost"]))
    return _build_in(record.parent, releases, content["models"], content["input_digest"], evidence, content["engine"])


def run_models(build: Build, settings: Settings) -> None:
    """Run the models of a build inside this process, profile their tables, and run those that read the profile.

    What their tests declare is judged by the audit.

    Raises:
        StorageError, BuildFailed: as `build_failure` says.
    """
    target = Target.of(build.database, settings)
    before, after = _statements(build)
    _profile(build, target, _run_here(build, before, target, []), after)


def run_models_apart(build: Build, settings: Settings) -> Iterator[ModelResult]:
    """Run the models of a build in a process of their own, as a refresh does; yields each table as it is made.

    After them come the profile of the others, and the tables that read that.

    Raises:
        StorageError, BuildFailed: as `build_failure` says.
    """
    target = Target.of(build.database, settings)
    before, after = _statements(build)
    results: list[ModelResult] = []
    yield from _finished(build, _made_apart(build, settings, before), results)
    if build.engine == "duckdb":
        yield from _profile(build, target, results, after)
    else:
        yield from _profile(build, target, results, [])
        yield from _finished(build, _made_apart(build, settings, after), results)


def _made_apart(build: Build, settings: Settings, chosen: Sequence[Statement]) -> Iterator[ModelResult]:
    """Run models in a process of their own, on the engine of the build; yields each as it ends."""
    target = Target.of(build.database, settings)
    if build.engine == "duckdb":
        return run_apart(chosen, target)
    shapes = project_with_empty_build(settings).empty_build
    cache = settings.project_cache
    return run_on_engine(build.engine, local_options(settings), chosen, build.inputs, target, shapes, cache)


def _finished(build: Build, made: Iterator[ModelResult], results: list[ModelResult]) -> Iterator[ModelResult]:
    """Add results to those before, keep them all, and stop the build if one is a failure; yields the others."""
    for result in made:
        results.append(result)
        if result.status == "success":
            yield result
    _finish(build, results)


def model_seconds(build: Build) -> float:
    """Return how long the models of this build took, in seconds."""
    results = statements.read_results(build.results)
    return max(result.began + result.seconds for result in results) - min(result.began for result in results)


def _statements(build: Build) -> tuple[list[Statement], list[Statement]]:
    """Return the statements of the models that this build runs, in their order: those before its profile, those after.

    Raises:
        BuildFailed: a model has none.
    """
    kept = {statement.name: statement for statement in statements.read_statements(build.statements)}
    unknown = sorted(set(build.models) - kept.keys())
    if unknown:
        raise BuildFailed(
            f"{build.statements} has no statement for {', '.join(unknown)}. Run the refresh again for a new build."
        )
    chosen = [statement for name, statement in kept.items() if name in build.models]
    after = [statement for statement in chosen if PROFILE_TABLE in statement.reads]
    return [statement for statement in chosen if statement not in after], after


def _run_here(
    build: Build, chosen: Sequence[Statement], target: Target, earlier: Sequence[ModelResult]
) -> list[ModelResult]:
    """Run statements inside this process, and keep how they ended with the `earlier` results; returns all."""
    try:
        results = [*earlier, *statements.run(chosen, target)]
    except duckdb.Error as error:
        raise build_failure(build.folder, error=str(error)) from error
    _finish(build, results)
    return results


def _finish(build: Build, results: Sequence[ModelResult]) -> None:
    """Keep the results, and stop the build if one of them is a failure."""
    with writing_to(build.results):
        statements.write_results(results, build.results)
    failed = [Failed(result.name, result.message) for result in results if result.status == "error"]
    if failed:
        raise build_failure(build.folder, failed, results=build.results)


def _profile(
    build: Build, target: Target, results: Sequence[ModelResult], after: Sequence[Statement]
) -> list[ModelResult]:
    """Fill the profile of a build whose models have run, and let DuckDB make the tables that read it; returns how."""
    try:
        profile = add_profile(target, build.manifest, build.releases, build.profiles)
    except duckdb.Error as error:
        raise build_failure(build.folder, error=str(error)) from error
    _finish(build, [*results, profile])
    return _run_here(build, after, target, [*results, profile])[len(results) :]


def _build_in(
    folder: Path,
    releases: Sequence[Release],
    models: Sequence[str],
    digest: str,
    evidence: Evidence,
    engine: BuildEngine,
) -> Build:
    return Build(
        folder=folder,
        database=folder / DATABASE,
        releases=tuple(releases),
        models=tuple(models),
        input_digest=digest,
        evidence=evidence,
        engine=engine,
    )
