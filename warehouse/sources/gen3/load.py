"""One commons as one release in the landing: all its types, proven complete, and its self-reported counts.

A type whose index, fields and reported counts are those of the last load is not fetched again. A type that fails does
not keep the others from being fetched, but a release is committed whole or not at all; what was fetched stays in
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

from warehouse.errors import SourceBusy, SourceError, SourceUnreachable
from warehouse.files import sha256_of, writing_to
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.settings import Settings
from warehouse.sources.gen3.comparison import Comparison, Survey, survey
from warehouse.sources.gen3.guppy.client import GuppyClient
from warehouse.sources.gen3.guppy.discovery import Discovery, discover
from warehouse.sources.gen3.guppy.extract import TypeExtractor
from warehouse.sources.gen3.guppy.reported_counts import ReportedCount, counts_table
from warehouse.sources.gen3.metadata_service import fetch_metadata
from warehouse.sources.gen3.service_datasets import service_datasets
from warehouse.sources.gen3.system import Gen3System, confirmed_totals
from warehouse.sources.gen3.transport import Transport

log = logging.getLogger("icw.sources.gen3")

_STAGING = "extraction"


@dataclass
class _Staged:
    """The loads of a release in the making, and the files that hold their objects."""

    loads: list[Load] = field(default_factory=list)
    files: dict[str, Path] = field(default_factory=dict)
    counts: list[ReportedCount] = field(default_factory=list)


def land_system(
    system: Gen3System, landing: Landing, settings: Settings, accepted_losses: Mapping[str, int] | None = None
) -> Release:
    """Land a commons as one release: a load for each type and for each dataset of its services.

    If nothing has changed since the last release, that release is returned and nothing is written. A type that the
    commons does not offer, whose records have no unique id, or that is empty with nothing to confirm it, is absent with
    a reason; one beyond the contract is landed as it is. `accepted_losses` are the records that a type may have lost.

    Raises:
        SourceError: a type could not be fetched or not be proven complete, or has lost more than the settings allow;
            the message names every type that failed. The last good release stays, and finished parts are kept for the
            next run.
        StorageError: the home cannot be written.
    """
    # Arrow's own pool keeps what each page has freed; the system's gives it back, so that memory stays that of pages.
    pa.set_memory_pool(pa.system_memory_pool())
    with closing(GuppyClient(Transport(system.base_url, settings, system.setting))) as client:
        seen = survey(client, system, landing, settings)
        discovery = discover(client, tuple(seen.totals), system.contract.datasets, seen.indices)
        return _Lander(landing, settings, client, seen, discovery, accepted_losses or {}).run()


class _Lander:
    def __init__(
        self,
        landing: Landing,
        settings: Settings,
        client: GuppyClient,
        seen: Survey,
        discovery: Discovery,
        accepted_losses: Mapping[str, int],
    ) -> None:
        self._system = seen.system
        self._landing = landing
        self._settings = settings
        self._client = client
        self._transport = client.transport
        self._contract = seen.system.contract.datasets
        self._folder = landing.staging_for(seen.system.source, _STAGING)
        self._staged = _Staged()
        self._seen = seen
        self._discovery = discovery
        self._accepted_losses = accepted_losses
        self._comparison = Comparison(client, landing, seen, discovery)

    def run(self) -> Release:
        failures: dict[str, SourceError] = {}
        for name in (*self._system.types, *self._discovery.further_types):
            try:
                self._land_type(name)
            except _Absent as error:
                self._add_absent(name, str(error))
            except SourceUnreachable as error:
                failures[name] = error
                break
            except SourceError as error:
                log.error("a type failed", extra={"source": self._system.source, "type": name, "error": str(error)})
                if name in self._system.types:
                    failures[name] = error
                else:
                    self._add_absent(name, str(error))
        if failures:
            raise _combined(self._system, failures)
        self._land_services()
        return self._commit()

    def _land_type(self, name: str) -> None:
        """Land one type, or reuse its last load if it is proven unchanged.

        Raises:
            _Absent: the commons does not have it, or not in a usable form.
            SourceError: it cannot be fetched, or has lost too many records.
        """
        record_type = self._discovery.types.get(name)
        if record_type is None:
            raise _Absent(self._discovery.absent.get(name, "the portal does not offer this type any more"))
        last = self._seen.last_load(name)
        if last is not None and (reported := self._comparison.unchanged_counts(name)) is not None:
            log.info("unchanged", extra={"source": self._system.source, "type": name, "index": last.upstream_version})
            self._staged.loads.append(last)
            self._staged.counts += reported.counts
            return
        extractor = TypeExtractor(
            self._client,
            record_type,
            tuple(self._discovery.types),
            self._folder / name,
            self._settings,
            self._confirm_empty,
        )
        extraction = extractor.run()
        joined = extraction.joined
        self._require_little_lost(name, joined.rows)
        path = "guppy/graphql" if extraction.proof["no_downloads_because"] else "guppy/download"
        self._add(name, extraction.index, joined.path, joined.sha256, joined.rows, extraction.proof, path)
        self._staged.counts += extraction.reported.counts

    def _land_services(self) -> None:
        further: dict[str, JsonValue] = {"types_beyond_the_contract": list(self._discovery.further_types)}
        self._add_table("reported_counts", lambda: counts_table(self._staged.counts), "guppy/graphql")
        for entry in service_datasets(self._client, self._contract):
            self._add_table(entry.dataset, entry.fetch, entry.path, further if entry.dataset == "version" else None)
        if "mds_metadata" in self._contract and not self._reuse_metadata():
            self._add_table("mds_metadata", lambda: fetch_metadata(self._transport), "mds/metadata")

    def _reuse_metadata(self) -> bool:
        """Reuse the last load of the metadata service if nothing else changed and two requests show no change."""
        last = self._seen.last_load("mds_metadata")
        if last is None or any(load != self._seen.last_load(load.dataset) for load in self._staged.loads):
            return False
        if not self._comparison.metadata_looks_unchanged():
            return False
        self._staged.loads.append(last)
        return True

    def _add_table(
        self, dataset: str, fetch: Callable[[], pa.Table], path: str, proof: Mapping[str, JsonValue] | None = None
    ) -> None:
        """Stage a small dataset; one with the content of the last release keeps its load."""
        before = self._transport.tally.copy()
        table = fetch()
        spent = self._transport.tally.since(before)
        last = self._seen.last_load(dataset)
        if last is not None and self._comparison.holds(dataset, table):
            self._staged.loads.append(last)
            return
        costs: dict[str, JsonValue] = {"requests": spent.requests, "retries": dict(sorted(spent.retries.items()))}
        target = self._folder / f"{dataset}.parquet"
        with writing_to(target):
            pq.write_table(table, target, compression="zstd", write_page_checksum=True)
        digest = sha256_of(target)
        self._add(dataset, digest[:16], target, digest, table.num_rows, {**costs, **(proof or {})}, path)

    def _add_absent(self, name: str, reason: str) -> None:
        """Record that a type is absent; one that was absent for the same reason keeps its load."""
        log.warning(
            "%s has no usable type %s: %s.", self._system.source, name, reason, extra={"event": "absent", "type": name}
        )
        last = self._seen.last_load(name)
        if last is not None and last.status == "absent" and last.proof.get("absent_because") == reason:
            self._staged.loads.append(last)
            return
        self._staged.loads.append(
            Load(
                source=self._system.source,
                dataset=name,
                upstream_version="absent",
                status="absent",
                channel="guppy",
                url=f"{self._transport.base_url}/guppy/graphql",
                fetched_at=datetime.now(UTC),
                proof={"absent_because": reason},
                synthetic=self._transport.synthetic,
            )
        )

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
        """Commit the release, which may be the last one again; then only missing objects are put back.

        Its version is the day on which the newest of its loads was fetched and a digest of its content.
        """
        content = "".join(sorted(load.digest for load in self._staged.loads))
        last = self._seen.last
        if last is not None and content == "".join(sorted(load.digest for load in last.loads)):
            release = last
        else:
            newest = max(load.fetched_at for load in self._staged.loads)
            version = f"{newest:%Y-%m-%d}-{hashlib.sha256(content.encode()).hexdigest()[:8]}"
            loads = tuple(self._staged.loads)
            release = Release(source=self._system.source, version=version, channel="guppy", loads=loads)
        if release is not last or self._landing.missing_objects(release):
            release = self._landing.commit(release, self._staged.files)
        shutil.rmtree(self._folder, ignore_errors=True)
        return release

    def _confirm_empty(self, type_name: str, index: str) -> None:
        """Accept that a type is empty if something else than its own total confirms it.

        That is: it was empty at its last load, a person has accepted the loss, or another type counts none of its
        records (`counted_by` of the contract). The authorisation of a portal can fail for the requests of one type
        alone, and then they are answered as if it had no records.

        Raises:
            _Absent: nothing else confirms it, and it was never landed with records.
            SourceError: it held records at the last load, or the commons counts no records in any type.
        """
        confirmed_totals(self._client, tuple(self._discovery.types), self._settings)
        if type_name in self._seen.last_rows:
            self._require_little_lost(type_name, 0)
            return
        if counted := self._seen.totals.get(type_name):
            raise SourceError(
                f"The type {type_name} of {self._transport.base_url} counts no records any more, and counted "
                f"{counted:,} a moment ago: empty response not accepted. Run the refresh again later."
            )
        dataset = self._contract.get(type_name)
        confirming = dataset.counted_by if dataset is not None else ()
        for field_path in confirming:
            counting, _, field_name = field_path.partition(".")
            where = f"type {counting}, records of it that count some of {type_name}"
            if self._counts(counting, field_name) and not self._client.count(counting, {">": {field_name: 0}}, where):
                log.info("empty", extra={"source": self._system.source, "type": type_name, "field_path": field_path})
                return
        raise _Absent(
            "it counts no records, and nothing else confirms that (a portal whose authorisation fails for this type "
            "counts none)"
        )

    def _counts(self, type_name: str, field_name: str) -> bool:
        """Return whether a type is there, holds records, and has a number of this name."""
        record_type = self._discovery.types.get(type_name)
        if record_type is None or not self._seen.totals.get(type_name):
            return False
        return any(part.name == field_name and part.kind in ("integer", "float") for part in record_type.fields)

    def _require_little_lost(self, type_name: str, rows: int) -> None:
        """Stop a type that has lost more records since its last load than the settings or a person accept.

        Raises:
            SourceError: it has.
        """
        before = self._seen.last_rows.get(type_name, 0)
        lost = before - rows
        most = max(self._settings.guppy_most_lost, self._settings.guppy_most_lost_share * before)
        if rows and lost <= most:
            return
        if lost > self._accepted_losses.get(type_name, 0):
            raise SourceError(
                f"The type {type_name} of {self._transport.base_url} holds {rows:,} records, {lost:,} fewer than the "
                f"{before:,} of its last load: not accepted, and not published. If the loss is real, accept it in "
                f"acknowledgements.yml in the warehouse home (dataset: {self._system.source}.{type_name}, lost: "
                f"{lost}, until, by, reason) and run the refresh again."
            )


class _Absent(Exception):
    """A type is not there, or not usable; the message is the reason."""


def _combined(system: Gen3System, failures: Mapping[str, SourceError]) -> SourceError:
    message = "; ".join(f"{name}: {error}" for name, error in failures.items())
    silent = any(isinstance(error, SourceUnreachable) for error in failures.values())
    busy = all(isinstance(error, SourceBusy) for error in failures.values())
    return (SourceUnreachable if silent else SourceBusy if busy else SourceError)(
        f"{system.source}: {len(failures)} of {len(system.types)} types could not be landed, so none of its types was. "
        f"{message}"
    )
