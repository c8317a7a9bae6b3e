"""Build the star: pick the loads, lay them out for dbt in a DuckDB file that belongs to this build alone, run dbt.

The layout is one schema a source, `landed_<source>`: a view over the landed Parquet of every dataset of its contract,
with the columns and types of the contract whatever the release calls them. The table `landed.loads` says which loads
these are. A source or dataset that is absent is an empty view, so that the models above need no special case.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.build_failures import dbt_failure, lack_of_room
from warehouse.contracts import SOURCES, Column, ColumnType, Contract, Dataset, load_contract
from warehouse.errors import BuildFailed
from warehouse.landing import Landing, Load, Release, write_atomically, writing_to
from warehouse.settings import Settings
from warehouse.sql_text import literal, quoted

DBT_PROJECT = Path(__file__).resolve().parent.parent / "dbt"

# What decides the bytes of a published table besides the landed objects and the project's own code.
_ENGINES = ("duckdb", "dbt-core", "dbt-duckdb")
_DECIDING_ROOMS = ("contracts", "quality", "snapshots")
_DECIDING_MODULES = ("build.py", "dbt_manifest.py", "sql_text.py")

# Folders of the dbt project that no table comes from: what dbt writes, and questions to the published tables.
_DECIDING_NOTHING = frozenset({"target", "logs", "analyses"})

# The tests of dbt that only declare what the audit judges, as dbt selects them: the references of models, not of seeds.
NOT_RUN = "test_name:relationships,path:models"

# No parse of the project takes this long.
_PARSE_SECONDS = 600

# The file in a build's folder that says what it is made from.
_RECORD = "build.json"

_SQL_TYPES: Mapping[ColumnType, str] = {
    "string": "varchar",
    "integer": "bigint",
    "float": "double",
    "boolean": "boolean",
    "record": "json",
    "string[]": "varchar[]",
    "integer[]": "bigint[]",
    "float[]": "double[]",
    "record[]": "json",
}


@dataclass(frozen=True)
class Build:
    """One build: its folder, its DuckDB file, dbt's artifacts and what it was made from.

    `database` holds the schemas landed, staging, seeds and star; `input_digest` is a SHA-256 (hex) over the releases
    and the code, so that two builds with the same digest have the same tables.
    """

    folder: Path
    database: Path
    dbt_target: Path
    releases: tuple[Release, ...]
    input_digest: str

    @property
    def manifest(self) -> Path:
        """dbt's description of the project: models, columns, tests."""
        return self.dbt_target / "manifest.json"

    def dbt_variables(self, settings: Settings) -> dict[str, str]:
        """Return the variables that dbt's profile reads: where the database is and how much it may use."""
        return {
            "icw_database": str(self.database),
            "icw_temporary": str(self.folder / "tmp"),
            "icw_threads": str(settings.threads),
            "icw_memory_limit": settings.memory_limit,
        }


def input_digest(releases: Sequence[Release]) -> str:
    """Return the SHA-256 (hex) over everything that decides the tables: releases, code, dbt project and engines."""
    digest = hashlib.sha256(_code_digest().encode())
    for engine in _ENGINES:
        digest.update(f"{engine} {importlib.metadata.version(engine)}".encode())
    for release in sorted(releases, key=lambda entry: entry.source):
        digest.update(f"{release.source} {release.version} {release.channel} {release.digest}".encode())
    return digest.hexdigest()


def prepare(home: Path, landing: Landing, releases: Sequence[Release], settings: Settings) -> Build:
    """Make the folder and the DuckDB file of a build, with the landed data laid out in the schema `landed`.

    Folders of earlier builds are removed: they are scratch, and only the holder of the refresh lock builds.

    Raises:
        StorageError: the home cannot be written.
    """
    digest = input_digest(releases)
    folder = home / "builds" / digest[:16]
    with writing_to(folder):
        for earlier in folder.parent.glob("*/"):
            shutil.rmtree(earlier, ignore_errors=True)
        (folder / "tmp").mkdir(parents=True)
        record = {"input_digest": digest, "releases": [release.model_dump(mode="json") for release in releases]}
        write_atomically(folder / _RECORD, json.dumps(record))
    build = _build_in(folder, releases, digest)
    by_source = {release.source: release for release in releases}
    try:
        with duckdb.connect(str(build.database)) as connection:
            connection.execute("create schema landed")
            for source in SOURCES:
                _lay_out(connection, landing, load_contract(source), by_source.get(source))
            _write_loads(connection, by_source)
    except duckdb.Error as error:
        lacking = lack_of_room(folder, str(error))
        if lacking is not None:
            raise lacking from error
        raise
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
    releases = [Release.model_validate(entry) for entry in content["releases"]]
    return _build_in(record.parent, releases, content["input_digest"])


def run_dbt(build: Build, settings: Settings, parsed: Path | None = None) -> None:
    """Run seeds, models and tests of the dbt project inside this process.

    Args:
        build: the build, which `prepare` laid out.
        settings: what DuckDB may use.
        parsed: what `parse_project` returned, to save a parse (most of the time of a small build).

    Raises:
        AuditFailed, StorageError, BuildFailed: as `dbt_failure` says.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    manifest = None if parsed is None else Manifest.from_msgpack(parsed.with_name("partial_parse.msgpack").read_bytes())
    try:
        result = dbtRunner(manifest).invoke(
            [*dbt_arguments(build, settings), "--quiet", "--target-path", str(build.dbt_target)]
        )
    finally:
        # dbt-duckdb keeps the file open for the life of the process; nobody else could read it.
        DuckDBConnectionManager.close_all_connections()
    if not result.success:
        raise dbt_failure(build, result.exception)


def dbt_arguments(build: Build, settings: Settings) -> list[str]:
    """Return the arguments of the one dbt command that builds everything and tests all but the references.

    The audit judges every reference that the models' `relationships` tests declare, and names what is orphaned.
    """
    return [
        "build",
        "--exclude",
        NOT_RUN,
        "--project-dir",
        str(DBT_PROJECT),
        "--profiles-dir",
        str(DBT_PROJECT),
        "--log-path",
        str(build.folder / "logs"),
        "--vars",
        json.dumps(build.dbt_variables(settings)),
    ]


def dbt_steps(manifest: Path) -> int:
    """Return how many seeds, models and tests that command runs of a project with this manifest."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    not_run = sum(
        (node.get("test_metadata") or {}).get("name") == "relationships"
        and node["original_file_path"].startswith("models")
        for node in nodes
    )
    return len(nodes) - not_run


def parse_project(target: Path) -> Path:
    """Write dbt's manifest of the project into `target` unless this state of the project is there, and return its path.

    Raises:
        BuildFailed: the project cannot be parsed.
        StorageError: the home cannot be written.
    """
    folder = target / _folder_digest(DBT_PROJECT)[:16]
    if not (folder / "manifest.json").is_file():
        with writing_to(target):
            target.mkdir(parents=True, exist_ok=True)
            # Several processes may parse at once: each does so aside, and the first gives the folder its name.
            with tempfile.TemporaryDirectory(prefix=".", dir=target, ignore_cleanup_errors=True) as aside:
                _parse_into(Path(aside) / "parsed")
                try:
                    os.rename(Path(aside) / "parsed", folder)
                except OSError:
                    if not (folder / "manifest.json").is_file():
                        raise
            _remove_earlier(target, folder)
    return folder / "manifest.json"


def star_rows(build: Build) -> dict[str, int]:
    """Return the number of rows of every table of the built star, by name."""
    query = "select table_name from information_schema.tables where table_schema = 'star' order by table_name"
    with duckdb.connect(str(build.database), read_only=True) as connection:
        names = [str(name) for (name,) in connection.execute(query).fetchall()]
        return {
            name: int(connection.execute(f"select count(*) from star.{quoted(name)}").fetchall()[0][0])
            for name in names
        }


def model_seconds(build: Build) -> float:
    """Return how long the last dbt run of this build took, in seconds."""
    return float(json.loads((build.dbt_target / "run_results.json").read_text(encoding="utf-8"))["elapsed_time"])


def _remove_earlier(target: Path, kept: Path) -> None:
    """Remove what other states of the project left in `target`; a parse that may be under way is left alone."""
    for folder in target.iterdir():
        if folder != kept and time.time() - folder.stat().st_mtime > _PARSE_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _parse_into(folder: Path) -> None:
    from dbt.cli.main import dbtRunner

    places = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    result = dbtRunner().invoke(
        ["parse", "--quiet", *places, "--target-path", str(folder), "--log-path", str(folder / "logs")]
    )
    if isinstance(result.exception, OSError):
        raise result.exception
    if not result.success:
        raise BuildFailed(f"The dbt project cannot be parsed: {result.exception}")


def _build_in(folder: Path, releases: Sequence[Release], digest: str) -> Build:
    return Build(
        folder=folder,
        database=folder / "build.duckdb",
        dbt_target=folder / "dbt",
        releases=tuple(releases),
        input_digest=digest,
    )


def _lay_out(
    connection: duckdb.DuckDBPyConnection, landing: Landing, contract: Contract, release: Release | None
) -> None:
    schema = quoted(f"landed_{contract.source}")
    connection.execute(f"create schema {schema}")
    for name, dataset in contract.datasets.items():
        load = release.load_of(name) if release is not None else None
        entry = load.object_named(f"{name}.parquet") if load is not None else None
        if entry is None:
            columns = ", ".join(
                f"cast(null as {_SQL_TYPES[column.type]}) as {quoted(column.name)}" for column in dataset.columns
            )
            query = f"select {columns} where false"
        else:
            query = _landed_query(connection, dataset, landing.object_path(entry.sha256))
        connection.execute(f"create view {schema}.{quoted(name)} as {query}")


def _landed_query(connection: duckdb.DuckDBPyConnection, dataset: Dataset, path: Path) -> str:
    relation = f"read_parquet({literal(str(path))})"
    rows = connection.execute(f"describe select * from {relation}").fetchall()
    found = {str(row[0]).lower(): str(row[0]) for row in rows}
    columns = ", ".join(_landed_column(column, column.found_in(found)) for column in dataset.columns)
    return f"select {columns} from {relation}"


def _landed_column(column: Column, found: str | None) -> str:
    sql_type = _SQL_TYPES[column.type]
    if found is None:
        expression = f"cast(null as {sql_type})"
    elif column.type in ("record", "record[]"):
        # The fields of nested records change from release to release; JSON lets staging read them by name.
        expression = f"to_json({quoted(found)})"
    elif column.required:
        expression = f"cast({quoted(found)} as {sql_type})"
    else:
        # An optional column of another type has been reported as drift; it must not stop the build.
        expression = f"try_cast({quoted(found)} as {sql_type})"
    return f"{expression} as {quoted(column.name)}"


def _write_loads(connection: duckdb.DuckDBPyConnection, releases: Mapping[str, Release]) -> None:
    """List the loads of the build, and the datasets of a source without any, so that an empty table has its reason."""
    connection.execute(
        "create table landed.loads (source_id varchar, dataset varchar, upstream_version varchar, status varchar, "
        "channel varchar, row_count bigint, byte_count bigint, digest varchar, is_synthetic boolean)"
    )
    rows = [_load_row(load) for release in releases.values() for load in release.loads]
    rows += [
        (source, dataset, None, "no load", None, 0, 0, None, False)
        for source in SOURCES
        if source not in releases
        for dataset in load_contract(source).datasets
    ]
    connection.executemany(f"insert into landed.loads values ({', '.join('?' * len(rows[0]))})", rows)


def _load_row(load: Load) -> tuple[object, ...]:
    return (
        load.source,
        load.dataset,
        load.upstream_version,
        load.status,
        load.channel,
        load.rows,
        load.bytes,
        load.digest,
        load.synthetic,
    )


def _code_digest() -> str:
    """SHA-256 (hex) over the code that decides what a snapshot holds and how it is judged."""
    library = Path(__file__).resolve().parent
    digest = hashlib.sha256()
    for module in _DECIDING_MODULES:
        digest.update(hashlib.sha256((library / module).read_bytes()).digest())
    for folder in (DBT_PROJECT, *(library / room for room in _DECIDING_ROOMS)):
        digest.update(_folder_digest(folder).encode())
    return digest.hexdigest()


def _folder_digest(folder: Path) -> str:
    """SHA-256 (hex) over names and contents of the source files below a folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix in (".py", ".sql", ".yml", ".csv") and not _DECIDING_NOTHING & set(inside.parts):
            digest.update(str(inside).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
