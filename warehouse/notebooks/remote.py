"""An exported snapshot at an address: a web server (`http://`, `https://`) or a store that speaks S3 (`s3://`).

All files come, each proven by the list of digests, which is held against the manifest before any of them is asked for:
DuckDB could read them in place only with an extension that it downloads.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from warehouse.errors import IntegrityError, UsageError
from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import Bucket
from warehouse.public_text import public_url
from warehouse.settings import Settings
from warehouse.snapshots.catalog import DATABASE, MANIFEST, Snapshot
from warehouse.snapshots.exported import Export, export_at
from warehouse.snapshots.exporting import LATEST
from warehouse.snapshots.verification import SUMS
from warehouse.sources.http.client import Client, ExpectedDigest
from warehouse.sources.http.errors import NotFound


class _Place(Protocol):
    def read(self, name: str) -> bytes | None:
        """Return a small file, or None where there is none."""
        ...

    def receive(self, name: str, target: Path, sha256: str) -> bool:
        """Fetch a file with this digest; returns false where there is none."""
        ...


def fetch(address: str, snapshots: Path, settings: Settings) -> Snapshot:
    """Fetch the snapshot at an address into a folder of snapshots: the newest of an exported folder, or a named one.

    Raises:
        UsageError: the address is none that can be asked, or there is no snapshot.
        SourceError: it cannot be reached, or a file is not as it was published.
        StoreError: the store refuses.
    """
    with _place(address.removesuffix(f"/{LATEST}").rstrip("/"), settings) as place:
        prefix = _folder_of(place, address)
        export = _described(place, prefix, address, snapshots)
        folder = snapshots / export.manifest.snapshot_id
        for name, digest in sorted(export.sums.items()):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            # A DuckDB file that was dropped before the export is made again from the tables.
            if name != MANIFEST and not place.receive(prefix + name, target, digest) and name != DATABASE:
                raise IntegrityError(f"{name} is missing at {public_url(address)}: the export is not whole.")
    return Snapshot(folder, export.manifest)


def _folder_of(place: _Place, address: str) -> str:
    """Return what stands before the names of the snapshot's files: nothing, or a folder that `latest.json` names."""
    latest = place.read(LATEST)
    if latest is None:
        return ""
    try:
        return str(json.loads(latest)["manifest"]).removesuffix(MANIFEST)
    except (ValueError, KeyError, TypeError):
        raise IntegrityError(f"The {LATEST} at {public_url(address)} cannot be read.") from None


def _described(place: _Place, prefix: str, address: str, snapshots: Path) -> Export:
    arriving = snapshots / ".arriving"
    arriving.mkdir(parents=True)
    for name in (MANIFEST, SUMS):
        content = place.read(prefix + name)
        if content is None:
            raise UsageError(
                f"There is no snapshot at {public_url(address)}: it has no {prefix}{name}. Name the address of a "
                "folder that `icw snapshots export` or `push` wrote, or of one snapshot in it."
            )
        (arriving / name).write_bytes(content)
    with export_at(arriving) as export:
        return Export(arriving.rename(snapshots / export.manifest.snapshot_id), export.manifest, export.sums)


@contextmanager
def _place(address: str, settings: Settings) -> Iterator[_Place]:
    if address.startswith("s3://"):
        try:
            yield _Store(Bucket(store_address(address)))
        except ValueError as error:
            raise UsageError(f"This is no address of a store: {error}.") from None
    elif address.startswith(("http://", "https://")):
        with Client(settings) as client:
            yield _WebFolder(client, address)
    else:
        raise UsageError("A snapshot is opened at an address that begins with https://, http:// or s3://.")


class _WebFolder:
    def __init__(self, client: Client, address: str) -> None:
        self._client = client
        self._address = address

    def read(self, name: str) -> bytes | None:
        try:
            return self._client.get(f"{self._address}/{name}").content
        except NotFound:
            return None

    def receive(self, name: str, target: Path, sha256: str) -> bool:
        expected = ExpectedDigest(sha256, origin=public_url(self._address), stated_by=SUMS)
        try:
            self._client.download(f"{self._address}/{name}", target, expected)
        except NotFound:
            return False
        return True


class _Store:
    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    def read(self, name: str) -> bytes | None:
        return self._bucket.read(name)

    def receive(self, name: str, target: Path, sha256: str) -> bool:
        found = self._bucket.receive(name, target)
        if found not in (None, sha256):
            raise IntegrityError(
                f"{name} at {self._bucket.address} is not the file that {SUMS} describes: expected SHA-256 {sha256}, "
                f"found {found}. Push the snapshot again."
            )
        return found is not None
