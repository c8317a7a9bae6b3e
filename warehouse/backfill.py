"""Backfill: past IDC releases, landed and profiled, so that a history does not begin with the first refresh.

No star is built of them, and none is chosen for the next build, which may read them as evidence like any other landed
release. What is landed and profiled already is skipped, so a backfill that was stopped goes on where it was.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from warehouse.errors import Degraded, SourceError, UnknownRelease, UsageError, WarehouseError
from warehouse.landing import Landing, Release
from warehouse.profiles.store import has_profile, profile_of
from warehouse.registry import source
from warehouse.settings import Settings
from warehouse.sources.idc import SOURCE, resolve
from warehouse.sources.idc.releases import parse_requested
from warehouse.sources.idc.upstream import IdcUpstream
from warehouse.sources.upstream import ResolvedRelease

log = logging.getLogger("icw.backfill")

_RANGE = re.compile(r"v([1-9]\d{0,3})\.\.v([1-9]\d{0,3})", re.ASCII)
_MOST = 200

Outcome = Literal["landed", "profiled", "unchanged", "failed"]


@dataclass(frozen=True)
class Backfilled:
    """What became of one release that was asked for.

    `landed`: it was fetched, and is profiled. `profiled`: it was there, and its profile was not. `unchanged`: both were
    there. `failed`: `error` says why, and `version` is None where it is not known. `rows` are those of its datasets.
    """

    requested: str
    version: str | None
    channel: str | None
    outcome: Outcome
    rows: int
    seconds: float
    error: WarehouseError | None = None


def requested_releases(names: Sequence[str]) -> tuple[str, ...]:
    """Return each release that is asked for once, in the order of the names: a range stands for its data releases.

    Args:
        names: `v18..v25` (both ends are meant), `v23` (the newest of a data release) or `23.5.0`.

    Raises:
        UsageError: a name is none of these, or they are too many.
    """
    found: list[str] = []
    for name in names:
        if ".." not in name:
            wanted = parse_requested(name)
            if wanted.version is None and wanted.major is None:
                raise UsageError(f"{name!r} is no past release: ask for v18..v25, v23 or 23.5.0.")
            found.append(name)
            continue
        match = _RANGE.fullmatch(name)
        if match is None:
            raise UsageError(f"{name!r} is no range of IDC's data releases: write it as v18..v25.")
        first, last = int(match[1]), int(match[2])
        if first > last:
            raise UsageError(f"The range {name} ends before it begins: write it as v{last}..v{first}.")
        found += [f"v{major}" for major in range(first, last + 1)]
    releases = tuple(dict.fromkeys(found))
    if len(releases) > _MOST:
        raise UsageError(f"These are {len(releases)} releases; ask for at most {_MOST} at a time.")
    return releases


def backfill(settings: Settings, requested: Sequence[str]) -> Iterator[Backfilled]:
    """Land and profile releases, one after the other; yields what became of each. The caller holds the refresh lock.

    Clinical tables are not fetched. A release that cannot be had does not keep the others from coming.

    Raises:
        StorageError: the home cannot be written.
        IntegrityError: the manifest of a landed release cannot be read.
    """
    landing = Landing(settings.home)
    for done, name in enumerate(requested, start=1):
        started = time.monotonic()
        landing.releases(SOURCE)
        try:
            release, was_landed = _landed(name, landing, settings)
            was_profiled = has_profile(settings.home, release)
            if not was_profiled:
                log.info("Profiling IDC %s", release.version, extra={"event": "step"})
            profile_of(settings.home, landing, release, threads=settings.threads, memory_limit=settings.memory_limit)
        except (SourceError, UnknownRelease) as error:
            yield Backfilled(name, parse_requested(name).version, None, "failed", 0, _since(started), error)
        else:
            outcome: Outcome = "landed" if not was_landed else "unchanged" if was_profiled else "profiled"
            rows = sum(load.rows for load in release.loads)
            yield Backfilled(name, release.version, release.channel, outcome, rows, _since(started))
        progress = {"event": "progress", "label": "releases", "done": done, "total": len(requested)}
        log.info("release %d of %d", done, len(requested), extra=progress)


def require_all(found: Sequence[Backfilled]) -> None:
    """Stop if a release that was asked for could not be had.

    Raises:
        WarehouseError: none could: the error of the first. Degraded: some could not.
    """
    failed = [entry for entry in found if entry.error is not None]
    if not failed:
        return
    if len(failed) == len(found):
        assert failed[0].error is not None
        raise failed[0].error
    names = ", ".join(entry.requested for entry in failed)
    raise Degraded(
        f"{len(found) - len(failed)} of {len(found)} releases are landed and profiled; these are not: {names}. Run "
        "the command again: it goes on from what is there."
    )


def _landed(name: str, landing: Landing, settings: Settings) -> tuple[Release, bool]:
    """Return a landed release, and whether it was landed before."""
    plain = settings.model_copy(update={"clinical": ()})
    version, resolved = parse_requested(name).version, None
    found = None if version is None else _whole(version, landing, settings)
    if found is None:
        resolved: ResolvedRelease | None = resolve(name, plain)
        found = _whole(resolved.version, landing, settings)
    if found is not None:
        return found, True
    assert resolved is not None
    named = plain.model_copy(update={"idc_version": resolved.version})
    return IdcUpstream(source(SOURCE), named, resolved).land(landing), False


def _whole(version: str, landing: Landing, settings: Settings) -> Release | None:
    """Return the landed release of this version whose files are all as they were landed, the one fetched last."""
    return next(
        (
            release
            for release in reversed(landing.releases(SOURCE))
            if release.version == version
            and (not release.synthetic or settings.sources == "sandbox")
            and not landing.missing_objects(release)
        ),
        None,
    )


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)
