"""Turn a judged build into a snapshot, and put it into service.

A snapshot is written into a folder that readers pass over, flushed to disk, renamed into place whole, and then
`current` is moved to it. A process that is killed at any instant leaves the old snapshot in service, or the new one.
A file of a table that an earlier snapshot holds already is stored once (`shared_tables`).
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.errors import BuildFailed
from warehouse.files import linked, sha256_of, sync_folder, writing_to
from warehouse.landing import Landing
from warehouse.quality.verdicts import Verdict, require_no_errors
from warehouse.snapshots import readme
from warehouse.snapshots.absent_parts import absent_parts
from warehouse.snapshots.catalog import (
    DATABASE,
    MANIFEST,
    PROFILE,
    PROFILE_TABLE,
    SITE,
    TABLES,
    Snapshot,
    point_current_at,
    remove_unfinished,
    snapshots_folder,
    with_tables_digest,
)
from warehouse.snapshots.described import citation_documents, write_descriptions
from warehouse.snapshots.group_access import open_folder
from warehouse.snapshots.manifest import (
    LostEntry,
    Manifest,
    SourceEntry,
    SourceFailure,
    TableFile,
    digest_of_tables,
    logical_digest_of_tables,
)
from warehouse.snapshots.provenance import code_version, dependency_versions
from warehouse.snapshots.shared_tables import link_known_tables
from warehouse.snapshots.star import star_tables
from warehouse.snapshots.tables import fill_database, table_writer
from warehouse.snapshots.verification import is_sound

if TYPE_CHECKING:
    from warehouse.build import Build

log = logging.getLogger("icw.snapshots")

WritePages = Callable[[Snapshot], Mapping[str, str] | str]
"""What makes the pages of a snapshot from its tables and manifest: their texts by name, or why it could not."""

_MADE_UP, _TIME = "synthetic-", "%Y%m%dT%H%M%SZ"


def publish(
    build: Build,
    verdicts: Sequence[Verdict],
    home: Path,
    timings: Mapping[str, float],
    *,
    failures: Sequence[SourceFailure] = (),
    write_pages: WritePages | None = None,
    threads: int = 2,
    memory_limit: str = "1GB",
    group_readable: bool = False,
    retrospective: bool = False,
) -> Manifest:
    """Publish a build as a snapshot of `home`, put it into service and return its manifest.

    The caller holds the refresh lock. `timings` are the seconds of the steps before; the manifest adds `publish`.
    `failures` are the sources that could not be refreshed. A build with the same input and the same tables as an
    earlier snapshot is that snapshot: it is put into service again, unless its DuckDB file has been dropped.
    `write_pages` makes its site; where it cannot, the snapshot is published without one, and its manifest says why.
    `threads` and `memory_limit` bound DuckDB; they do not change a byte of the tables. `group_readable` lets the group
    read it, whatever the umask. A `retrospective` snapshot does not go into service.

    Raises:
        AuditFailed: nothing judged the build, or an expectation of severity `error` failed; nothing is written.
        BuildFailed: a table is not as dbt describes it, or its primary key does not identify its rows.
        StorageError: the home cannot be written.
    """
    started = time.perf_counter()
    require_no_errors(verdicts)
    described = star_tables(build.manifest)
    absent = absent_parts(build, Landing(home))
    with _work_folder(home) as work:
        scratch = work / "scratch"
        with table_writer(build.database, scratch, threads=threads, memory_limit=memory_limit) as writer:
            tables, duckdb_file = writer.write(described, work / TABLES, work / DATABASE, absent)
        tables_digest = digest_of_tables(tables)
        earlier = _published_before(home, tables_digest, build.input_digest, retrospective=retrospective)
        if earlier is not None:
            log.info("the same tables are published already", extra={"event": "unchanged", "snapshot": earlier.id})
            if not retrospective:
                point_current_at(home, earlier)
            return earlier.manifest
        synthetic = any(release.synthetic for release in build.releases)
        snapshot_id, created_at = _new_id(home, tables_digest, synthetic=synthetic)
        manifest = Manifest(
            snapshot_id=snapshot_id,
            created_at=created_at,
            input_digest=build.input_digest,
            tables_digest=tables_digest,
            logical_digest=logical_digest_of_tables(tables),
            synthetic=synthetic,
            retrospective=retrospective,
            sources=tuple(SourceEntry.of(release) for release in build.releases),
            earlier=tuple(SourceEntry.of(release) for release in build.evidence.releases),
            counts=tuple(SourceEntry.of(release) for release in build.evidence.counts),
            lost=tuple(LostEntry(version=lost.version, reason=lost.reason) for lost in build.evidence.lost),
            failures=tuple(failures),
            tables=tables,
            absent=absent,
            verdicts=tuple(verdicts),
            code_version=code_version(),
            engine=build.engine,
            dependencies=dependency_versions(build.engine),
            duckdb_file=duckdb_file,
            timings={**timings, "publish": round(time.perf_counter() - started, 3)},
        )
        link_known_tables(home, manifest.tables, work / TABLES)
        _name_profile(work, manifest)
        manifest, pages = _with_pages(Snapshot(folder=work, manifest=manifest), write_pages)
        _write_documents(work, manifest, pages)
        _seal(work, group_readable=group_readable)
        published = Snapshot(folder=snapshots_folder(home) / snapshot_id, manifest=manifest)
        os.rename(work, published.folder)
        sync_folder(snapshots_folder(home))
    log.info("published %s", snapshot_id, extra={"event": "published", "snapshot": snapshot_id})
    if not retrospective:
        point_current_at(home, published)
    return manifest


def publish_again(
    home: Path,
    earlier: Snapshot,
    *,
    write_pages: WritePages | None = None,
    threads: int = 2,
    memory_limit: str = "1GB",
    group_readable: bool = False,
) -> Snapshot:
    """Publish the tables of a sound snapshot whose DuckDB file was dropped under a new id, and put it into service.

    The new one shares its Parquet files and repeats its manifest but for id, time and DuckDB file: the made file has
    other bytes than the one that was dropped, and a published snapshot never changes. Its pages are made anew
    (`write_pages`). The caller holds the lock.

    Raises:
        StorageError: the home cannot be written.
    """
    described = earlier.manifest
    with _work_folder(home) as work, writing_to(work):
        for name in (file.path for table in described.tables for file in table.files):
            (work / TABLES / name).parent.mkdir(exist_ok=True)
            if not linked(earlier.tables_folder / name, work / TABLES / name):
                shutil.copyfile(earlier.tables_folder / name, work / TABLES / name)
        duckdb_file = fill_database(
            described.tables,
            work / TABLES,
            work / DATABASE,
            described.absent,
            threads=threads,
            memory_limit=memory_limit,
        )
        snapshot_id, created_at = _new_id(home, described.tables_digest, synthetic=described.synthetic)
        changes = {"snapshot_id": snapshot_id, "created_at": created_at, "duckdb_file": duckdb_file}
        manifest = described.model_copy(update=changes)
        _name_profile(work, manifest)
        manifest, pages = _with_pages(Snapshot(folder=work, manifest=manifest), write_pages)
        _write_documents(work, manifest, pages)
        _seal(work, group_readable=group_readable)
        published = Snapshot(folder=snapshots_folder(home) / snapshot_id, manifest=manifest)
        os.rename(work, published.folder)
        sync_folder(snapshots_folder(home))
    log.info("published %s again as %s", earlier.id, snapshot_id, extra={"event": "published", "snapshot": snapshot_id})
    point_current_at(home, published)
    return published


@contextmanager
def _work_folder(home: Path) -> Iterator[Path]:
    """Make the folder that a snapshot is written into; afterwards nothing is left of it unless it has been renamed."""
    root = snapshots_folder(home)
    work = root / f".{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tmp"
    with writing_to(root):
        root.mkdir(parents=True, exist_ok=True)
        remove_unfinished(home)
        try:
            (work / TABLES).mkdir(parents=True)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _published_before(home: Path, tables_digest: str, input_digest: str, *, retrospective: bool) -> Snapshot | None:
    same_tables = with_tables_digest(home, tables_digest)
    same_input = (
        entry
        for entry in reversed(same_tables)
        if entry.manifest.input_digest == input_digest and entry.manifest.retrospective == retrospective
    )
    return next((entry for entry in same_input if entry.has_database and is_sound(entry)), None)


def _new_id(home: Path, tables_digest: str, *, synthetic: bool) -> tuple[str, datetime]:
    """Return a name, and the time in it, which no snapshot has: they are in the order in which they were published."""
    created_at = datetime.now(UTC).replace(microsecond=0)
    taken = {path.name.removeprefix(_MADE_UP).partition("-")[0] for path in snapshots_folder(home).iterdir()}
    while f"{created_at:{_TIME}}" in taken:
        created_at += timedelta(seconds=1)
    return f"{_MADE_UP if synthetic else ''}{created_at:{_TIME}}-{tables_digest[:12]}", created_at


def _name_profile(work: Path, manifest: Manifest) -> None:
    """Lay the profile beside the documents of a snapshot, under a name that is the same in every one.

    Raises:
        BuildFailed: the table has parts.
    """
    profile = _profile_file(manifest)
    if profile is not None and not linked(work / TABLES / profile.path, work / PROFILE):
        shutil.copyfile(work / TABLES / profile.path, work / PROFILE)


def _profile_file(manifest: Manifest) -> TableFile | None:
    """Return the one file of the profile, or None where there is no such table."""
    table = next((table for table in manifest.tables if table.name == PROFILE_TABLE), None)
    if table is None:
        return None
    if table.parts:
        raise BuildFailed(
            f"The table {PROFILE_TABLE} cannot be published in parts: {PROFILE} of a snapshot is its one file. Take "
            "parts_by out of the yml file beside the model."
        )
    return table.files[0]


def _with_pages(snapshot: Snapshot, write_pages: WritePages | None) -> tuple[Manifest, dict[str, str]]:
    """Return the manifest, which says why there are no pages where they could not be made, and the pages by path."""
    manifest = snapshot.manifest.model_copy(update={"without_site": None})
    pages = {} if write_pages is None else write_pages(Snapshot(snapshot.folder, manifest))
    if not isinstance(pages, str):
        return manifest, {f"{SITE}/{name}": text for name, text in pages.items()}
    log.error("The snapshot is published without its site: %s", pages, extra={"event": "degraded"})
    return manifest.model_copy(update={"without_site": pages}), {}


def _write_documents(work: Path, manifest: Manifest, pages: Mapping[str, str]) -> None:
    verdicts = [verdict.model_dump(mode="json") for verdict in manifest.verdicts]
    documents = {
        MANIFEST: manifest.model_dump_json(indent=2) + "\n",
        "quality.json": json.dumps(verdicts, indent=2, ensure_ascii=False) + "\n",
        "README.md": readme.render(manifest, has_site=bool(pages)),
        **pages,
    }
    citation, cited = citation_documents(Snapshot(folder=work, manifest=manifest))
    documents |= cited
    for name, text in documents.items():
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(text, encoding="utf-8")
    digests = {f"{TABLES}/{file.path}": file.sha256 for table in manifest.tables for file in table.files}
    digests[DATABASE] = manifest.duckdb_file.sha256
    digests |= {name: sha256_of(work / name) for name in documents}
    if (profile := _profile_file(manifest)) is not None:
        digests[PROFILE] = profile.sha256
    digests |= write_descriptions(work, manifest, citation, digests)
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    (work / "SHA256SUMS").write_text(sums, encoding="utf-8")


def _seal(work: Path, *, group_readable: bool) -> None:
    """Make the files read-only and flush them and their names to disk, so that a rename cannot outrun their bytes."""
    for path in sorted(work.rglob("*")):
        if path.is_file():
            path.chmod(0o444)
            with path.open("rb") as file:
                os.fsync(file.fileno())
    if group_readable:
        open_folder(work)
    for folder in (path for path in work.rglob("*") if path.is_dir()):
        sync_folder(folder)
    sync_folder(work)
