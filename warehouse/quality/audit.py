"""The entry of the audit: judge the landed releases before a build, and the built star before it is published.

Both functions only read, but for the verdicts that a home keeps. They return every verdict, passed or not; what a
failed one leads to (`failed_errors`) is the caller's decision. `make bench` prints what it costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from warehouse.acknowledgements import AcceptedFinding
from warehouse.build.layout import lay_out_release
from warehouse.contracts import Contract, load_contract
from warehouse.dbt_manifest import STAR_SCHEMA, read_star_description
from warehouse.errors import BuildFailed, IntegrityError, StorageError
from warehouse.landing import Landing, Load, Release
from warehouse.process import loading
from warehouse.quality.acknowledged import acknowledge, shipped
from warehouse.quality.examples import with_examples
from warehouse.quality.failing_suites import could_fail
from warehouse.quality.history import KnownGaps
from warehouse.quality.kept_verdicts import KeptVerdicts
from warehouse.quality.past import NO_PAST, Past
from warehouse.quality.suite import (
    BuiltStar,
    Declared,
    LandedDataset,
    LandedRelease,
    Profile,
    ProfileRow,
    ReleaseSuite,
    StarSuite,
)
from warehouse.quality.suites import LANDED, RELEASE, STAR
from warehouse.quality.verdicts import Verdict, failed_errors
from warehouse.query_threads import queries_at_once
from warehouse.reading import found_columns
from warehouse.registry import SOURCE_NAMES

if TYPE_CHECKING:
    from warehouse.build import Build

__all__ = ["audit_landed", "audit_star", "failed_errors"]

NOTHING_KNOWN = KnownGaps()

# What takes longest begins, so that no thread works alone at the end, nor waits for the engine to be loaded.
_LONGEST = ("stable records", "validity", "integrity")

Judge = Callable[[Sequence[Profile]], list[Verdict]]


def audit_landed(
    releases: Sequence[Release],
    landing: Landing,
    past: Past = NO_PAST,
    *,
    accepted: Sequence[AcceptedFinding] = (),
    kept: KeptVerdicts | None = None,
    contracts: Callable[[str], Contract] = load_contract,
    threads: int = 2,
    memory_limit: str = "1GB",
) -> list[Verdict]:
    """Judge landed releases against their contracts, keys and manifests, by themselves and beside the past.

    A suite that fails itself is an error of its own (`COULD_RUN`), and the others judge all the same.

    Args:
        releases: the releases that a build would read, at most one a source.
        landing: the store that holds their objects.
        past: the release before each of them, and the profiles of earlier ones.
        accepted: what the home accepts, beside what the project ships (`warehouse.quality.acknowledged`).
        kept: the verdicts that the home keeps: a release that it has verdicts on is not judged again.
        contracts: how to find the contract of a source.
        threads: threads of DuckDB.
        memory_limit: memory limit of DuckDB, as DuckDB writes it; it spills to a temporary folder beyond.

    Raises:
        IntegrityError: a landed object is missing or is not readable Parquet.
        StorageError: the memory limit is too low, the temporary folder cannot take what does not fit, or the home
            cannot be written.
    """
    found = {release.source: kept.of(release) for release in releases} if kept is not None else {}
    known = {source: verdicts for source, verdicts in found.items() if verdicts is not None}
    unknown = [release for release in releases if release.source not in known]
    if unknown:
        known |= _judged(unknown, landing, past, contracts, threads, memory_limit)
    if kept is not None:
        for release in unknown:
            kept.keep(release, known[release.source])
    verdicts = [verdict for release in releases for verdict in known[release.source]]
    return _acknowledged(verdicts, accepted, releases, past)


def _judged(
    releases: Sequence[Release],
    landing: Landing,
    past: Past,
    contracts: Callable[[str], Contract],
    threads: int,
    memory_limit: str,
) -> dict[str, list[Verdict]]:
    """Judge landed releases, some at a time on one database; returns the verdicts by source."""
    with (
        _engine() as judge,
        TemporaryDirectory(prefix="icw-audit-") as spill,
        duckdb.connect(":memory:") as database,
    ):
        bounds = _Bounds(threads, memory_limit, spill)
        bounds.set_on(database)

        landed = [_beside_the_past(release, contracts(release.source), past) for release in releases]

        def measured(release: LandedRelease) -> _MeasuredFiles:
            with database.cursor() as connection:
                return _measure_files(connection, release, landing, bounds)

        def of_files(release: LandedRelease, files: _MeasuredFiles) -> list[Verdict]:
            with database.cursor() as connection:
                return _file_verdicts(connection, release, files, bounds, judge)

        def of_suite(judged: tuple[LandedRelease, ReleaseSuite]) -> list[Verdict]:
            with database.cursor() as connection:
                return _release_verdicts(connection, *judged, bounds, judge)

        with queries_at_once(database) as at_once, ThreadPoolExecutor(max_workers=at_once) as pool:
            files = list(pool.map(measured, landed))
            # The files are views by now, and each suite reads them by itself.
            tasks = [(release, suite) for suite in sorted(RELEASE, key=_begins) for release in landed]
            judged = {
                (release.release.source, suite.name): verdicts
                for (release, suite), verdicts in zip(tasks, pool.map(of_suite, tasks), strict=True)
            }
            of_landed = list(pool.map(of_files, landed, files))
        found: dict[str, list[Verdict]] = {}
        for release, verdicts in zip(landed, of_landed, strict=True):
            source = release.release.source
            found[source] = [*verdicts, *(verdict for suite in RELEASE for verdict in judged[source, suite.name])]
        return found


def _begins(suite: ReleaseSuite) -> int:
    return _LONGEST.index(suite.name) if suite.name in _LONGEST else len(_LONGEST)


def _beside_the_past(release: Release, contract: Contract, past: Past) -> LandedRelease:
    source = release.source
    return LandedRelease(
        release, contract, past.previous.get(source), past.profiles.get(source, ()), past.own.get(source)
    )


def audit_star(
    build: Build,
    known: KnownGaps = NOTHING_KNOWN,
    *,
    accepted: Sequence[AcceptedFinding] = (),
    threads: int = 2,
    memory_limit: str = "1GB",
) -> list[Verdict]:
    """Judge the star of a finished build.

    That is: keys, references, declared columns, conservation, values, null rates, mappings, gaps, evidence, freshness.
    A suite that fails itself is an error of its own (`COULD_RUN`), and the others judge all the same.

    Args:
        build: the build; dbt has run and nobody holds its database open for writing.
        known: the gaps of the snapshot in service, and those that a person has accepted.
        accepted: what the home accepts, beside what the project ships (`warehouse.quality.acknowledged`).
        threads: threads of DuckDB.
        memory_limit: memory limit of DuckDB, as DuckDB writes it.

    Raises:
        BuildFailed: the build has no readable database, lacks a table, or dbt's manifest is missing.
        StorageError: the memory limit is too low, or there is no room beside the build for what does not fit.
    """
    declared = Declared(tuple(map(load_contract, SOURCE_NAMES)), read_star_description(build.manifest))
    # DuckDB's own choice for what does not fit: beside the file.
    bounds = _Bounds(threads, memory_limit, f"{build.database}.tmp")
    with _engine() as judge, _reading(build.database, bounds) as connection:
        star = BuiltStar(
            declared=declared,
            tables=_star_tables(connection, declared),
            latest=max(release.fetched_at for release in build.releases).date(),
            known=known,
            evidence=build.evidence,
            synthetic=frozenset(release.source for release in build.releases if release.synthetic),
        )

        def judged(suite: StarSuite) -> list[Verdict]:
            verdicts: list[Verdict] = []
            with (
                connection.cursor() as reading,
                could_fail(suite.name, STAR_SCHEMA, suite.default, bounds.hit_by) as failed,
            ):
                profile = suite.profile(
                    STAR_SCHEMA, suite.measure(reading, star), frozenset(suite.assets(declared)), suite.default
                )
                verdicts += with_examples(reading, judge([profile]), bounds.hit_by)
            return [*verdicts, *failed]

        with queries_at_once(connection) as at_once, ThreadPoolExecutor(max_workers=at_once) as pool:
            verdicts = [verdict for of_one in pool.map(judged, STAR) for verdict in of_one]
    return _acknowledged(verdicts, accepted, build.releases)


def _acknowledged(
    verdicts: Sequence[Verdict],
    accepted: Sequence[AcceptedFinding],
    releases: Sequence[Release],
    past: Past = NO_PAST,
) -> list[Verdict]:
    versions = {release.source: release.version for release in releases}
    previous = {source: release.version for source, release in past.previous.items()}
    day = max((release.fetched_at for release in releases), default=datetime.now(UTC)).date()
    return acknowledge(verdicts, [*accepted, *shipped()], day, versions, previous)


@contextmanager
def _engine() -> Iterator[Judge]:
    """Load Great Expectations while the block measures: its import takes three seconds of one core."""
    one_at_a_time = Lock()
    with ThreadPoolExecutor(max_workers=1) as pool:
        loaded = pool.submit(_load_engine)

        def judge(profiles: Sequence[Profile]) -> list[Verdict]:
            engine = loaded.result()
            with one_at_a_time:
                return engine(profiles)

        yield judge


def _load_engine() -> Judge:
    with loading():
        from warehouse.quality.engine import judge
    return judge


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
        """Return the error to raise where these bounds caused an error of DuckDB, and None where they did not."""
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


@dataclass(frozen=True)
class _MeasuredFiles:
    """What the suites of files have measured, by suite, and the errors of those that could not measure."""

    rows: dict[str, list[ProfileRow]]
    failed: list[Verdict]


def _measure_files(
    connection: duckdb.DuckDBPyConnection, landed: LandedRelease, landing: Landing, bounds: _Bounds
) -> _MeasuredFiles:
    """Measure every dataset of the contract, and those of the release that it does not know; lay both releases out."""
    release, contract = landed.release, landed.contract
    names = [*contract.datasets, *(load.dataset for load in release.loads if load.dataset not in contract.datasets)]
    rows: dict[str, list[ProfileRow]] = {suite.name: [] for suite in LANDED}
    subject, first = landed.subject, landed.first_asset
    failed_suites: list[Verdict] = []
    for name in names:
        load = release.load_of(name)
        file = _parquet_of(load, landing) if load is not None and name in contract.datasets else None
        with _reading_file(file, f"{subject} {name}", bounds):
            dataset = LandedDataset(
                source=release.source,
                name=name,
                release_version=release.version,
                one_version=contract.one_version,
                expected=contract.datasets.get(name),
                load=load,
                file=file,
                columns={} if file is None else {found.name: found for found in found_columns(connection, file)},
            )
            asset = (release.source, name) if name in contract.datasets else first
            for suite in LANDED:
                with could_fail(suite.name, subject, asset, bounds.hit_by) as failed:
                    rows[suite.name] += suite.measure(connection, dataset)
                failed_suites += failed
    with _reading_file(None, subject, bounds):
        # What a query of a finding reads.
        lay_out_release(connection, landing, release, landed.landed)
        if landed.previous is not None:
            lay_out_release(connection, landing, landed.previous, landed.earlier)
    return _MeasuredFiles(rows, failed_suites)


def _file_verdicts(
    connection: duckdb.DuckDBPyConnection, landed: LandedRelease, files: _MeasuredFiles, bounds: _Bounds, judge: Judge
) -> list[Verdict]:
    subject, first = landed.subject, landed.first_asset
    verdicts: list[Verdict] = []
    for suite in LANDED:
        with could_fail(suite.name, subject, first, bounds.hit_by) as failed:
            judged = judge([suite.profile(subject, files.rows[suite.name], landed.assets, first)])
            verdicts += with_examples(connection, judged, bounds.hit_by)
        verdicts += failed
    return [*verdicts, *files.failed]


def _release_verdicts(
    connection: duckdb.DuckDBPyConnection, landed: LandedRelease, suite: ReleaseSuite, bounds: _Bounds, judge: Judge
) -> list[Verdict]:
    """Judge a release as a whole by one suite, over the views that are laid out already."""
    subject, first = landed.subject, landed.first_asset
    previous = None if landed.previous is None else landed.previous.digest
    verdicts: list[Verdict] = []
    with (
        _reading_file(None, subject, bounds),
        could_fail(suite.name, subject, first, bounds.hit_by) as failed,
    ):
        judged = judge([suite.profile(subject, suite.measure(connection, landed), landed.assets, first)])
        verdicts += with_examples(connection, judged, bounds.hit_by, previous)
    return [*verdicts, *failed]


def _parquet_of(load: Load, landing: Landing) -> Path | None:
    """Return the file of a load's data; None when the load has none (its SQL and its schema are no data)."""
    entry = load.object_named(f"{load.dataset}.parquet")
    return None if entry is None else landing.object_path(entry.sha256)


@contextmanager
def _reading_file(file: Path | None, name: str, bounds: _Bounds) -> Iterator[None]:
    """Report a landed file that cannot be read while the block lasts."""
    try:
        yield
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        within = bounds.hit_by(error) if isinstance(error, duckdb.Error) else None
        raise within or IntegrityError(
            f"The landed file of {name} ({file}) cannot be read as Parquet: "
            f"{str(error).splitlines()[0]}. Remove it and run the refresh again: it is fetched anew."
        ) from error


def _star_tables(connection: duckdb.DuckDBPyConnection, declared: Declared) -> frozenset[str]:
    """Return the names of the star's tables in a build.

    Raises:
        BuildFailed: a declared table is missing.
    """
    found = connection.execute(
        "select table_name from information_schema.tables where table_schema = $1", [STAR_SCHEMA]
    ).fetchall()
    built = frozenset(str(name) for (name,) in found)
    missing = sorted({table.name for table in declared.star.tables} - built)
    if missing:
        raise BuildFailed(f"The build lacks the star tables {', '.join(missing)}, which dbt's manifest declares.")
    return built


@contextmanager
def _reading(database: Path, bounds: _Bounds) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a build's database for reading; an error of DuckDB that is not due to the bounds means a broken build."""
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            bounds.set_on(connection)
            yield connection
    except duckdb.Error as error:
        raise bounds.hit_by(error) or BuildFailed(
            f"The build {database} cannot be audited: {str(error).splitlines()[0]}. "
            "Remove the folder of the build and run the refresh again."
        ) from error
