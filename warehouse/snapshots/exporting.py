"""Write a snapshot into a folder or a zip file for others: as it is, or as a bag (BagIt 1.0, RFC 8493).

A folder can be served as it is by any web server or object store; several snapshots can lie in one:

    latest.json                  the newest of them: its id, its folder, the paths of the files of each table
    <snapshot id>/               the files of the snapshot; of a bag, below data/, with the bag's lists of digests

A zip file holds the same for one snapshot; what is compressed already (Parquet, DuckDB) is stored, so that a reader can
take single tables out of it. Every file is held against its published digest while it is copied. A folder or a file
appears when it is whole, and `latest.json` moves last. A DuckDB file that has been dropped is left out.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from warehouse.errors import IntegrityError, OutputError, StorageError, UsageError
from warehouse.files import sync_folder, write_atomically
from warehouse.home import require_outside
from warehouse.snapshots.catalog import DATABASE, MANIFEST, TABLES, Snapshot
from warehouse.snapshots.verification import SUMS, stated_digests

LATEST = "latest.json"
PAYLOAD = "data"
"""The folder of a bag that holds the files of the snapshot."""

_CHUNK = 1 << 20
_OF_THE_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_COMPRESSED = frozenset({".parquet", ".duckdb"})


@dataclass(frozen=True)
class Exported:
    """What was written: where it is, how many files with how many bytes; `is_new` is false where it was there."""

    path: Path
    files: int
    bytes: int
    is_new: bool = True


class _Target(Protocol):
    def add(self, name: str, source: BinaryIO, size: int) -> str:
        """Write a file and return the SHA-256 (hex) of what was read."""
        ...


def export(snapshot: Snapshot, target: Path, *, bagit: bool = False) -> Exported:
    """Write a snapshot into the folder `target`, which is made if need be, or into a file `target` ending in .zip.

    A folder that holds just this snapshot already, whole, is left as it is.

    Raises:
        IntegrityError: a file of the snapshot is not as it was published; or the target holds another folder of this
            name. Nothing is written then.
        UsageError: the target lies in a warehouse home; or it holds made-up data, and this snapshot real data, or the
            other way round.
        OutputError: the target cannot be written to.
        StorageError: there is no room for it.
    """
    home = snapshot.folder.parents[1]
    if target.suffix.lower() == ".zip":
        require_outside(target, home)
        with _refusals(target):
            return _into_zip(snapshot, target, bagit=bagit)
    require_outside(target / snapshot.id, home)
    with _refusals(target):
        return _into_folder(snapshot, target, bagit=bagit)


def published_files(snapshot: Snapshot) -> dict[str, str]:
    """Return the SHA-256 of each file of a snapshot that is there to be copied, by name; but for the list itself.

    Raises:
        IntegrityError: the list of digests cannot be read, or does not agree with the manifest.
    """
    stated = stated_digests(snapshot)
    if not snapshot.has_database:
        stated.pop(DATABASE, None)
    return stated


def _into_folder(snapshot: Snapshot, target: Path, *, bagit: bool) -> Exported:
    final, work = target / snapshot.id, target / f".{snapshot.id}.tmp"
    target.mkdir(parents=True, exist_ok=True)
    with _alone(work, target):
        latest = _latest(target)
        require_its_kind(latest, str(target), snapshot, "in one folder. Name another")
        for left in target.glob(f".{LATEST}.*.tmp"):
            left.unlink()
        is_new = not final.exists()
        if is_new:
            shutil.rmtree(work, ignore_errors=True)
            work.mkdir()
            try:
                _write(snapshot, _Folder(work), bagit=bagit)
                for folder in (path for path in (work, *work.rglob("*")) if path.is_dir()):
                    sync_folder(folder)
                os.rename(work, final)
                sync_folder(target)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        else:
            _require_same(snapshot, final, bagit=bagit)
            bagit = (final / PAYLOAD).is_dir()
        has_database = (final / PAYLOAD / DATABASE if bagit else final / DATABASE).is_file()
        if is_latest(snapshot, latest):
            write_atomically(target / LATEST, pointer(snapshot, bagit=bagit, has_database=has_database))
    return _measured(final, is_new=is_new)


def _into_zip(snapshot: Snapshot, target: Path, *, bagit: bool) -> Exported:
    work = target.with_name(f".{target.name}.tmp")
    with _alone(work, target.parent):
        try:
            with work.open("wb") as file:
                with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
                    into = _Zip(archive, snapshot)
                    _write(snapshot, into, bagit=bagit)
                    into.add_text(LATEST, pointer(snapshot, bagit=bagit, has_database=snapshot.has_database))
                    files = len(archive.namelist())
                file.flush()
                os.fsync(file.fileno())
            os.replace(work, target)
            sync_folder(target.parent)
        finally:
            work.unlink(missing_ok=True)
    return Exported(target, files, target.stat().st_size)


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def add(self, name: str, source: BinaryIO, size: int) -> str:
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            digest = copied(source, file)
            file.flush()
            os.fsync(file.fileno())
        return digest


class _Zip:
    def __init__(self, archive: zipfile.ZipFile, snapshot: Snapshot) -> None:
        self._archive = archive
        self._root = snapshot.id
        # The same snapshot gives the same file.
        self._time = snapshot.manifest.created_at.timetuple()[:6]

    def add(self, name: str, source: BinaryIO, size: int) -> str:
        with self._archive.open(self._entry(f"{self._root}/{name}"), "w", force_zip64=size >= 1 << 31) as file:
            return copied(source, file)

    def add_text(self, name: str, text: str) -> None:
        self._archive.writestr(self._entry(name), text)

    def _entry(self, name: str) -> zipfile.ZipInfo:
        entry = zipfile.ZipInfo(name, self._time)  # type: ignore[arg-type]
        entry.compress_type = zipfile.ZIP_STORED if Path(name).suffix in _COMPRESSED else zipfile.ZIP_DEFLATED
        entry.external_attr = 0o100644 << 16
        return entry


def copied(source: BinaryIO, target: Any) -> str:
    """Copy an open file to another one in pieces, and return the SHA-256 (hex) of its bytes."""
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _write(snapshot: Snapshot, target: _Target, *, bagit: bool) -> None:
    """Write the files of a snapshot, each held against its digest, and the tag files of a bag."""
    stated = published_files(snapshot)
    place = f"{PAYLOAD}/" if bagit else ""
    payload: dict[str, str] = {}
    octets = 0
    for name in (*sorted(stated), SUMS):
        path = snapshot.folder / name
        size = path.stat().st_size
        with path.open("rb") as source:
            digest = target.add(place + name, source, size)
        if digest != stated.get(name, digest):
            raise IntegrityError(
                f"{path} is damaged: it is not as it was published (`icw verify {snapshot.id}`). Nothing was exported."
            )
        payload[place + name] = digest
        octets += size
    if not bagit:
        return
    tags: dict[str, str] = {}
    for name, text in {
        "bagit.txt": "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": _bag_info(snapshot, octets, len(payload)),
        "manifest-sha256.txt": _listed(payload),
    }.items():
        tags[name] = _add_text(target, name, text)
    _add_text(target, "tagmanifest-sha256.txt", _listed(tags))


def _add_text(target: _Target, name: str, text: str) -> str:
    import io

    content = text.encode()
    return target.add(name, io.BytesIO(content), len(content))


def _bag_info(snapshot: Snapshot, octets: int, files: int) -> str:
    manifest = snapshot.manifest
    synthetic = "SYNTHETIC data of a simulated service: " if manifest.synthetic else ""
    return (
        f"External-Identifier: {snapshot.id}\n"
        f"External-Description: {synthetic}Imaging Commons Warehouse, SHA-256 of the tables {manifest.tables_digest}\n"
        f"Bagging-Date: {manifest.created_at:%Y-%m-%d}\n"
        f"Payload-Oxum: {octets}.{files}\n"
    )


def _listed(digests: Mapping[str, str]) -> str:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))


def pointer(snapshot: Snapshot, *, bagit: bool = False, has_database: bool) -> str:
    """Return `latest.json`: paths relative to it, so that the folder can be served from anywhere."""
    manifest = snapshot.manifest
    folder = f"{snapshot.id}/{PAYLOAD}" if bagit else snapshot.id
    content = {
        "snapshot_id": snapshot.id,
        "created_at": manifest.created_at.isoformat(),
        "synthetic": manifest.synthetic,
        "tables_digest": manifest.tables_digest,
        "folder": folder,
        "manifest": f"{folder}/{MANIFEST}",
        "database": f"{folder}/{DATABASE}" if has_database else None,
        "tables": {table.name: [f"{folder}/{TABLES}/{file.path}" for file in table.files] for table in manifest.tables},
    }
    return json.dumps(content, indent=2) + "\n"


def _latest(target: Path) -> dict[str, Any] | None:
    path = target / LATEST
    try:
        return read_pointer(path.read_bytes(), str(path))
    except FileNotFoundError:
        return None


def read_pointer(content: bytes, place: str) -> dict[str, Any]:
    """Return what a `latest.json` says.

    Raises:
        OutputError: it is none of this program's; `place` names it there.
    """
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("created_at"), str):
        raise OutputError(f"{place} is not a latest.json of this program, and would be replaced. Name another folder.")
    return found


def is_latest(snapshot: Snapshot, latest: Mapping[str, Any] | None) -> bool:
    """Return whether a `latest.json` is to name this snapshot now: it is no older, and not of a past release."""
    is_newer = latest is None or latest["created_at"] <= snapshot.manifest.created_at.isoformat()
    return is_newer and not snapshot.manifest.retrospective


def require_its_kind(latest: Mapping[str, Any] | None, place: str, snapshot: Snapshot, advice: str) -> None:
    """Refuse to put made-up data beside real data, where who reads `latest.json` would take one for the other.

    `advice` ends the sentence: where they do not belong together, and what to do.

    Raises:
        UsageError: the `latest.json` of `place` names a snapshot of the other kind.
    """
    if latest is None or latest.get("synthetic") is snapshot.manifest.synthetic:
        return
    kind, other = ("made-up", "real") if snapshot.manifest.synthetic else ("real", "made-up")
    raise UsageError(
        f"{snapshot.id} holds {kind} data, and {place} {other} data ({latest.get('snapshot_id')}): they do not belong "
        f"{advice}."
    )


def _require_same(snapshot: Snapshot, folder: Path, *, bagit: bool) -> None:
    """Refuse a folder of the name of a snapshot that does not hold just its files, in the form that is wanted.

    The DuckDB file may lack there, or be there still where that of the snapshot has been dropped.

    Raises:
        IntegrityError: it does not.
    """
    is_bag = (folder / PAYLOAD).is_dir()
    if bagit and not is_bag:
        raise IntegrityError(
            f"{folder} is there already, and is no bag. Nothing was exported. Name another folder, or remove that one."
        )
    payload = folder / PAYLOAD if is_bag else folder
    for name, digest in stated_digests(snapshot).items():
        if name == DATABASE and not (payload / name).is_file():
            continue
        try:
            with (payload / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == digest:
                    continue
        except FileNotFoundError:
            pass
        raise IntegrityError(
            f"{folder} is there already, and its {name} is not that of snapshot {snapshot.id}. Nothing was exported. "
            "Remove that folder, then run the command again."
        )


def _measured(folder: Path, *, is_new: bool) -> Exported:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Exported(folder, len(sizes), sum(sizes), is_new)


@contextmanager
def _alone(work: Path, folder: Path) -> Iterator[None]:
    """Let one process at a time write into a folder; what a dead one left is written over.

    Raises:
        OutputError: another process is writing there.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputError(
                f"Another export is writing to {folder} ({work.name}). Wait until it has finished, then run the "
                "command again."
            ) from None
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _refusals(target: Path) -> Iterator[None]:
    """Turn an operating system's refusal into a sentence."""
    try:
        yield
    except OSError as error:
        what = f"The snapshot cannot be exported to {target}: {error.strerror or error}."
        if error.errno in _OF_THE_DISK:
            raise StorageError(f"{what} Nothing was left there. Choose another place, or free some space.") from error
        raise OutputError(
            f"{what} Name a folder, or a .zip file in a folder that exists, that you may write to."
        ) from (error)
