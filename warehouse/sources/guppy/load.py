"""One portal as one release in the landing: all its types, proven, and what it says of itself.

A type whose index, fields and reported counts are those of the last load is not fetched again. A type that fails does
not keep the others from being fetched, but a release is committed whole or not at all; what was fetched waits in
staging for the next run.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import JsonValue

from warehouse.contracts import load_contract
from warehouse.errors import SourceError, SourceUnreachable
from warehouse.landing import LandedObject, Landing, Load, Release, sha256_of, writing_to
from warehouse.settings import Settings
from warehouse.sources.guppy.client import GuppyClient
from warehouse.sources.guppy.discovery import Discovery, RecordType, discover, identity_of
from warehouse.sources.guppy.extract import TypeExtractor
from warehouse.sources.guppy.figures import (
    Figures,
    FiguresDisagree,
    ReportedCount,
    counts_table,
    take_figures,
    totals,
)
from warehouse.sources.guppy.transport import Transport
from warehouse.sources.indexd import fetch_stats
from warehouse.sources.metadata_service import fetch_metadata, looks_unchanged

log = logging.getLogger("icw.sources.guppy")

_STAGING = "extraction"
_VERSION = pa.schema(
    [
        pa.field("component", pa.string(), nullable=False),
        pa.field("version", pa.string()),
        pa.field("commit", pa.string()),
    ]
)


@dataclass(frozen=True)
class GuppySystem:
    """One commons with a Guppy: the name of its source (and contract), its base address and its record types."""

    source: str
    base_url: str
    types: tuple[str, ...]


def midrc(settings: Settings) -> GuppySystem:
    """Return the MIDRC data portal at the address of the settings."""
    types = ("case", "imaging_study", "data_file", "measurement", "annotation", "radiology_report")
    return GuppySystem("midrc", settings.midrc_url, types)


def bih(settings: Settings) -> GuppySystem:
    """Return the BDF Imaging Hub at the address of the settings."""
    return GuppySystem("bih", settings.bih_url, ("dataset", "subject", "imaging_study", "imaging_series"))


@dataclass(frozen=True)
class SystemState:
    """What a portal holds now in comparison to its last load. `changed` names the types that differ."""

    source: str
    indices: Mapping[str, str]
    totals: Mapping[str, int]
    changed: tuple[str, ...]
    synthetic: bool


@dataclass
class _Staged:
    """The loads of a release in the making, and the files that hold their objects."""

    loads: list[Load] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    counts: list[ReportedCount] = field(default_factory=list)


def resolve_system(system: GuppySystem, landing: Landing, settings: Settings) -> SystemState:
    """Compare a portal with its last load in two requests: concrete indices and totals.

    Raises:
        SourceError: the portal cannot be asked, or counts no records in any type.
    """
    with closing(GuppyClient(Transport(system.base_url, settings))) as client:
        found = client.indices()
        indices = {name: identity_of(name, system.types, found) for name in system.types}
        counted = _believable_totals(client, system, settings)
        last = _last_release(system, landing, client.transport)
        changed = tuple(
            name
            for name in system.types
            if (load := last.load_of(name) if last else None) is None
            or load.upstream_version != indices[name]
            or load.rows != counted[name]
        )
        return SystemState(system.source, indices, counted, changed, client.transport.synthetic)


def land_system(system: GuppySystem, landing: Landing, settings: Settings) -> Release:
    """Land a portal as one release: a load for each type and for what the portal says of itself.

    If nothing has changed since the last release, that release is returned and nothing is written.

    Raises:
        SourceError: a type could not be had or not be proven complete; the message names every type that failed. The
            last good release
            stays, and finished parts are kept for the next run.
        StorageError: the home cannot be written.
    """
    with closing(GuppyClient(Transport(system.base_url, settings))) as client:
        return _Lander(system, landing, settings, client).run()


class _Lander:
    def __init__(self, system: GuppySystem, landing: Landing, settings: Settings, client: GuppyClient) -> None:
        self._system = system
        self._landing = landing
        self._settings = settings
        self._client = client
        self._transport = client.transport
        self._contract = load_contract(system.source).datasets
        self._folder = landing.staging_for(system.source, _STAGING)
        self._staged = _Staged()
        self._last: Release | None = None

    def run(self) -> Release:
        discovery = discover(self._client, self._system.types, self._contract)
        self._last = _last_release(self._system, self._landing, self._transport)
        _believable_totals(self._client, self._system, self._settings)
        failures: dict[str, SourceError] = {}
        for name in self._system.types:
            try:
                self._land_type(discovery, discovery.types[name])
            except SourceUnreachable as error:
                failures[name] = error
                break
            except SourceError as error:
                log.error("a type failed", extra={"source": self._system.source, "type": name, "words": str(error)})
                failures[name] = error
        if failures:
            raise _all_in_one(self._system, failures)
        self._land_what_it_says(discovery)
        return self._commit()

    def _land_type(self, discovery: Discovery, record_type: RecordType) -> None:
        """Land one type, or take over its last load if it is proven not to have changed."""
        name = record_type.name
        index = identity_of(name, self._system.types, discovery.indices)
        last = self._last.load_of(name) if self._last else None
        if last is not None and (figures := self._unchanged(record_type, index, last)) is not None:
            log.info("unchanged", extra={"source": self._system.source, "type": name, "index": index})
            self._staged.loads.append(last)
            self._staged.counts += figures.counts
            return
        extractor = TypeExtractor(
            self._client, record_type, self._system.types, self._folder / name, self._settings, self._believe_empty
        )
        extraction = extractor.run()
        joined = extraction.joined
        self._add(name, extraction.index, joined.path, joined.sha256, joined.rows, extraction.proof, "guppy/graphql")
        self._staged.counts += extraction.figures.counts

    def _unchanged(self, record_type: RecordType, index: str, last: Load) -> Figures | None:
        """Return the figures of a type if index, fields, totals and histograms are those of its last load."""
        categorical = last.proof.get("categorical")
        if last.upstream_version != index or not isinstance(categorical, list) or self._missing(last):
            return None
        if last.proof.get("published_fields_digest") != record_type.digest:
            return None
        try:
            figures = take_figures(self._client, record_type, [str(entry) for entry in categorical])
        except FiguresDisagree:
            return None
        same = figures.total == last.rows and figures.digest == last.proof.get("figures_digest")
        return figures if same else None

    def _missing(self, load: Load) -> bool:
        return any(not self._landing.has(entry.sha256) for entry in load.objects)

    def _land_what_it_says(self, discovery: Discovery) -> None:
        further: dict[str, JsonValue] = {"types_beyond_the_contract": list(discovery.further_types)}
        self._add_table("reported_counts", lambda: counts_table(self._staged.counts), "guppy/graphql")
        self._add_table("version", self._version_table, "guppy/_version", further)
        if "indexd_stats" in self._contract:
            self._add_table("indexd_stats", lambda: fetch_stats(self._transport), "index/_stats")
        if "mds_metadata" in self._contract and not self._metadata_taken_over():
            self._add_table("mds_metadata", lambda: fetch_metadata(self._transport), "mds/metadata")

    def _version_table(self) -> pa.Table:
        return pa.Table.from_pylist([{"component": "guppy", **self._client.version()}], schema=_VERSION)

    def _metadata_taken_over(self) -> bool:
        """Take over the last load of the metadata service if nothing else changed and a look at it shows no change."""
        last = self._last.load_of("mds_metadata") if self._last else None
        if last is None or self._last is None or self._missing(last):
            return False
        if any(load not in self._last.loads for load in self._staged.loads):
            return False
        if not looks_unchanged(self._transport, pq.read_table(self._landing.object_path(last.objects[0].sha256))):
            return False
        self._staged.loads.append(last)
        return True

    def _add_table(
        self, dataset: str, fetch: Callable[[], pa.Table], path: str, proof: Mapping[str, JsonValue] | None = None
    ) -> None:
        """Stage a small dataset; one that holds what it held in the last release stays the load that it was."""
        before = self._transport.tally.copy()
        table = fetch()
        spent = self._transport.tally.since(before)
        costs: dict[str, JsonValue] = {"requests": spent.requests, "retries": dict(sorted(spent.retries.items()))}
        target = self._folder / f"{dataset}.parquet"
        with writing_to(target):
            pq.write_table(table, target, compression="zstd")
        digest = sha256_of(target)
        last = self._last.load_of(dataset) if self._last else None
        if last is not None and [entry.sha256 for entry in last.objects] == [digest] and not self._missing(last):
            self._staged.loads.append(last)
            return
        self._add(dataset, digest[:16], target, digest, table.num_rows, {**costs, **(proof or {})}, path)

    def _add(
        self, dataset: str, version: str, file: Path, sha256: str, rows: int, proof: Mapping[str, JsonValue], path: str
    ) -> None:
        size = file.stat().st_size
        self._staged.files[sha256] = file
        self._staged.loads.append(
            Load(
                source=self._system.source,
                dataset=dataset,
                upstream_version=version,
                status="landed",
                channel="guppy",
                url=f"{self._transport.base_url}/{path}",
                fetched_at=datetime.now(UTC),
                objects=(LandedObject(name=f"{dataset}.parquet", sha256=sha256, bytes=size),),
                rows=rows,
                bytes=size,
                proof=dict(proof),
                synthetic=self._transport.synthetic,
            )
        )

    def _commit(self) -> Release:
        """Commit the release, unless it is the last one again.

        Its version is the day on which the newest of its loads was fetched and a digest of its content.
        """
        content = "".join(sorted(load.digest for load in self._staged.loads))
        if self._last is not None and content == "".join(sorted(load.digest for load in self._last.loads)):
            shutil.rmtree(self._folder, ignore_errors=True)
            return self._last
        newest = max(load.fetched_at for load in self._staged.loads)
        version = f"{newest:%Y-%m-%d}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
        release = Release(source=self._system.source, version=version, channel="guppy", loads=tuple(self._staged.loads))
        committed = self._landing.commit(release, self._staged.files)
        shutil.rmtree(self._folder, ignore_errors=True)
        return committed

    def _believe_empty(self, type_name: str, index: str) -> None:
        """Accept that a type is empty if another type is not, and if it was empty before or its index is a new one.

        Raises:
            SourceError: the emptiness has no second witness.
        """
        _believable_totals(self._client, self._system, self._settings)
        last = self._last.load_of(type_name) if self._last else None
        if last is not None and last.rows and last.upstream_version == index:
            raise SourceError(
                f"The type {type_name} of {self._transport.base_url} counts no records, with the same index {index} "
                f"that held {last.rows} at the last load: empty answer not believed. Run the refresh again later."
            )


def _believable_totals(client: GuppyClient, system: GuppySystem, settings: Settings) -> dict[str, int]:
    """Return the totals of all types, unless every one is zero: so a portal answers when its authorisation is down.

    Raises:
        SourceError: every total is zero, in every try.
    """
    for attempt in range(1, settings.retries + 2):
        counted = totals(client, system.types)
        if any(counted.values()):
            return counted
        if attempt <= settings.retries:
            client.transport.pause(attempt, "all_empty", "the totals of all types")
    raise SourceError(
        f"{client.transport.base_url} counts no records in any of {', '.join(system.types)}: empty answer not believed "
        "(a portal whose authorisation is down answers so). The last good load stays; run the refresh again later."
    )


def _last_release(system: GuppySystem, landing: Landing, transport: Transport) -> Release | None:
    """Return the last release that came from the same place: a stand-in's is never taken for the public service's."""
    for release in reversed(landing.releases(system.source)):
        if release.synthetic != transport.synthetic:
            continue
        if transport.synthetic or all(load.url.startswith(f"{transport.base_url}/") for load in release.loads):
            return release
    return None


def _all_in_one(system: GuppySystem, failures: Mapping[str, SourceError]) -> SourceError:
    message = "; ".join(f"{name}: {error}" for name, error in failures.items())
    silent = any(isinstance(error, SourceUnreachable) for error in failures.values())
    return (SourceUnreachable if silent else SourceError)(
        f"{system.source}: {len(failures)} of {len(system.types)} types could not be landed, so none of its types was. "
        f"{message}"
    )
