"""Are the files of a home byte for byte what was landed and published? Reads everything, changes nothing.

A landed object bears its SHA-256 as its name; a snapshot lists its files in `SHA256SUMS`, whose own digests of the
manifest and the tables are held against the manifest. A file that several snapshots share is checked for each. The
DuckDB file of a snapshot that is not in service may have been dropped; one that was made again has a digest of its own.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from warehouse.build.count_history import COUNTS_FOLDERS
from warehouse.errors import IntegrityError
from warehouse.files import sha256_of
from warehouse.landing import Landing
from warehouse.registry import SOURCE_NAMES
from warehouse.snapshots import catalog, databases
from warehouse.snapshots.catalog import Snapshot, Unreadable

log = logging.getLogger("icw.snapshots")

SUMS = "SHA256SUMS"

_SUM = re.compile(r"(?P<digest>[0-9a-f]{64})  (?P<name>.+)")


@dataclass(frozen=True)
class FileCheck:
    """One file and what was found: it is as it was written, dropped on purpose, damaged, missing, or nobody's."""

    part: str
    path: Path
    found: Literal["sound", "dropped", "damaged", "missing", "unexpected"]
    detail: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether something is the matter with the file."""
        return self.found not in ("sound", "dropped")


def verify_landing(landing: Landing, sources: tuple[str, ...]) -> Iterator[FileCheck]:
    """Check every object that a load manifest of these sources names; each object once.

    Raises:
        IntegrityError: a load manifest cannot be read.
    """
    seen: set[str] = set()
    for source in sources:
        for release in landing.releases(source):
            for entry in (entry for load in release.loads for entry in load.objects):
                if entry.sha256 in seen:
                    continue
                seen.add(entry.sha256)
                path = landing.object_path(entry.sha256)
                yield _check(f"landing: {entry.name} of {source} {release.version}", path, entry.sha256)


def verify_snapshot(snapshot: Snapshot) -> Iterator[FileCheck]:
    """Check every file of a published snapshot, and that it has no others."""
    part = f"snapshot {snapshot.id}"
    path = snapshot.folder / SUMS
    stated = _sums(path)
    if stated is None:
        yield FileCheck(part, path, "damaged" if path.exists() else "missing", "no list of digests")
        stated = {}
    known = _known(snapshot)
    for name, digest in sorted({**stated, **known}.items()):
        if stated and stated.get(name) != digest:
            yield FileCheck(part, path, "damaged", f"it has another digest of {name} than the manifest")
        if name == snapshot.database.name and not snapshot.has_database and not catalog.is_in_service(snapshot):
            yield FileCheck(part, snapshot.database, "dropped", "it is made again from the Parquet files on demand")
            continue
        yield _check(part, snapshot.folder / name, digest)
    again = databases.made_again(snapshot)
    if again is not None:
        yield _check_made_again(part, again)
    files = (found for found in sorted(snapshot.folder.rglob("*")) if not found.is_dir())
    for found in files:
        if found.relative_to(snapshot.folder).as_posix() not in {*stated, *known, SUMS}:
            yield FileCheck(part, found, "unexpected")


def is_sound(snapshot: Snapshot) -> bool:
    """Return whether every file of a snapshot is as it was published. Where one is not, the log names it.

    A file that somebody has laid beside them changes none.
    """
    faults = [check for check in verify_snapshot(snapshot) if check.found in ("damaged", "missing")]
    for fault in faults:
        log.error("%s is %s: %s is not put into service.", fault.path, fault.found, snapshot.id)
    return not faults


def of_unreadable(entry: Unreadable) -> FileCheck:
    """Return what is found of a snapshot that cannot be read as one."""
    return FileCheck(f"snapshot {entry.folder.name}", entry.folder, "damaged", entry.reason)


def _check_made_again(part: str, path: Path) -> FileCheck:
    """Hold a DuckDB file that was made again against the digest that was written beside it."""
    try:
        digest = path.with_name(databases.DIGEST).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        digest = "none"
    found = _check(part, path, digest)
    if found.is_fault:
        return replace(found, detail=f"remove {path.parent}: it is made again on demand")
    return found


def _check(part: str, path: Path, digest: str) -> FileCheck:
    try:
        found = sha256_of(path)
    except FileNotFoundError:
        return FileCheck(part, path, "missing")
    except OSError as error:
        return FileCheck(part, path, "damaged", f"cannot be read: {error.strerror or error}")
    return FileCheck(part, path, "sound" if found == digest else "damaged")


def _sums(path: Path) -> dict[str, str] | None:
    try:
        return digests_in(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def digests_in(text: str) -> dict[str, str] | None:
    """Return the digests by name that a text in the form of `SHA256SUMS` states, or None where it is none."""
    matches = [_SUM.fullmatch(line) for line in text.splitlines()]
    if not matches or None in matches:
        return None
    return {match["name"]: match["digest"] for match in matches if match is not None}


def stated_digests(snapshot: Snapshot) -> dict[str, str]:
    """Return the digests by name that a snapshot states of its files, in its list and in its manifest alike.

    Raises:
        IntegrityError: the list cannot be read, or does not agree with the manifest.
    """
    stated, known = _sums(snapshot.folder / SUMS), _known(snapshot)
    if stated is None or any(stated.get(name) != digest for name, digest in known.items()):
        raise IntegrityError(
            f"{snapshot.folder / SUMS} cannot be read, or does not agree with the manifest "
            f"(`icw verify {snapshot.id}`)."
        )
    return stated


def _known(snapshot: Snapshot) -> dict[str, str]:
    tables = {f"tables/{table.name}.parquet": table.parquet_sha256 for table in snapshot.manifest.tables}
    return {**tables, snapshot.database.name: snapshot.manifest.duckdb_file.sha256}


def checks(home: Path, name: str | None, landing: bool, everything: bool) -> Iterator[FileCheck]:
    """Check the files of one snapshot (None is the current one), of the landing, or of everything in a home."""
    if landing or everything:
        yield from verify_landing(Landing(home), (*SOURCE_NAMES, *COUNTS_FOLDERS))
    if not landing:
        for snapshot in catalog.snapshots(home) if everything else [catalog.snapshot(home, name)]:
            yield from verify_snapshot(snapshot)
