"""Objects of a real S3 server: sent in one or in parts, listed, copied, read; retried, or refused in a sentence."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest

from tests.support.s3_store import KEY_ID, SECRET, Place, StoreFault
from warehouse.errors import StoreError
from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import PART_BYTES, Bucket, Patience, StoredObject

QUICK = Patience(retries=2, retry_wait_s=0.01, retry_wait_max_s=0.02)


@pytest.fixture
def bucket(place: Place) -> Bucket:
    return Bucket(store_address(place.url), QUICK)


def test_what_is_sent_is_listed_and_read(place: Place, bucket: Bucket) -> None:
    bucket.put("folder/one.json", b"{}", {"Content-Type": "application/json", "Cache-Control": "no-cache"})
    bucket.put("folderless.json", b"[]", {})
    assert place.objects() == {"folder/one.json": b"{}", "folderless.json": b"[]"}
    assert bucket.objects("folder") == {"one.json": StoredObject(2, hashlib.md5(b"{}").hexdigest())}
    assert (bucket.read("folder/one.json"), bucket.read("folder/two.json")) == (b"{}", None)
    head = place.store.client.head_object(Bucket=place.bucket, Key="some/prefix/folder/one.json")
    assert (head["ContentType"], head["CacheControl"]) == ("application/json", "no-cache")
    bucket.remove("folder/one.json")
    bucket.remove("folder/one.json")
    assert bucket.objects("folder") == {}


def test_a_large_file_travels_in_parts(place: Place, bucket: Bucket, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(2 * PART_BYTES + 1)
    (tmp_path / "large").write_bytes(content)
    bucket.put("large", tmp_path / "large", {})
    parts = [content[start : start + PART_BYTES] for start in range(0, len(content), PART_BYTES)]
    tag = hashlib.md5(b"".join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    assert place.store.client.head_object(Bucket=place.bucket, Key="some/prefix/large")["ETag"] == f'"{tag}-3"'
    assert bucket.sha256_of("large", len(content)) == hashlib.sha256(content).hexdigest()
    assert bucket.copy("large", "copies/large")
    assert bucket.objects("copies")["large"] == StoredObject(len(content), hashlib.md5(content).hexdigest())
    assert not bucket.copy("nothing", "copies/nothing")
    assert bucket.sha256_of("nothing", 5) is None


def test_a_file_that_is_not_there_is_an_error_of_the_disk(bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        bucket.put("large", tmp_path / "nothing", {})


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalError"), (503, "SlowDown"), (429, "TooManyRequests"), (507, "XMinioStorageFull")],
)
def test_what_passes_is_tried_again_and_what_stays_ends(place: Place, bucket: Bucket, status: int, code: str) -> None:
    place.store.faults = [StoreFault("PUT", "one", times=2, status=status, code=code)]
    bucket.put("one", b"1", {})
    assert [seen.status for seen in place.store.requests] == [status, status, 200]
    place.store.faults = [StoreFault("PUT", "two", times=None, status=status, code=code)]
    with pytest.raises(StoreError, match=f"answered HTTP {status} {code}") as refused:
        bucket.put("two", b"2", {})
    assert sum(seen.name.endswith("two") for seen in place.store.requests) == QUICK.retries + 1
    assert KEY_ID not in str(refused.value)
    assert "Signature" not in str(refused.value)


def test_a_refusal_is_a_sentence_without_what_the_store_has_answered(place: Place, bucket: Bucket) -> None:
    place.store.faults = [StoreFault("GET", times=None, status=403, code="SignatureDoesNotMatch")]
    for act in (lambda: bucket.read("one"), lambda: bucket.objects("folder")):
        with pytest.raises(StoreError, match=r"refuses it \(HTTP 403 SignatureDoesNotMatch\)") as refused:
            act()
        assert refused.value.exit_code == 15
        assert refused.value.is_answer
        assert not any(secret in str(refused.value) for secret in (KEY_ID, SECRET, "Credential"))
    place.store.faults = [StoreFault("PUT", status=301, code="PermanentRedirect")]
    with pytest.raises(StoreError, match="is of another region"):
        bucket.put("one", b"", {})


def test_a_server_of_something_else_is_told(place: Place, bucket: Bucket) -> None:
    place.store.faults = [StoreFault("GET", times=None, status=200, body="Welcome & hello")]
    with pytest.raises(StoreError, match=r"is none of a store of S3\. See that AWS_ENDPOINT_URL is right") as refused:
        bucket.objects("folder")
    assert KEY_ID not in str(refused.value)


def test_a_bucket_that_is_not_there_is_named(place: Place) -> None:
    bucket = Bucket(store_address("s3://nobodys-bucket/prefix"), QUICK)
    for act in (lambda: bucket.read("x"), lambda: bucket.objects("x"), lambda: bucket.put("x", b"", {})):
        with pytest.raises(StoreError, match="has no bucket nobodys-bucket"):
            act()


def test_a_store_that_does_not_answer_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:9 does not answer \(no connection\)") as refused:
        Bucket(store_address(place.url), QUICK).read("one")
    assert not refused.value.is_answer
    # Not an answer: that a copy is not possible must not be concluded.
    with pytest.raises(StoreError):
        Bucket(store_address(place.url), QUICK).copy("one", "two")


def test_requests_are_signed_with_the_keys_of_a_profile(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name)
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "credentials").write_text(
        "[nightly]\naws_access_key_id = AKNIGHTLY\naws_secret_access_key = hunter2\naws_session_token = passing\n"
    )
    (tmp_path / ".aws" / "config").write_text(
        f"[profile nightly]\nregion = eu-west-3\nendpoint_url = {place.store.url}\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "nightly")
    Bucket(store_address(place.url), QUICK).read("one")
    (seen,) = place.store.requests
    assert "Credential=AKNIGHTLY/" in seen.headers["Authorization"]
    assert "/eu-west-3/s3/" in seen.headers["Authorization"]
    assert seen.headers["X-Amz-Security-Token"] == "passing"


def test_without_any_keys_the_error_names_where_they_go(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    # Where the keys of a machine would be, nobody answers.
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    assert "AWS_PROFILE" not in os.environ
    with pytest.raises(StoreError, match="no keys were found"):
        Bucket(store_address(place.url), QUICK).read("one")
    assert place.store.requests == []
