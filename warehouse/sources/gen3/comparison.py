"""A commons as it is now, compared with its last release: which types have changed, and whether any has.

Belongs here: comparing without fetching records and without writing. A type is unchanged if its concrete index, its
published fields, its total and every reported count are those of its last load.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.errors import SourceError, SourceUnreachable
from warehouse.landing import Landing, Load, Release
from warehouse.settings import Settings
from warehouse.sources.gen3.guppy.client import GuppyClient, Index
from warehouse.sources.gen3.guppy.discovery import Discovery, RecordType, discover, identity_of
from warehouse.sources.gen3.guppy.reported_counts import (
    ReportedCount,
    TotalsDisagree,
    TypeCounts,
    counts_table,
    fetch_counts,
    fetch_counts_of_types,
)
from warehouse.sources.gen3.metadata_service import looks_unchanged
from warehouse.sources.gen3.service_datasets import service_datasets
from warehouse.sources.gen3.system import Gen3System, confirmed_totals
from warehouse.sources.gen3.transport import Transport
from warehouse.sources.http.errors import SlowResponse

log = logging.getLogger("icw.sources.gen3")


@dataclass(frozen=True)
class SystemState:
    """What a commons holds now in comparison to its last load. `changed` names the types that differ."""

    source: str
    indices: Mapping[str, str]
    totals: Mapping[str, int]
    changed: tuple[str, ...]
    synthetic: bool


def resolve_system(system: Gen3System, landing: Landing, settings: Settings) -> SystemState:
    """Compare a commons with its last load in two requests: concrete indices and totals.

    Raises:
        SourceError: the commons cannot be asked, or counts no records in any type.
    """
    with closing(GuppyClient(Transport(system.base_url, settings, system.setting))) as client:
        seen = survey(client, system, landing, settings)
        indices = {name: seen.index_of(name) for name in seen.totals}
        return SystemState(system.source, indices, seen.totals, seen.changed(), client.transport.synthetic)


@dataclass(frozen=True)
class NewIndices:
    """The concrete indices of types whose last load is of another one, in order; whether a sandbox said so."""

    names: tuple[str, ...]
    synthetic: bool


def new_indices(system: Gen3System, landing: Landing, settings: Settings) -> NewIndices:
    """Compare the concrete indices of a commons with those of its last load, in one request.

    Raises:
        SourceError: the commons cannot be asked.
    """
    with closing(GuppyClient(Transport(system.base_url, settings, system.setting))) as client:
        indices = client.indices()
        releases = _releases(system, landing, client.transport)
        loads = releases[-1].loads if releases else ()
        beyond = [load.dataset for load in loads if load.dataset not in system.contract.datasets]
        types = (*system.types, *beyond)
        versions = {load.dataset: load.upstream_version for load in loads if load.status == "landed"}
        landed = {name: versions[name] for name in types if name in versions}
        now = {name: identity_of(name, types, indices) for name in landed}
        different = {now[name] for name, version in landed.items() if now[name] != version}
        return NewIndices(tuple(sorted(different)), client.transport.synthetic)


def proven_unchanged(system: Gen3System, landing: Landing, settings: Settings) -> Release | None:
    """Return the last release of a commons if the commons still is what that release holds, else None.

    Compared are every type (concrete index, published fields, total, histograms) and the services: version, Indexd, and
    the number of records, the first page and the last record of the metadata service. No records are fetched and
    nothing is written. Indices and totals are always requested, so that an outage is not taken for a change; after that
    the first difference ends the comparison.

    Raises:
        SourceError: the commons cannot be asked, or counts no records in any type.
    """
    with closing(GuppyClient(Transport(system.base_url, settings, system.setting))) as client:
        seen = survey(client, system, landing, settings)
        if seen.last is None or seen.changed():
            return None
        if not _all_unchanged(client, landing, seen, seen.last):
            return None
        log.info("nothing has changed", extra={"source": system.source, "release": seen.last.version})
        return seen.last


def _all_unchanged(client: GuppyClient, landing: Landing, seen: Survey, last: Release) -> bool:
    """Return whether a commons whose indices and totals are those of its last release is unchanged in all else too."""
    contract = seen.system.contract.datasets
    services = service_datasets(client, contract)
    small = {"reported_counts", *(entry.dataset for entry in services), *({"mds_metadata"} & contract.keys())}
    discovery = discover(client, tuple(seen.totals), contract, seen.indices)
    names = (*seen.system.types, *discovery.further_types)
    if {load.dataset for load in last.loads} != {*names, *small}:
        return False
    lacking = {load.dataset for load in last.loads if load.status == "absent"}
    still = {name for name in names if name not in discovery.types or (name in lacking and not seen.totals[name])}
    if lacking != still:
        return False
    comparison = Comparison(client, landing, seen, discovery)
    counts: list[ReportedCount] = []
    for name in (name for name in names if name not in lacking):
        reported = comparison.unchanged_counts(name)
        if reported is None:
            return False
        counts += reported.counts
    return (
        comparison.holds("reported_counts", counts_table(counts))
        and all(comparison.holds(entry.dataset, entry.fetch()) for entry in services)
        and ("mds_metadata" not in small or comparison.metadata_looks_unchanged())
    )


@dataclass(frozen=True)
class Survey:
    """A commons in two requests: its concrete indices and its totals, beside its last release from the same address.

    `totals` has the types that the commons offers, of those of the system and of the last release. `last_rows` has
    the rows of each dataset when it was landed last, which for a type that is absent now may be long ago.
    """

    system: Gen3System
    indices: tuple[Index, ...]
    totals: Mapping[str, int]
    last: Release | None
    last_rows: Mapping[str, int]

    def index_of(self, type_name: str) -> str:
        """Return what identifies the state of a type now."""
        return identity_of(type_name, (*self.system.types, *self.totals), self.indices)

    def last_load(self, dataset: str) -> Load | None:
        """Return the load of a dataset in the last release, or None."""
        return self.last.load_of(dataset) if self.last else None

    def changed(self) -> tuple[str, ...]:
        """Return the types whose index or total is not that of their last load, or that came or went."""
        return tuple(name for name in dict.fromkeys((*self.system.types, *self.totals)) if not self.is_unchanged(name))

    def is_unchanged(self, type_name: str) -> bool:
        """Return whether index and total of a type are those of its last load."""
        load = self.last_load(type_name)
        if load is None or type_name not in self.totals:
            return load is not None and load.status == "absent"
        if load.status == "absent":
            # Whether it still is not usable shows when its fields are compared.
            return True
        return load.upstream_version == self.index_of(type_name) and load.rows == self.totals[type_name]


def survey(client: GuppyClient, system: Gen3System, landing: Landing, settings: Settings) -> Survey:
    """Ask a commons for its indices and totals.

    Raises:
        SourceError: the commons cannot be asked, or counts no records in any type.
    """
    indices = client.indices()
    releases = _releases(system, landing, client.transport)
    last = releases[-1] if releases else None
    contract = system.contract.datasets
    beyond = [load.dataset for load in last.loads if load.dataset not in contract] if last else []
    counted = confirmed_totals(client, (*system.types, *beyond), settings)
    last_rows = {load.dataset: load.rows for release in releases for load in release.loads if load.status == "landed"}
    return Survey(system, indices, counted, last, last_rows)


class Comparison:
    """Compares a commons with its last release, each type and each dataset by itself."""

    def __init__(self, client: GuppyClient, landing: Landing, seen: Survey, discovery: Discovery) -> None:
        self._client = client
        self._landing = landing
        self._seen = seen
        self._lost_objects = {entry.sha256 for entry in landing.missing_objects(seen.last)} if seen.last else set[str]()
        self._candidates = {
            name: (record_type, categorical)
            for name, record_type in discovery.types.items()
            if (categorical := self._categorical_if_candidate(record_type)) is not None
        }
        self._together = fetch_counts_of_types(client, tuple(self._candidates.values()))
        self._fetched: dict[str, TypeCounts] = {}

    def unchanged_counts(self, type_name: str) -> TypeCounts | None:
        """Return the reported counts of a type if index, fields, total and counts are those of its last load.

        Raises:
            SourceError: the type's counts cannot be fetched.
        """
        load = self._seen.last_load(type_name)
        if load is None or type_name not in self._candidates:
            return None
        try:
            reported = self._counts_of(type_name)
        except TotalsDisagree:
            return None
        same = reported.total == load.rows and reported.digest == load.proof.get("figures_digest")
        return reported if same else None

    def holds(self, dataset: str, table: pa.Table) -> bool:
        """Return whether the last release has a small dataset with just this content, and its object is there."""
        load = self._seen.last_load(dataset)
        return load is not None and not self._missing(load) and self._read(load).equals(table)

    def metadata_looks_unchanged(self) -> bool:
        """Return whether the metadata service has what the last release has, as far as two requests show.

        Raises:
            SourceError: the service cannot be asked.
        """
        load = self._seen.last_load("mds_metadata")
        return (
            load is not None and not self._missing(load) and looks_unchanged(self._client.transport, self._read(load))
        )

    def _categorical_if_candidate(self, record_type: RecordType) -> tuple[str, ...] | None:
        """Return the fields whose histograms the last load holds, if all that is cheap to compare is unchanged."""
        load = self._seen.last_load(record_type.name)
        if (
            load is None
            or load.status == "absent"
            or not self._seen.is_unchanged(record_type.name)
            or self._missing(load)
        ):
            return None
        categorical = load.proof.get("categorical")
        if load.proof.get("published_fields_digest") != record_type.digest or not isinstance(categorical, list):
            return None
        return tuple(str(entry) for entry in categorical)

    def _counts_of(self, type_name: str) -> TypeCounts:
        """Return the counts of a candidate: from a query of several types, or of its own if that fails."""
        try:
            while type_name not in self._fetched and (counted := next(self._together, None)) is not None:
                self._fetched[counted[0]] = counted[1]
        except SourceUnreachable:
            raise
        except (SourceError, SlowResponse) as error:
            log.warning("one type at a time", extra={"source": self._seen.system.source, "why": str(error)})
        return self._fetched.get(type_name) or fetch_counts(self._client, *self._candidates[type_name])

    def _missing(self, load: Load) -> bool:
        return any(entry.sha256 in self._lost_objects for entry in load.objects)

    def _read(self, load: Load) -> pa.Table:
        return pq.read_table(self._landing.object_path(load.objects[0].sha256), page_checksum_verification=True)


def _releases(system: Gen3System, landing: Landing, transport: Transport) -> list[Release]:
    """Return the releases from the same address, the last at the end: a sandbox never counts for the public service."""
    return [
        release
        for release in landing.releases(system.source)
        if release.synthetic == transport.synthetic
        and (transport.synthetic or all(load.url.startswith(f"{transport.base_url}/") for load in release.loads))
    ]
