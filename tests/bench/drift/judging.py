"""Judging: which findings of an audit a defect is answerable for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb

from tests.bench.drift.world import World
from warehouse.contracts import Contract, load_contract
from warehouse.errors import IntegrityError
from warehouse.landed_views import lay_out_release
from warehouse.landing import Landing, Release
from warehouse.profiles.store import profile_of
from warehouse.quality.audit import audit_landed
from warehouse.quality.checks import Check
from warehouse.quality.past import Past, PastProfile
from warehouse.quality.suite import LandedDataset, LandedRelease, ProfileRow, Suite
from warehouse.quality.suites import LANDED, RELEASE, freshness
from warehouse.quality.verdicts import COULD_RUN, Severity, finding_id
from warehouse.reading import found_columns

MEMORY = "2GB"


@dataclass(frozen=True)
class Caught:
    """A finding that fails: its check, its severity, what it is about, what was observed, and how many records."""

    id: str
    suite: str
    expectation: str
    severity: Severity
    subject: str
    observed: str
    affected: int | None

    @property
    def check(self) -> str:
        """The check, in words."""
        return f"{self.suite}: {self.expectation}"


def past_of_world(home: Path, world: World, threads: int = 1) -> Past:
    """Return what is known before the night: the release before it, and the profiles of all earlier ones."""
    profiles = tuple(
        PastProfile(
            release.version,
            release.fetched_at,
            profile_of(home, world.landing, release, threads=threads, memory_limit=MEMORY),
        )
        for release in world.earlier
    )
    source = world.night.source
    return Past({source: world.earlier[-1]} if world.earlier else {}, {source: profiles})


def failing(landing: Landing, release: Release, past: Past, *, threads: int = 1) -> dict[str, Caught]:
    """Measure a landed release with every suite over landed data, and return the findings that fail, by id.

    The checks are those of the audit and are evaluated here: Great Expectations, which evaluates them there, takes a
    second for each release, however small (`audited` has it judge).
    """
    source, contract = release.source, load_contract(release.source)
    found: dict[str, Caught] = {}
    with duckdb.connect() as connection:
        connection.execute("set threads = $1", [threads])
        connection.execute("set memory_limit = $1", [MEMORY])
        try:
            for dataset in _datasets(connection, landing, release, contract):
                for suite in LANDED:
                    _measure(found, suite, source, connection, dataset)
            landed = LandedRelease(release, contract, past.previous.get(source), past.profiles.get(source, ()))
            lay_out_release(connection, landing, release, landed.landed)
            if landed.previous is not None:
                lay_out_release(connection, landing, landed.previous, landed.earlier)
        except (duckdb.Error, OSError) as error:
            refused = Caught("refused", "reading", "The files can be read", "error", source, str(error), None)
            return {refused.id: refused}
        for suite in RELEASE:
            _measure(found, suite, source, connection, landed)
    return found


def standing_still(world: World) -> dict[str, Caught]:
    """Return the findings, by id, about a source that has not changed for as many nights as its history has."""
    changes = [(release.source, release.fetched_at.date()) for release in world.releases]
    latest = world.night.fetched_at.date() + timedelta(days=len(world.earlier))
    rows = freshness.measure_freshness(changes, latest)
    return {caught.id: caught for caught in broken(freshness.SUITE, world.night.source, rows)}


def audited(landing: Landing, release: Release, past: Past) -> dict[str, Caught]:
    """Have the audit judge one landed release, and return the findings that fail, by id."""
    try:
        verdicts = audit_landed([release], landing, past, threads=1, memory_limit=MEMORY)
    except IntegrityError as error:
        refused = Caught("refused", "reading", "The files can be read", "error", release.source, str(error), None)
        return {refused.id: refused}
    return {
        finding.id: Caught(
            finding.id,
            verdict.suite,
            verdict.expectation,
            finding.severity,
            finding.subject,
            finding.observed,
            finding.affected,
        )
        for verdict in verdicts
        for finding in verdict.failing
    }


def broken(suite: Suite[Any], source: str, rows: Sequence[ProfileRow]) -> list[Caught]:
    """Return the findings of the rows that break a check of their suite, one for each check, asset and scope."""
    found: dict[str, Caught] = {}
    for check in suite.checks:
        for row in rows:
            if not all(getattr(row, name) == value for name, value in check.rows.items()) or _holds(check, row):
                continue
            detail = row.detail
            id = finding_id(suite.name, check.sentence, row.asset, detail.scope)
            affected = 1 if detail.affected is None else detail.affected
            if id in found:
                affected += found[id].affected or 0
            asset = ".".join(row.asset)
            subject = f"{asset}, {detail.scope}" if detail.scope else asset
            found[id] = Caught(id, suite.name, check.sentence, check.severity, subject, row.label, affected)
    return list(found.values())


def _measure(
    found: dict[str, Caught], suite: Suite[Any], source: str, connection: duckdb.DuckDBPyConnection, subject: object
) -> None:
    """Add the findings of a suite; one that fails itself is an error, as in the audit."""
    try:
        rows = suite.measure(connection, subject)
    except Exception as error:  # as the audit: what a suite raises is a verdict
        asset = source, ""
        id = finding_id(suite.name, COULD_RUN, asset, "")
        found[id] = Caught(id, suite.name, COULD_RUN, "error", source, f"{type(error).__name__}: {error}", 1)
        return
    for caught in broken(suite, source, rows):
        known = found.get(caught.id)
        affected = (caught.affected or 0) + (known.affected or 0) if known else caught.affected
        found[caught.id] = replace(caught, affected=affected)


def _holds(check: Check, row: ProfileRow) -> bool:
    """Return whether a row keeps to a check.

    Raises:
        NotImplementedError: the check is of a kind that no suite had when this was written.
    """
    arguments = check.arguments
    if check.expectation == "ExpectColumnValuesToBeBetween":
        value = getattr(row, str(arguments["column"]))
        least, most = arguments.get("min_value"), arguments.get("max_value")
        return (least is None or value >= least) and (most is None or value <= most)
    if check.expectation == "ExpectColumnValuesToNotBeInSet":
        values = arguments["value_set"]
        assert isinstance(values, list)
        return getattr(row, str(arguments["column"])) not in values
    first, second = (getattr(row, str(arguments[name])) for name in ("column_A", "column_B"))
    if check.expectation == "ExpectColumnPairValuesToBeEqual":
        return first == second
    if check.expectation == "ExpectColumnPairValuesAToBeGreaterThanB":
        return first >= second
    raise NotImplementedError(f"The benchmark cannot evaluate {check.expectation}: teach it to.")


def _datasets(
    connection: duckdb.DuckDBPyConnection, landing: Landing, release: Release, contract: Contract
) -> Iterator[LandedDataset]:
    """Yield the datasets of a release as the audit measures them one by one."""
    for name, expected in contract.datasets.items():
        load = release.load_of(name)
        entry = load.object_named(f"{name}.parquet") if load is not None else None
        file = None if entry is None else landing.object_path(entry.sha256)
        yield LandedDataset(
            source=release.source,
            name=name,
            release_version=release.version,
            one_version=contract.one_version,
            expected=expected,
            load=load,
            file=file,
            columns={} if file is None else {found.name: found for found in found_columns(connection, file)},
        )


def answerable(found: Mapping[str, Caught], clean: Mapping[str, Caught], hits: int) -> list[Caught]:
    """Return the findings that a defect with so many hits is answerable for, errors first.

    They fail with the defect and pass without it; or they fail in both, and have grown by half of the hits at least.
    """
    new = [
        caught
        for id, caught in found.items()
        if id not in clean
        or (caught.affected is not None and caught.affected - (clean[id].affected or 0) >= max(1, hits / 2))
    ]
    return sorted(
        new, key=lambda caught: (caught.severity != "error", caught.id in clean, caught.suite, caught.subject)
    )
