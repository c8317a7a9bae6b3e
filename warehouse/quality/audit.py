"""The way in: judge the landed releases before a build, and the built star before it is published.

Both functions only read. They return every verdict, passed or not; what follows from a failed one (`failed_errors`)
is the caller's decision. Figures for IDC 25.0.5 (1,044,191 series) on two cores are printed by `make bench`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb

from warehouse.contracts import Contract, load_contract
from warehouse.errors import BuildFailed, IntegrityError
from warehouse.landing import Landing, Load, Release
from warehouse.quality import conservation, measuring, suites
from warehouse.quality.dbt_manifest import StarDescription, read_star_description
from warehouse.quality.judging import Suite, judge
from warehouse.quality.null_limits import load_null_limits
from warehouse.quality.profiles import ColumnProfile, KeyProfile, LoadProfile
from warehouse.quality.values import value_rules
from warehouse.quality.verdicts import Verdict, failed_errors

if TYPE_CHECKING:
    from warehouse.build import Build

__all__ = ["audit_landed", "audit_star", "failed_errors"]


def audit_landed(
    releases: Sequence[Release],
    landing: Landing,
    *,
    contracts: Callable[[str], Contract] = load_contract,
    threads: int = 2,
    memory_limit: str = "1GB",
) -> list[Verdict]:
    """Judge landed releases against their contracts, keys and manifests.

    Args:
        releases: the releases that a build would read, at most one a source.
        landing: the store that holds their objects.
        contracts: how to find the contract of a source.
        threads: threads of DuckDB.
        memory_limit: memory limit of DuckDB, as DuckDB writes it; it spills to a temporary folder beyond.

    Raises:
        IntegrityError: a landed object is missing or is not readable Parquet.
    """
    judged: list[Suite] = []
    for release in releases:
        with TemporaryDirectory(prefix="icw-audit-") as spill, duckdb.connect(":memory:") as connection:
            _limit(connection, threads, memory_limit)
            connection.execute("set temp_directory = $1", [spill])
            judged += _landed_suites(connection, release, landing, contracts(release.source))
    return judge(judged)


def audit_star(build: Build, *, threads: int = 2, memory_limit: str = "1GB") -> list[Verdict]:
    """Judge the star of a finished build: keys, references, conservation, values and null rates.

    Args:
        build: the build; dbt has run and nobody holds its database open for writing.
        threads: threads of DuckDB.
        memory_limit: memory limit of DuckDB, as DuckDB writes it.

    Raises:
        BuildFailed: the build has no readable database, lacks a table, or dbt's manifest is missing.
    """
    star = read_star_description(build.dbt_target / "manifest.json")
    latest_year = max(release.fetched_at.year for release in build.releases)
    with _reading(build.database) as connection:
        _limit(connection, threads, memory_limit)
        measured = _star_suites(connection, star, latest_year)
    return judge(measured)


def _landed_suites(
    connection: duckdb.DuckDBPyConnection, release: Release, landing: Landing, contract: Contract
) -> list[Suite]:
    subject = f"{release.source} {release.version}"
    columns: list[ColumnProfile] = []
    keys: list[KeyProfile] = []
    loads: list[LoadProfile] = []
    for name, dataset in contract.datasets.items():
        load = release.load_of(name)
        file = _parquet_of(load, landing) if load is not None else None
        rows = 0
        if file is not None:
            relation = f"read_parquet('{str(file).replace(chr(39), chr(39) * 2)}')"
            try:
                found = measuring.column_types(connection, relation)
                columns += measuring.measure_columns(name, dataset, found)
                key = measuring.measure_landed_key(connection, relation, name, dataset, found)
            except duckdb.Error as error:
                raise IntegrityError(
                    f"The landed file of {subject} {name} ({file}) cannot be read as Parquet: "
                    f"{str(error).splitlines()[0]}. Remove it and run the refresh again: it is fetched anew."
                ) from error
            keys.append(key)
            rows = key.rows
        loads.append(
            LoadProfile(
                dataset=name,
                status=load.status if load is not None else "not recorded",
                indispensable=(release.source, name) in suites.INDISPENSABLE,
                version=load.upstream_version if load is not None else release.version,
                release_version=release.version,
                manifest_rows=load.rows if load is not None else 0,
                object_rows=rows,
                object_count=0 if file is None else 1,
            )
        )
    return [
        suites.landed_contract(subject, columns),
        suites.landed_keys(subject, keys),
        suites.landed_loads(subject, loads),
    ]


def _parquet_of(load: Load, landing: Landing) -> Path | None:
    """Return the file of a load's data; None when the load has none (its SQL and its schema are no data)."""
    entry = load.object_named(f"{load.dataset}.parquet")
    return None if entry is None else landing.object_path(entry.sha256)


def _star_suites(connection: duckdb.DuckDBPyConnection, star: StarDescription, latest_year: int) -> list[Suite]:
    built = {str(name) for (name,) in connection.execute(_STAR_TABLES).fetchall()}
    missing = sorted({table.name for table in star.tables} - built)
    if missing:
        raise BuildFailed(f"The build lacks the star tables {', '.join(missing)}, which dbt's manifest declares.")
    rules = value_rules(latest_year)
    return [
        suites.star_keys(measuring.measure_star_keys(connection, built, star.tables)),
        suites.star_references([measuring.measure_reference(connection, found) for found in star.references]),
        suites.conservation([measuring.measure_conservation(connection, rule) for rule in conservation.RULES]),
        suites.values([measuring.measure_values(connection, rule) for rule in rules], rules),
        suites.null_rates(measuring.measure_null_rates(connection, load_null_limits())),
    ]


_STAR_TABLES = "select table_name from information_schema.tables where table_schema = 'star'"


@contextmanager
def _reading(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a build's database for reading; whatever DuckDB cannot answer means that the build is not whole."""
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            yield connection
    except duckdb.Error as error:
        raise BuildFailed(
            f"The build {database} cannot be audited: {str(error).splitlines()[0]}. "
            "Remove the folder of the build and run the refresh again."
        ) from error


def _limit(connection: duckdb.DuckDBPyConnection, threads: int, memory_limit: str) -> None:
    connection.execute("set threads = $1", [threads])
    connection.execute("set memory_limit = $1", [memory_limit])
