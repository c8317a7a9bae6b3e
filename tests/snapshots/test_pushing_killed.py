"""A publish to a store that is killed at any request: what is visible is whole, and the next one completes it."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.snapshots.nights import FIRST, dated, night
from tests.support.s3_store import Kill, Place
from tests.support.sample_build import PASSED, make_build
from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import PART_BYTES, Bucket
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.exporting import published_files
from warehouse.snapshots.publish import publish
from warehouse.snapshots.pushing import push

REPOSITORY = Path(__file__).resolve().parents[2]


class Publisher:
    """Processes that publish one snapshot, each killed at a request or not."""

    def __init__(self, found: Snapshot, place: Place) -> None:
        self._store = place.store
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.snapshots.killed_pushing", found.folder.parents[1], found.id, place.url],
            cwd=REPOSITORY,
            env=os.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, at: int | None, *, carried_out: bool = False) -> str:
        """Publish, killed at the writing request of this number, or not at all; return what became of it."""
        self._store.writes = 0
        process = int(self._ask())
        self._store.kill = None if at is None else Kill(process, at, carried_out)
        return self._ask()

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(timeout=30) == 0

    def _ask(self) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def visible(held: Mapping[str, bytes], known: Mapping[str, Snapshot]) -> str | None:
    """Return the id of the snapshot that a reader finds, after each of its files was held against its digest."""
    if "latest.json" not in held:
        return None
    latest = json.loads(held["latest.json"])
    found = known[latest["snapshot_id"]]
    for name, digest in published_files(found).items():
        assert hashlib.sha256(held[f"{latest['folder']}/{name}"]).hexdigest() == digest, name
    assert held[f"{found.id}/SHA256SUMS"] == (found.folder / "SHA256SUMS").read_bytes()
    named = [latest["manifest"], latest["database"], *itertools.chain.from_iterable(latest["tables"].values())]
    assert all(path in held for path in named)
    return found.id


def emptied(place: Place, kept: Mapping[str, bytes]) -> None:
    """Let the bucket hold just these objects below the prefix, and no upload of parts that nobody ends."""
    client = place.store.client
    for name in set(place.objects()) - set(kept):
        client.delete_object(Bucket=place.bucket, Key=f"imaging/{name}")
    for upload in client.list_multipart_uploads(Bucket=place.bucket).get("Uploads", ()):
        client.abort_multipart_upload(Bucket=place.bucket, Key=upload["Key"], UploadId=upload["UploadId"])
    for name, content in kept.items():
        client.put_object(Bucket=place.bucket, Key=f"imaging/{name}", Body=content)


def every_instant(
    publisher: Publisher, place: Place, known: Mapping[str, Snapshot], old: str | None, new: str, *, first: int = 0
) -> int:
    """Kill at each writing request from `first` on, before and after it was carried out; return how many there are."""
    before = place.objects()
    for at in range(first, 1000):
        for carried_out in (False, True):
            outcome = publisher.run(at, carried_out=carried_out)
            seen = visible(place.objects(), known)
            if outcome == "through":
                assert seen == new
                return at
            assert outcome == "killed"
            assert seen in (old, new)
            assert publisher.run(None) == "through"
            held = place.objects()
            assert visible(held, known) == new
            assert {name for name in held if name.startswith(new)} == {
                f"{new}/{name}" for name in (*published_files(known[new]), "SHA256SUMS")
            }
            emptied(place, before)
    raise AssertionError("it never got through")


def test_killed_at_some_requests_the_old_snapshot_stays_and_the_next_try_completes_it(home: Path, place: Place) -> None:
    nights = [night(home, number) for number in range(2)]
    known = {one.id: one for one in nights}
    push(nights[0], Bucket(store_address(place.url)))
    publisher = Publisher(nights[1], place)
    try:
        # One after the other, without a whole try between them: each goes on from where the last was stopped.
        for at in (2, 4, 1):
            assert publisher.run(at, carried_out=True) == "killed"
            assert visible(place.objects(), known) == nights[0].id
        sent = len(place.store.written())
        assert publisher.run(None) == "through"
        assert visible(place.objects(), known) == nights[1].id
        assert 0 < len(place.store.written()) - sent < len(published_files(nights[1])) - 5
    finally:
        publisher.close()


@pytest.mark.full
def test_killed_at_any_request_nothing_half_is_visible(home: Path, place: Place) -> None:
    nights = [night(home, number) for number in range(2)]
    push(nights[0], Bucket(store_address(place.url)))
    publisher = Publisher(nights[1], place)
    try:
        requests = every_instant(publisher, place, {one.id: one for one in nights}, nights[0].id, nights[1].id)
    finally:
        publisher.close()
    # Each file, sent or copied, the list of digests, and latest.json.
    assert requests == len(published_files(nights[1])) + 2


@pytest.mark.full
def test_killed_between_the_parts_of_a_file_nothing_half_is_visible(home: Path, place: Place, tmp_path: Path) -> None:
    publish(make_build(tmp_path / "build", series=400_000), [PASSED], home, {})
    found = dated(home, snapshot(home, None), FIRST)
    size = found.database.stat().st_size
    assert size > PART_BYTES
    publisher = Publisher(found, place)
    try:
        # The file of several parts is the last but two.
        first = len(published_files(found)) - 2
        requests = every_instant(publisher, place, {found.id: found}, None, found.id, first=first)
    finally:
        publisher.close()
    # A file of several parts takes two requests more than these.
    assert requests == len(published_files(found)) + 2 + 1 + -(-size // PART_BYTES)
