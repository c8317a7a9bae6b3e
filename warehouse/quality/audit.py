"""The way in: judge the landed releases before a build, and the built star before it is published.

Both functions only read. They return every verdict, passed or not; what follows from a failed one (`failed_errors`)
is the caller's decision. Figures for IDC 25.0.5 (1,044,191 series) on two cores are printed by `make bench`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from warehouse.contracts import Contract, load_contract
from warehouse.dbt_manifest import StarDescription, read_star_description
from warehouse.errors import BuildFailed, IntegrityError, StorageError
from warehouse.landing import Landing, Load, Release
from warehouse.quality import measuring, suites
from warehouse.quality.engine import Suite, judge
from warehouse.quality.gaps import KnownGaps, measure_gaps
from warehouse.quality.profiles import ColumnProfile, KeyProfile, LoadProfile
from warehouse.quality.reported import measure_histograms
from warehouse.quality.rules.idc import RULES
from warehouse.quality.rules.idc_values import value_rules
from warehouse.quality.rules.null_limits import load_null_limits
from warehouse.quality.verdicts import Verdict, failed_errors

if TYPE_CHECKING:
    from warehouse.build import Build

__all__ = ["audit_landed", "audit_star", "failed_errors"]

NOTHING_KNOWN = KnownGaps()


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
        StorageError: the memory limit is too low, or the temporary folder cannot take what does not fit.
    """
    judged: list[Suite] = []
    for release in releases:
        with TemporaryDirectory(prefix="icw-audit-") as spill, duckdb.connect(":memory:") as connection:
            bounds = _Bounds(threads, memory_limit, spill)
            bounds.set_on(connection)
            judged += _landed_suites(connection, release, landing, contracts(release.source), bounds)
    return judge(judged)


def audit_star(
    build: Build, known: KnownGaps = NOTHING_KNOWN, *, threads: int = 2, memory_limit: str = "1GB"
) -> list[Verdict]:
    """Judge the star of a finished build.

    That is: keys, references, declared columns, conservation, values, null rates, mappings, reported figures, and gaps.

    Args:
        build: the build; dbt has run and nobody holds its database open for writing.
        known: the gaps of the snapshot in service, and those that a person has accepted.
        threads: threads of DuckDB.
        memory_limit: memory limit of DuckDB, as DuckDB writes it.

    Raises:
        BuildFailed: the build has no readable database, lacks a table, or dbt's manifest is missing.
        StorageError: the memory limit is too low, or there is no room beside the build for what does not fit.
    """
    star = read_star_description(build.manifest)
    latest = max(release.fetched_at for release in build.releases).date()
    # DuckDB's own choice for what does not fit: beside the file.
    bounds = _Bounds(threads, memory_limit, f"{build.database}.tmp")
    with _reading(build.database, bounds) as connection:
        measured = _star_suites(connection, star, latest, known)
    return judge(measured)


@dataclass(frozen=True)
class _Bounds:
    """What DuckDB may use in an audit: threads, memory (as DuckDB writes it), and the folder that it spills to."""

    threads: int
    memory_limit: str
    spill: str

    def set_on(self, connection: duckdb.DuckDBPyConnection) -> None:
        connection.execute("set temp_directory = $1", [self.spill])
        connection.execute("set threads = $1", [self.threads])
        connection.execute("set memory_limit = $1", [self.memory_limit])

    def hit_by(self, error: duckdb.Error) -> StorageError | None:
        """Return what to say where these bounds caused an error of DuckDB, and None where something else did."""
        words, _, _ = str(error).partition("\n")
        if self.spill in words or words.startswith("Out of Memory Error: failed to offload"):
            return StorageError(
                f"The audit needs more memory than DuckDB may use, and could not spill to {self.spill} ({words}). "
                f"Free some disk space there, or raise ICW_MEMORY_LIMIT (now {self.memory_limit}), then run the "
                "command again."
            )
        if isinstance(error, duckdb.OutOfMemoryException):
            return StorageError(
                f"The audit needs more memory than DuckDB may use ({words}): raise ICW_MEMORY_LIMIT "
                f"(now {self.memory_limit}), then run the command again."
            )
        return None


def _landed_suites(
    connection: duckdb.DuckDBPyConnection, release: Release, landing: Landing, contract: Contract, bounds: _Bounds
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
            try:
                measured, key = measuring.measure_columns(connection, file, name, dataset)
            except (duckdb.Error, pa.ArrowException, OSError) as error:
                within = bounds.hit_by(error) if isinstance(error, duckdb.Error) else None
                raise within or IntegrityError(
                    f"The landed file of {subject} {name} ({file}) cannot be read as Parquet: "
                    f"{str(error).splitlines()[0]}. Remove it and run the refresh again: it is fetched anew."
                ) from error
            columns += measured
            keys.append(key)
            rows = key.rows
        loads.append(_load_profile(release, contract, name, rows, 0 if file is None else 1))
    loads += [
        _load_profile(release, contract, load.dataset, load.rows, len(load.objects))
        for load in release.loads
        if load.dataset not in contract.datasets
    ]
    return [
        suites.landed_contract(subject, columns),
        suites.landed_keys(subject, keys),
        suites.landed_loads(subject, loads),
    ]


def _load_profile(release: Release, contract: Contract, name: str, rows: int, object_count: int) -> LoadProfile:
    load = release.load_of(name)
    version = load.upstream_version if load is not None else release.version
    known = name in contract.datasets
    return LoadProfile(
        dataset=name,
        status="not recorded" if load is None else load.status if known else "unknown",
        reason=str(load.proof.get("absent_because", "")) if load is not None else "",
        is_record_type=known and not contract.one_version,
        indispensable=(release.source, name) in suites.INDISPENSABLE,
        version=version,
        release_version=release.version if contract.one_version else version,
        manifest_rows=load.rows if load is not None else 0,
        object_rows=rows,
        object_count=object_count,
    )


def _parquet_of(load: Load, landing: Landing) -> Path | None:
    """Return the file of a load's data; None when the load has none (its SQL and its schema are no data)."""
    entry = load.object_named(f"{load.dataset}.parquet")
    return None if entry is None else landing.object_path(entry.sha256)


def _star_suites(
    connection: duckdb.DuckDBPyConnection, star: StarDescription, latest: date, known: KnownGaps
) -> list[Suite]:
    built = {str(name) for (name,) in connection.execute(_STAR_TABLES).fetchall()}
    missing = sorted({table.name for table in star.tables} - built)
    if missing:
        raise BuildFailed(f"The build lacks the star tables {', '.join(missing)}, which dbt's manifest declares.")
    rules = value_rules(latest.year)
    return [
        suites.star_keys(measuring.measure_star_keys(connection, built, star.tables)),
        suites.star_references([measuring.measure_reference(connection, found) for found in star.references]),
        suites.star_columns(measuring.measure_column_rules(connection, star)),
        suites.conservation([measuring.measure_conservation(connection, rule) for rule in RULES]),
        suites.values([measuring.measure_values(connection, rule) for rule in rules], rules),
        suites.null_rates(measuring.measure_null_rates(connection, load_null_limits())),
        suites.mappings(measuring.measure_mappings(connection)),
        suites.reported(measure_histograms(connection)),
        suites.gaps(measure_gaps(connection, known, latest)),
    ]


_STAR_TABLES = "select table_name from information_schema.tables where table_schema = 'star'"


@contextmanager
def _reading(database: Path, bounds: _Bounds) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a build's database for reading; what DuckDB cannot answer within its bounds means that it is not whole."""
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            bounds.set_on(connection)
            yield connection
    except duckdb.Error as error:
        raise bounds.hit_by(error) or BuildFailed(
            f"The build {database} cannot be audited: {str(error).splitlines()[0]}. "
            "Remove the folder of the build and run the refresh again."
        ) from error
