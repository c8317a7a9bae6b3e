"""Starts a sandbox for a refresh or for a user.

What belongs here: where the files of a sandbox are, fetching the real IDC artifacts from which it is made, and starting
the server. The server is imported only then: a refresh from the live services needs none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import SourceError
from warehouse.landing import Landing, Release
from warehouse.settings import Settings, load_settings
from warehouse.sources import idc

if TYPE_CHECKING:
    from warehouse.sandbox.server import Sandbox

log = logging.getLogger("icw.sandbox")


@contextmanager
def with_sandbox(settings: Settings) -> Iterator[Settings]:
    """Yield settings whose portal and hub answer: the live services, or a sandbox that runs during the context.

    Raises:
        StorageError: the sandbox's files cannot be written.
        UsageError: the settings ask for a state of the portal's schema that is not in its history.
    """
    if settings.sources == "live" or settings.sandbox_url is not None:
        yield settings
        return
    from warehouse.sandbox.server import Sandbox

    _require_known_schema(settings)
    log.info(
        "Starting a sandbox in the place of the portal and the hub: synthetic data, %s of their size",
        f"{settings.sandbox_scale:.0%}" if settings.sandbox_scale >= 0.01 else f"{settings.sandbox_scale:.2%}",
        extra={"event": "step"},
    )
    with Sandbox(
        _population(settings),
        settings.sandbox_scale,
        idc_release=_identifiers(settings),
        schema=settings.sandbox_schema,
    ) as sandbox:
        yield load_settings(**(settings.model_dump() | {"sandbox_url": sandbox.root_url}))


@contextmanager
def served(settings: Settings, port: int) -> Iterator[Sandbox]:
    """Run a sandbox on a port: portal, hub, an artifact bucket with the IDC release of the settings, clinical tables.

    Specialised indices that the release lacks are synthetic, and so are the tables. Without a channel for IDC
    both buckets are empty.

    Raises:
        StorageError: the sandbox's files cannot be written.
        UsageError: the settings ask for a state of the portal's schema that is not in its history.
    """
    from warehouse.sandbox.server import Sandbox

    _require_known_schema(settings)
    release = _landed(settings, settings.idc_version)
    files = {} if release is None else {release.version: _all_files(settings, release)}
    tables = {} if release is None else _clinical_files(settings, release.version, files[release.version])
    population = _population(settings)
    with Sandbox(
        population,
        settings.sandbox_scale,
        idc_release=_identifiers(settings),
        idc_files=files,
        port=port,
        schema=settings.sandbox_schema,
        clinical_files=tables,
    ) as sandbox:
        yield sandbox


def _require_known_schema(settings: Settings) -> None:
    """Reject an unknown day before anything is fetched for the sandbox."""
    from warehouse.sandbox.population.schema_history import schema_on

    if settings.sandbox_schema is not None:
        schema_on(settings.sandbox_schema)


def _population(settings: Settings) -> Path:
    return _folder(settings) / f"population-{settings.sandbox_scale:g}"


def _folder(settings: Settings) -> Path:
    return settings.home / "sandbox"


def _identifiers(settings: Settings) -> Path | None:
    """Return the IDC index whose identifiers the hub lists; without a channel for it they are invented."""
    release = _landed(settings, settings.sandbox_idc_version)
    load = release.load_of("idc_index") if release is not None else None
    entry = load.object_named("idc_index.parquet") if load is not None else None
    return None if entry is None else _landing(settings).object_path(entry.sha256)


def _landing(settings: Settings) -> Landing:
    """Return the sandbox's own landing: the files that a sandbox is made from are no loads of the warehouse."""
    return Landing(_folder(settings))


def _landed(settings: Settings, version: str) -> Release | None:
    # A sandbox makes its clinical tables itself.
    settings = settings.model_copy(update={"clinical": ()})
    landing = _landing(settings)
    already = landing.release(idc.SOURCE, version)
    if already is not None and not landing.missing_objects(already):
        return already
    try:
        return idc.land(idc.resolve(version, settings), landing, settings)
    except SourceError as error:
        log.warning("The sandbox continues without IDC %s: %s", version, error)
        return None


def _all_files(settings: Settings, release: Release) -> Mapping[str, Path]:
    """Return the files of a release by name: the real ones, and a synthetic one for each index that it lacks."""
    from warehouse.sandbox.idc.specialised import release_files

    landing = _landing(settings)
    objects = [entry for load in release.loads for entry in load.objects]
    real = {entry.name: landing.object_path(entry.sha256) for entry in objects}
    return release_files(real, _folder(settings) / f"idc-{release.version}")


def _clinical_files(settings: Settings, version: str, files: Mapping[str, Path]) -> Mapping[str, Path]:
    """Return the clinical tables that the dictionary of a release describes, by key."""
    from warehouse.sandbox.idc.clinical import synthesise_clinical_tables

    folder = _folder(settings) / f"clinical-{version}"
    return synthesise_clinical_tables(version, files["idc_index.parquet"], files["clinical_index.parquet"], folder)
