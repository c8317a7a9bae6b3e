"""What a snapshot was built from, found in the landing again by its digests; of IDC, fetched again where it is gone."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

from warehouse.build.count_history import COUNTS_FOLDERS, counts_folder
from warehouse.build.history import Evidence, LostRelease
from warehouse.errors import IntegrityError, SourceError
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.settings import Settings
from warehouse.snapshots import counts
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import DatasetEntry, SourceEntry
from warehouse.snapshots.table_files import wrong_file
from warehouse.sources import idc
from warehouse.sources.idc import clinical

log = logging.getLogger("icw.snapshots")


@dataclass(frozen=True)
class Inputs:
    """What a build reads: the releases that it describes, and the evidence of the past.

    `fetched` names the releases that were gone from the landing and were fetched again, with their channel.
    """

    releases: tuple[Release, ...]
    evidence: Evidence
    fetched: tuple[str, ...]


def inputs_of(snapshot: Snapshot, landing: Landing, settings: Settings) -> Inputs:
    """Return what a snapshot was built from, every object of it in the landing and as its digest says.

    What of IDC is gone is fetched from the public channels into the landing, by version, and has to have the same
    digests. Counts that are gone are taken from the table of the snapshot. The caller holds the refresh lock.

    Raises:
        IntegrityError: an object is gone and cannot be had again, or what is fetched has another digest.
        SourceError: no channel of IDC could be asked.
        StorageError: the home cannot be written.
    """
    manifest = snapshot.manifest
    fetched: list[str] = []

    def found(entries: Iterable[SourceEntry]) -> tuple[Release, ...]:
        return tuple(_release(entry, snapshot, landing, settings, fetched) for entry in entries)

    releases, earlier, counted = found(manifest.sources), found(manifest.earlier), found(manifest.counts)
    lost = tuple(LostRelease(entry.version, entry.reason) for entry in manifest.lost)
    return Inputs(releases, Evidence(earlier, counted, lost), tuple(fetched))


def _release(
    entry: SourceEntry, snapshot: Snapshot, landing: Landing, settings: Settings, fetched: list[str]
) -> Release:
    release = _committed(entry, landing) or _described(entry)
    damage = landing.damage(release)
    if not damage:
        return release
    if entry.source in COUNTS_FOLDERS:
        _restore_counts(snapshot, landing)
        if landing.missing_objects(release):
            raise IntegrityError(
                f"{' '.join(damage)} It holds counts of an earlier load, and the table {counts.TABLE} of the snapshot "
                f"{snapshot.id} does not give the same file: it cannot be built again."
            )
        return release
    if entry.source != idc.SOURCE or entry.synthetic:
        why = "It was made up" if entry.synthetic else "A portal shows what it holds today and has no past"
        raise IntegrityError(
            f"{' '.join(damage)} {why}: this load cannot be fetched again, and the snapshot {snapshot.id} cannot be "
            "built again without it. Restore the file from a copy of the landing. The tables of the snapshot are as "
            "they were, if `icw snapshots verify` says so."
        )
    fetched.append(f"idc {entry.version} ({_fetch(entry, release, landing, settings)})")
    return _committed(entry, landing) or release


def _committed(entry: SourceEntry, landing: Landing) -> Release | None:
    """Return what a landed release has of the datasets of an entry, if that has its digest; None if none has.

    An entry of evidence has one dataset of a release, and a contract may have more datasets today.
    """
    datasets = {dataset.dataset for dataset in entry.datasets}
    for release in reversed(landing.releases(entry.source)):
        of_entry = release.model_copy(
            update={"loads": tuple(load for load in release.loads if load.dataset in datasets)}
        )
        # Tables tell the channel of a release.
        if (of_entry.digest, of_entry.channel) == (entry.digest, entry.channel):
            return of_entry
    return None


def _described(entry: SourceEntry) -> Release:
    """Return the release that an entry of a manifest describes, though the landing has no record of it any more.

    Raises:
        IntegrityError: what the entry describes does not have its digest.
    """
    source = next((name for name in _SOURCES if counts_folder(name) == entry.source), entry.source)
    loads = tuple(
        Load(
            source=source,
            dataset=dataset.dataset,
            upstream_version=entry.version,
            status=dataset.status,
            channel=clinical.CHANNEL if _is_clinical(dataset) else entry.channel,
            url=dataset.url,
            fetched_at=entry.fetched_at,
            objects=tuple(LandedObject(**held.model_dump()) for held in dataset.objects),
            rows=dataset.rows,
            bytes=dataset.bytes,
            proof=dataset.proof,
            synthetic=entry.synthetic,
        )
        for dataset in entry.datasets
    )
    release = Release(source=entry.source, version=entry.version, channel=entry.channel, loads=loads)
    if release.digest != entry.digest:
        raise IntegrityError(
            f"The landing has no release {entry.version} of {entry.source} with digest {entry.digest[:16]} any more, "
            "and the manifest of the snapshot does not say enough to find its objects. Restore landing/loads from a "
            "copy."
        )
    return release


_SOURCES = tuple(folder.removesuffix(counts_folder("")) for folder in COUNTS_FOLDERS)


def _restore_counts(snapshot: Snapshot, landing: Landing) -> None:
    """Land the counts that a snapshot holds, where its table is as it was published."""
    published = snapshot.table(counts.TABLE)
    if published is not None and wrong_file(snapshot, published) is None:
        counts.land_counts(landing, snapshot)


def _fetch(entry: SourceEntry, release: Release, landing: Landing, settings: Settings) -> str:
    """Fetch a release of IDC into the landing, first from the channel that it came from; return which one had it.

    Raises:
        IntegrityError: what the channels have is not what was landed then. SourceError: no channel answers.
    """
    collections = next((dataset.proof["collections"] for dataset in entry.datasets if _is_clinical(dataset)), None)
    asked = settings.model_copy(update={"clinical": _names(collections)})
    digests = frozenset(held.sha256 for load in release.loads for held in load.objects)
    obstacles: list[str] = []
    has_other_bytes = False
    for channel in dict.fromkeys((entry.channel, *settings.idc_channels)):
        log.info("Fetching IDC %s again from %s", entry.version, channel, extra={"event": "step"})
        try:
            idc.land_again(channel, entry.version, digests, landing, asked)
        except SourceError as error:
            has_other_bytes = has_other_bytes or isinstance(error, IntegrityError)
            obstacles.append(f"The {channel} channel was passed over: {str(error).rstrip('.')}.")
            continue
        return channel
    failure = IntegrityError if has_other_bytes else SourceError
    raise failure(
        f"{' '.join(landing.damage(release))} IDC {entry.version} could not be fetched again with the digests that the "
        f"manifest states. {' '.join(obstacles)} Restore the landed files from a copy, or try again later."
    )


def _is_clinical(dataset: DatasetEntry) -> bool:
    return dataset.dataset == clinical.DATASET and dataset.status == "landed"


def _names(collections: JsonValue) -> tuple[str, ...]:
    return tuple(map(str, collections)) if isinstance(collections, list) else ()
