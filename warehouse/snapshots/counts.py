"""Keep the counts of a snapshot in the landing, for the history of the snapshots after it.

The landing and the snapshot in service both hold every point of the history: what one of them loses is taken from the
other, and what both have lost stays in the history as lost, with the reason.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.build.count_history import COUNTS, LOADED_AT, UNDATED, counts_folder, without_counts
from warehouse.build.layout import COUNT_COLUMNS
from warehouse.files import sha256_of, writing_to
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.table_files import wrong_file

log = logging.getLogger("icw.snapshots")

TABLE = "rpt_count_history"
"""The published table with the counts of the loads that a snapshot describes, and of those before them."""


@dataclass(frozen=True)
class _Point:
    """One load of which a snapshot has the counts: when it was fetched, and when a snapshot first counted it so.

    `is_undated`: the counts had no date when they were first counted. A later release may have given them one in the
    table since, and they are landed without it all the same, so that they are the same file.
    """

    source: str
    version: str
    loaded_at: datetime
    counted_at: datetime
    is_carried: bool
    is_undated: bool = False


def land_counts(landing: Landing, snapshot: Snapshot) -> None:
    """Land the counts of the loads that a snapshot describes, and those of earlier loads that the landing has lost.

    What is landed already stays as it is. Where the table of the snapshot is not as it was published, counts that
    nothing else has are landed as absent: the history then says that it lacks them. A snapshot from before this table
    was made has none to give.

    Raises:
        IntegrityError: the manifest of landed counts cannot be read.
        StorageError: the home cannot be written.
    """
    published = snapshot.table(TABLE)
    if published is None:
        return
    files = snapshot.files_of(published)
    wrong = wrong_file(snapshot, published)
    is_sound = wrong is None
    for point in _points(snapshot):
        known = [
            counts
            for counts in landing.releases(counts_folder(point.source))
            if counts.version == point.version and counts.synthetic == snapshot.manifest.synthetic
        ]
        is_held = any(_is_whole(landing, counts) for counts in known)
        if is_sound and not (point.is_carried and is_held):
            _land(landing, snapshot, point, files)
        elif wrong is not None and not is_held:
            log.error(
                "%s is not as it was published (`icw verify current`), and the landing has no counts of %s %s: the "
                "history lacks them from now on. Restore the file to have them back.",
                wrong.path,
                point.source,
                point.version,
                extra={"event": "damaged"},
            )
            if not known:
                reason = f"{TABLE} of the snapshot {snapshot.id} is damaged or gone"
                landing.commit(without_counts(_load(snapshot, point), reason), {})


def _points(snapshot: Snapshot) -> Iterator[_Point]:
    """Return every load of which a snapshot has counts, as its manifest says."""
    for entry in snapshot.manifest.sources:
        yield _Point(entry.source, entry.version, entry.fetched_at, snapshot.manifest.created_at, is_carried=False)
    for entry in snapshot.manifest.counts:
        for dataset in entry.datasets:
            if dataset.dataset == COUNTS and dataset.status == "landed":
                loaded_at = datetime.fromisoformat(str(dataset.proof[LOADED_AT]))
                source = entry.source.removesuffix(counts_folder(""))
                is_undated = dataset.proof.get(UNDATED) is True
                yield _Point(source, entry.version, loaded_at, entry.fetched_at, True, is_undated)


def _is_whole(landing: Landing, counts: Release) -> bool:
    return counts.loads[0].status == "landed" and not landing.missing_objects(counts)


def _land(landing: Landing, snapshot: Snapshot, point: _Point, files: Sequence[Path]) -> None:
    """Land the counts of one load from the published table, if just these are not landed already."""
    of_point = [("source_id", "=", point.source), ("release_version", "=", point.version)]
    counts = pq.read_table(list(files), columns=list(COUNT_COLUMNS), filters=of_point).replace_schema_metadata(None)
    dates = counts["as_of"]
    if point.is_undated:
        place = counts.schema.get_field_index("as_of")
        counts = counts.set_column(place, pa.field("as_of", dates.type), pa.nulls(counts.num_rows, dates.type))
    point = replace(point, is_undated=point.is_undated or dates.null_count == counts.num_rows)
    folder = counts_folder(point.source)
    path = landing.staging_for(folder, point.version) / f"{COUNTS}.parquet"
    with writing_to(path):
        pq.write_table(counts, path, compression="zstd", write_page_checksum=True)
    load = _load(snapshot, point, path, counts.num_rows)
    release = Release(source=folder, version=point.version, channel=load.channel, loads=(load,))
    if landing.missing_objects(release) or release.digest not in {known.digest for known in landing.releases(folder)}:
        landing.commit(release, {entry.sha256: path for entry in load.objects})
    landing.discard_staging(folder)


def _load(snapshot: Snapshot, point: _Point, path: Path | None = None, rows: int = 0) -> Load:
    """Describe the counts of one load, in the file at `path`."""
    objects = () if path is None else (LandedObject(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size),)
    return Load(
        source=point.source,
        dataset=COUNTS,
        upstream_version=point.version,
        status="landed",
        channel="snapshot",
        url=f"snapshots/{snapshot.id}/tables/{TABLE}.parquet",
        fetched_at=point.counted_at,
        objects=objects,
        rows=rows,
        bytes=sum(entry.bytes for entry in objects),
        proof={LOADED_AT: point.loaded_at.isoformat(), UNDATED: point.is_undated, "snapshot": snapshot.id},
        synthetic=snapshot.manifest.synthetic,
    )
