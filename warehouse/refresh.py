"""The decisions of a refresh that are not one stage's own: is there anything to do, and how is a build published.

Orchestration calls these between the stages; a test can do so without it.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from warehouse.build import Build, input_digest, model_seconds
from warehouse.landing import Landing, Release
from warehouse.quality.record import recorded_seconds, recorded_verdicts
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, current, point_current_at, remove_unfinished, snapshots
from warehouse.snapshots.manifest import Manifest
from warehouse.snapshots.publish import publish
from warehouse.sources import idc


@dataclass(frozen=True)
class Plan:
    """What a refresh has to do: `existing` is the snapshot that holds all that is asked for, if there is one."""

    idc: idc.ResolvedRelease
    fetches: bool
    existing: Snapshot | None


def plan(idc_version: str, settings: Settings) -> Plan:
    """Ask the upstreams, with small requests only, whether a refresh would fetch or build anything.

    Raises:
        UsageError, SourceError: as `warehouse.sources.idc.resolve`.
    """
    landing = Landing(settings.home)
    resolved = idc.resolve(idc_version, settings)
    release = landing.release("idc", resolved.version)
    if release is None or idc.needs_fetch(resolved, landing):
        return Plan(idc=resolved, fetches=True, existing=None)
    return Plan(idc=resolved, fetches=False, existing=existing_snapshot(settings.home, [release]))


def existing_snapshot(home: Path, releases: Sequence[Release]) -> Snapshot | None:
    """Return the newest snapshot that this code made from just these releases, or None."""
    digest = input_digest(releases)
    return next((found for found in reversed(snapshots(home)) if found.manifest.input_digest == digest), None)


def serve_existing(home: Path, existing: Snapshot) -> Literal["unchanged", "restored"]:
    """Keep or put an existing snapshot into service, and say which of the two it was.

    Raises:
        StorageError: the home cannot be written.
    """
    in_service = current(home)
    tidy(home)
    if in_service is not None and in_service.id == existing.id:
        return "unchanged"
    point_current_at(home, existing)
    return "restored"


def tidy(home: Path) -> None:
    """Remove what broken runs left behind. Only the holder of the refresh lock may do this, after a whole run.

    Raises:
        StorageError: the home cannot be written.
    """
    Landing(home).sweep()
    remove_unfinished(home)
    shutil.rmtree(home / "builds", ignore_errors=True)


def publish_build(home: Path, build: Build, settings: Settings) -> Manifest:
    """Publish an audited build, then remove what is not needed any more.

    Raises:
        AuditFailed: a stage of the audit has not judged this build, or an error stops it.
        StorageError: the home cannot be written.
    """
    verdicts = recorded_verdicts(home, build.input_digest)
    timings = {"model": model_seconds(build), **recorded_seconds(home, build.input_digest)}
    manifest = publish(build, verdicts, home, timings, threads=settings.threads, memory_limit=settings.memory_limit)
    tidy(home)
    return manifest
