"""Publish a snapshot to an object store: whole before visible, and again from where it was stopped.

What lies in the store is what an export writes into a folder: the files below `<snapshot id>/`, its list of digests
after all others, and `latest.json` last, which one request replaces. So whatever a reader finds who begins at
`latest.json` is whole, at whatever instant the process ends. What an earlier try has left is not sent again.

Nothing is taken for sent because it was sent. Before the list of digests follows, and before `latest.json` does, the
store is asked what it holds: the entity tag, which it makes of the bytes that it has received, must be that of the
published ones; where it makes tags in another way (keys of the customer), the object is read back and hashed. A file
that is as it was in the snapshot which `latest.json` names is copied inside the store. Nothing is ever removed there,
but for an object that came out damaged.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from warehouse.errors import IntegrityError, StoreError, UsageError
from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import Bucket, Patience, StoredObject
from warehouse.object_store.fingerprint import Fingerprint, fingerprint
from warehouse.settings import Settings
from warehouse.snapshots.catalog import DATABASE, MANIFEST, Snapshot
from warehouse.snapshots.exporting import LATEST, is_latest, pointer, published_files, read_pointer, require_its_kind
from warehouse.snapshots.verification import SUMS, digests_in

log = logging.getLogger("icw.snapshots")

_CONTENT_TYPES = {
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".cff": "application/yaml",
    ".html": "text/html; charset=utf-8",
    ".md": "text/markdown; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
    "": "text/plain; charset=utf-8",
}
_TRIES = 2

_How = Literal["held", "copied", "sent"]


@dataclass(frozen=True)
class Pushed:
    """What is in the store now: where, how many files of how many bytes; how many of them this run sent or copied.

    `is_latest`: `latest.json` names this snapshot, and not a newer one.
    """

    address: str
    files: int
    bytes: int
    sent: int
    sent_bytes: int
    copied: int
    is_latest: bool


def publish_bucket(settings: Settings) -> Bucket:
    """Return the place that the settings name for publishing to.

    Raises:
        UsageError: they name none.
        StoreError: the files of AWS cannot be used.
    """
    if settings.publish_url is None:
        raise UsageError("No store is set. Set ICW_PUBLISH_URL to s3://bucket/prefix, then run the command again.")
    return Bucket(
        store_address(settings.publish_url),
        Patience(
            connect_s=settings.connect_timeout_s,
            retries=settings.retries,
            retry_wait_s=settings.retry_wait_s,
            retry_wait_max_s=settings.retry_wait_max_s,
        ),
    )


def push(snapshot: Snapshot, bucket: Bucket) -> Pushed:
    """Publish a snapshot to a store, unless it is there; `latest.json` then names it, where it names no newer one.

    Raises:
        IntegrityError: a file of the snapshot is not as it was published; the store holds another snapshot of this
            id, or keeps other bytes than were sent. `latest.json` is as it was then.
        UsageError: the store holds made-up data, and this snapshot real data, or the other way round.
        OutputError: its `latest.json` is not of this program.
        StoreError: the store cannot be reached, or refuses.
    """
    log.info("Publishing %s to %s", snapshot.id, bucket.address, extra={"event": "step"})
    stated = published_files(snapshot)
    latest = _latest(bucket)
    require_its_kind(latest, str(bucket.address), snapshot, "below one prefix. Set ICW_PUBLISH_URL to another")
    sums = (snapshot.folder / SUMS).read_bytes()
    _require_no_other(bucket, snapshot, sums)
    # The manifest makes a folder a snapshot, and the list of digests a whole one.
    names = [*sorted(name for name in stated if name != MANIFEST), MANIFEST]
    task = _Task(snapshot, bucket, _copies(bucket, latest, snapshot))
    task.bring(names, stated)
    task.bring([SUMS], {SUMS: hashlib.sha256(sums).hexdigest()})
    # Another process may have published a newer one while this one was at work.
    latest = _latest(bucket)
    is_newest = is_latest(snapshot, latest)
    if is_newest:
        _point(bucket, pointer(snapshot, has_database=task.has_database).encode())
    log.info("%s is in %s", snapshot.id, bucket.address, extra={"event": "pushed", "snapshot": snapshot.id})
    sizes = {name: found.size for name, found in task.known.items()}
    sent = [name for name, how in task.done.items() if how == "sent"]
    return Pushed(
        address=str(bucket.address),
        files=len(sizes),
        bytes=sum(sizes.values()),
        sent=len(sent),
        sent_bytes=sum(sizes[name] for name in sent),
        copied=sum(how == "copied" for how in task.done.values()),
        is_latest=is_newest,
    )


def is_pushed(snapshot: Snapshot, bucket: Bucket) -> bool:
    """Return whether `latest.json` of a store names just this snapshot, which only follows its files. One request.

    Raises:
        StoreError: the store cannot be reached, or refuses.
    """
    return bucket.read(LATEST) == pointer(snapshot, has_database=snapshot.has_database).encode()


class _Task:
    """The files of a snapshot on their way into its folder: what is known of each, and how it came there."""

    def __init__(self, snapshot: Snapshot, bucket: Bucket, copies: Mapping[str, str]) -> None:
        self._snapshot = snapshot
        self._bucket = bucket
        self._copies = copies
        self.known: dict[str, Fingerprint] = {}
        self.done: dict[str, _How] = {}
        self.has_database = snapshot.has_database

    def bring(self, names: list[str], stated: Mapping[str, str]) -> None:
        """Bring files into the store, and prove that it has them.

        Raises:
            IntegrityError: a file is not as it was published, or the store keeps other bytes than were sent.
        """
        held = self._bucket.objects(self._snapshot.id)
        if not self._snapshot.has_database:
            self.has_database = self._has_published_database(held)
        for done, name in enumerate(names, start=1):
            self._bring(name, stated[name], held.get(name))
            progress = {"event": "progress", "label": "files", "done": done, "total": len(names)}
            log.info("file %d of %d", done, len(names), extra=progress)
        self._prove(names)

    def _bring(self, name: str, digest: str, held: StoredObject | None) -> None:
        path = self._snapshot.folder / name
        try:
            found = fingerprint(path)
        except FileNotFoundError:
            raise IntegrityError(f"{path} is missing (`icw verify {self._snapshot.id}`). {self._unseen}") from None
        except OSError as error:
            raise IntegrityError(f"{path} cannot be read: {error.strerror or error}. {self._unseen}") from None
        if found.sha256 != digest:
            raise IntegrityError(
                f"{path} is damaged: it is not as it was published (`icw verify {self._snapshot.id}`). {self._unseen}"
            )
        self.known[name] = found
        if self._is_it(name, held):
            self.done[name] = "held"
        elif (source := self._copies.get(digest)) is not None and self._bucket.copy(source, self._place(name)):
            self.done[name] = "copied"
        else:
            self._send(name)

    def _send(self, name: str) -> None:
        path = self._snapshot.folder / name
        attributes = {"Content-Type": _CONTENT_TYPES.get(path.suffix, "application/octet-stream")}
        try:
            self._bucket.put(self._place(name), path, attributes)
        except OSError as error:
            raise IntegrityError(f"{path} cannot be read: {error.strerror or error}. {self._unseen}") from None
        self.done[name] = "sent"

    def _prove(self, names: list[str]) -> None:
        """See that the store has the published bytes of files; what it has not is sent again, twice at the most."""
        for _ in range(_TRIES):
            held = self._bucket.objects(self._snapshot.id)
            wrong = [name for name in names if not self._is_it(name, held.get(name))]
            if not wrong:
                return
            for name in wrong:
                place = f"{self._bucket.address}/{self._place(name)}"
                log.warning("%s has other bytes than were published: sent again", place, extra={"event": "damaged"})
                self._send(name)
        held = self._bucket.objects(self._snapshot.id)
        wrong = [name for name in names if not self._is_it(name, held.get(name))]
        for name in wrong:
            # No reader who guesses names, and no later try, is to find it; who may write may not always remove.
            with contextlib.suppress(StoreError):
                self._bucket.remove(self._place(name))
        if wrong:
            raise IntegrityError(
                f"{self._bucket.address}/{self._place(wrong[0])} has other bytes than were sent, again and again. "
                f"{self._unseen} Ask who runs the store."
            )

    def _is_it(self, name: str, held: StoredObject | None) -> bool:
        """Return whether an object in the store has the bytes of a file, as far as anybody can tell."""
        wanted = self.known[name]
        if held is None or held.size != wanted.size:
            return False
        return wanted.is_of(held) or self._bucket.sha256_of(self._place(name), held.size) == wanted.sha256

    def _has_published_database(self, held: Mapping[str, StoredObject]) -> bool:
        """Return whether the store still has the DuckDB file that has been dropped from this home."""
        found, published = held.get(DATABASE), self._snapshot.manifest.duckdb_file
        if found is None or found.size != published.bytes:
            return False
        return self._bucket.sha256_of(self._place(DATABASE), found.size) == published.sha256

    def _place(self, name: str) -> str:
        return f"{self._snapshot.id}/{name}"

    @property
    def _unseen(self) -> str:
        return f"{LATEST} in {self._bucket.address} is as it was."


def _latest(bucket: Bucket) -> dict[str, Any] | None:
    content = bucket.read(LATEST)
    return None if content is None else read_pointer(content, f"{bucket.address}/{LATEST}")


def _point(bucket: Bucket, content: bytes) -> None:
    """Let `latest.json` name a snapshot, and see that it does. Caches must ask whether it has moved."""
    for _ in range(_TRIES):
        bucket.put(LATEST, content, {"Content-Type": "application/json", "Cache-Control": "no-cache"})
        if bucket.read(LATEST) == content:
            return
    raise IntegrityError(
        f"{bucket.address}/{LATEST} has other bytes than were sent, again and again; another process may have written "
        "it. See what it says, then run `icw snapshots push` again."
    )


def _copies(bucket: Bucket, latest: Mapping[str, Any] | None, snapshot: Snapshot) -> dict[str, str]:
    """Return the objects of the other snapshot that `latest.json` names, by their SHA-256 (hex).

    What it states is no proof: a copy is held against the file as everything else is.
    """
    folder = None if latest is None else latest.get("folder")
    if not isinstance(folder, str) or folder in ("", snapshot.id):
        return {}
    content = bucket.read(f"{folder}/{SUMS}")
    try:
        digests = digests_in((content or b"").decode("utf-8")) or {}
    except UnicodeDecodeError:
        return {}
    return {digest: f"{folder}/{name}" for name, digest in digests.items()}


def _require_no_other(bucket: Bucket, snapshot: Snapshot, sums: bytes) -> None:
    """Refuse to write over another snapshot of this id, which readers may be reading.

    Raises:
        IntegrityError: its list of digests is another one.
    """
    held = bucket.read(f"{snapshot.id}/{SUMS}")
    if held is not None and held != sums:
        raise IntegrityError(
            f"{bucket.address}/{snapshot.id} is there already, and its {SUMS} is not that of this snapshot. Nothing "
            "was sent. See which of them is right; remove that folder from the store, or use another prefix."
        )
