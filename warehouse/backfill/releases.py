"""Land and profile past releases."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from warehouse.backfill.plan import Plan, Planned
from warehouse.backfill.snapshots import PastSnapshot
from warehouse.errors import Degraded, SourceError, UnknownRelease, WarehouseError
from warehouse.landing import Landing, Release
from warehouse.profiles.store import has_profile, profile_of
from warehouse.registry import source
from warehouse.settings import Settings
from warehouse.sources.idc import SOURCE
from warehouse.sources.idc.upstream import IdcUpstream

log = logging.getLogger("icw.backfill")

Outcome = Literal["landed", "profiled", "unchanged", "failed"]


@dataclass(frozen=True)
class Backfilled:
    """What became of one release that was asked for.

    `landed`: it was fetched, and is profiled. `profiled`: it was there, and its profile was not. `unchanged`: both were
    there. `failed`: `error` says why, `version` is None where it is not known, and `release` is None. `left_s` are the
    seconds that the rest of the backfill is expected to take.
    """

    requested: str
    version: str | None
    release: Release | None
    outcome: Outcome
    seconds: float
    left_s: float
    error: WarehouseError | None = None

    @property
    def channel(self) -> str | None:
        """Where it was fetched from."""
        return None if self.release is None else self.release.channel

    @property
    def rows(self) -> int:
        """The rows of its datasets."""
        return 0 if self.release is None else sum(load.rows for load in self.release.loads)


def backfill(settings: Settings, plan: Plan) -> Iterator[Backfilled]:
    """Land and profile releases, one after the other; yields what became of each. The caller holds the refresh lock.

    Clinical tables are not fetched. A release that cannot be had does not keep the others from coming.

    Raises:
        StorageError: the home cannot be written.
    """
    landing = Landing(settings.home)
    begun = time.monotonic()
    for done, planned in enumerate(plan.releases, start=1):
        started = time.monotonic()
        found, outcome, error = _brought(planned, landing, settings)
        now = time.monotonic()
        left_s = plan.left_s(done, now - begun)
        yield Backfilled(planned.requested, planned.version, found, outcome, round(now - started, 1), left_s, error)
        progress = {"event": "progress", "label": "releases", "done": done, "total": len(plan.releases)}
        log.info("release %d of %d", done, len(plan.releases), extra=progress)


def require_all(found: Sequence[Backfilled], published: Sequence[PastSnapshot] = ()) -> None:
    """Stop if a release that was asked for could not be had, or a snapshot of one could not be published.

    Raises:
        WarehouseError: no release could be had, or no snapshot be published: the error of the first. Degraded: some
            could not.
    """
    _require_all({entry.requested: entry.error for entry in found}, "releases are landed and profiled")
    _require_all({entry.release.version: entry.error for entry in published}, "snapshots are published")


def _require_all(errors: dict[str, WarehouseError | None], what: str) -> None:
    failed = {name: error for name, error in errors.items() if error is not None}
    if not failed:
        return
    if len(failed) == len(errors):
        raise next(iter(failed.values()))
    raise Degraded(
        f"{len(errors) - len(failed)} of {len(errors)} {what}; these are not: {', '.join(failed)}. Run the command "
        "again: it goes on from what is there."
    )


def _brought(
    planned: Planned, landing: Landing, settings: Settings
) -> tuple[Release | None, Outcome, WarehouseError | None]:
    if planned.error is not None:
        return None, "failed", planned.error
    try:
        release = planned.landed or _landed(planned, landing, settings)
        was_profiled = has_profile(settings.home, release)
        if not was_profiled:
            log.info("Profiling IDC %s", release.version, extra={"event": "step"})
        profile_of(settings.home, landing, release, threads=settings.threads, memory_limit=settings.memory_limit)
    except (SourceError, UnknownRelease) as error:
        return None, "failed", error
    if planned.landed is None:
        return release, "landed", None
    return release, "unchanged" if was_profiled else "profiled", None


def _landed(planned: Planned, landing: Landing, settings: Settings) -> Release:
    resolved = planned.resolved
    assert resolved is not None
    named = settings.model_copy(update={"clinical": (), "idc_version": resolved.version})
    return IdcUpstream(source(SOURCE), named, resolved).land(landing)
