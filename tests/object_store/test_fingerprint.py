"""A store gives an object just the tag that its bytes lead to expect, in one piece, in parts and copied."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.s3_store import Place
from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import PART_BYTES, Bucket, StoredObject
from warehouse.object_store.fingerprint import fingerprint


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])
def test_the_tag_of_a_real_server_is_one_of_those(place: Place, tmp_path: Path, size: int) -> None:
    bucket = Bucket(store_address(place.url))
    path = tmp_path / "file"
    path.write_bytes(random.Random(size).randbytes(size))
    found = fingerprint(path)
    bucket.put("folder/sent", path, {})
    assert bucket.copy("folder/sent", "folder/copied")
    held = bucket.objects("folder")
    assert found.is_of(held["sent"])
    assert found.is_of(held["copied"])
    assert bucket.sha256_of("folder/sent", size) == found.sha256
    path.write_bytes(random.Random(size + 1).randbytes(size) + b"x")
    other = fingerprint(path)
    assert not other.is_of(held["sent"])
    assert not other.is_of(StoredObject(other.size, held["sent"].etag))
    assert not found.is_of(StoredObject(size + 1, held["sent"].etag))
