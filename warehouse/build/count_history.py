"""The counts of earlier loads that a build reads: what each source held when a snapshot before this one described it.

Each is a release of its own in the landing: one small Parquet file with the counts of one load, taken from the snapshot
that described it (`warehouse.snapshots.counts`). So the history outlives the snapshots and the loads that it tells of.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from warehouse.build.versions import major_version, version_rank
from warehouse.contracts import load_contract
from warehouse.landing import Landing, Load, Release
from warehouse.registry import SOURCE_NAMES

log = logging.getLogger("icw.build")

COUNTS = "counts"
"""The dataset of the counts of one load; its file is `counts.parquet`."""

LOADED_AT = "loaded_at"
"""What the proof of a load of counts calls the time at which the load that is counted was fetched (ISO 8601)."""

UNDATED = "undated"
"""What it calls that no date was known for the counts when they were first counted (a truth value)."""


def counts_folder(source: str) -> str:
    """Return the name under which the landing keeps the counts of a source, beside its loads."""
    return f"{source}-{COUNTS}"


COUNTS_FOLDERS = tuple(map(counts_folder, SOURCE_NAMES))
"""The names under which the landing keeps counts, by source."""


def date_of_counts(release: Release) -> datetime | None:
    """Return when a release was fetched (UTC) where that dates its counts: its source has no versions of its own.

    None for IDC, which dates its data releases: so the same release gives the same tables whenever it was fetched.
    """
    return None if load_contract(release.source).one_version else release.fetched_at


def counts_of_earlier_loads(landing: Landing, releases: Sequence[Release]) -> tuple[Release, ...]:
    """Return the counts of earlier loads that a build of `releases` reads, as `earlier_counts` chooses them.

    Counts whose file is damaged or gone stay in the list as an absent load that says why, and the log says so: what is
    lost from the history is in the manifest and in dim_release, and the audit warns of it.

    Raises:
        IntegrityError: the manifest of landed counts cannot be read.
    """
    landed = [counts for folder in COUNTS_FOLDERS for counts in landing.releases(folder)]
    readable = [_as_found(landing, counts) for counts in landed]
    chosen = earlier_counts(readable, releases)
    for counts in chosen:
        if counts.loads[0].status == "absent":
            log.warning(
                "The history goes on without the counts of %s %s: %s.",
                counts.loads[0].source,
                counts.version,
                counts.loads[0].proof.get("absent_because"),
                extra={"event": "damaged"},
            )
    return chosen


def earlier_counts(landed: Iterable[Release], releases: Sequence[Release]) -> tuple[Release, ...]:
    """Return which of the landed counts are the history of a build of `releases`, by source and then the oldest first.

    They are the counts of every load before the one that the build describes: of IDC the newest version of each lower
    data release, of a source without versions all that was fetched earlier; of a source that the build does not
    describe, of every load. Of one load that several snapshots have counted, the newest counts hold, whole ones before
    absent ones. Counts of made-up data are no history of real data, nor the other way round.

    The answer depends on the loads of the build and on what was counted before them, not on the counts of these loads
    themselves: landing those does not change it, so a night on which nothing is new builds nothing.
    """
    synthetic = any(release.synthetic for release in releases)
    described = {release.source: release for release in releases}
    held: dict[tuple[str, object], Release] = {}
    for counts in sorted(landed, key=_precedence):
        source = counts.loads[0].source
        if counts.synthetic == synthetic and _is_before(counts, described.get(source)):
            point = major_version(counts.version) if load_contract(source).one_version else counts.version
            held[source, point] = counts
    return tuple(sorted(held.values(), key=lambda counts: (counts.loads[0].source, _age(counts))))


def _precedence(counts: Release) -> tuple[bool, list[tuple[int, str]], datetime, str]:
    """Order counts so that of one point of the history those that hold come last."""
    return counts.loads[0].status == "landed", version_rank(counts.version), counts.fetched_at, counts.digest


def _age(counts: Release) -> tuple[int, str, list[tuple[int, str]]]:
    load, version = counts.loads[0], counts.version
    number = major_version(version) if load_contract(load.source).one_version else 0
    return number, str(load.proof[LOADED_AT]), version_rank(version)


def _is_before(counts: Release, described: Release | None) -> bool:
    if described is None:
        return True
    if load_contract(described.source).one_version:
        return major_version(counts.version) < major_version(described.version)
    loaded_at = datetime.fromisoformat(str(counts.loads[0].proof[LOADED_AT]))
    return loaded_at < described.fetched_at and counts.version != described.version


def _as_found(landing: Landing, counts: Release) -> Release:
    """Return landed counts; as an absent load where their file is not what was landed."""
    if not landing.missing_objects(counts):
        return counts
    return without_counts(counts.loads[0], "their file in the landing is damaged or gone, and no snapshot has them")


def without_counts(load: Load, reason: str) -> Release:
    """Return the release that stands for counts which are lost, and says why."""
    lost = load.model_copy(
        update={
            "status": "absent",
            "objects": (),
            "rows": 0,
            "bytes": 0,
            "proof": {LOADED_AT: load.proof[LOADED_AT], "absent_because": reason},
        }
    )
    return Release(
        source=counts_folder(load.source), version=load.upstream_version, channel=load.channel, loads=(lost,)
    )
