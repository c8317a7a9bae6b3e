"""What a publish to a store leaves there: what an export writes, proven, and `latest.json` last."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow.fs
import pyarrow.parquet as pq
import pytest

from tests.snapshots.nights import night
from tests.support.parted_build import make_parted_build
from tests.support.s3_store import KEY_ID, SECRET, Place, Seen, StoreFault
from tests.support.sample_build import PASSED, make_build
from warehouse.errors import IntegrityError, OutputError, StoreError, UsageError
from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import PART_BYTES, Bucket, Patience
from warehouse.snapshots.catalog import Snapshot, snapshot, snapshots
from warehouse.snapshots.databases import drop_databases
from warehouse.snapshots.exporting import export
from warehouse.snapshots.importing import import_snapshot
from warehouse.snapshots.publish import publish
from warehouse.snapshots.pushing import is_pushed, push
from warehouse.snapshots.verification import is_sound

QUICK = Patience(retries=1, retry_wait_s=0.01, retry_wait_max_s=0.02)


@pytest.fixture
def bucket(place: Place) -> Bucket:
    return Bucket(store_address(place.url), QUICK)


def sent(place: Place) -> list[str]:
    """Return the names of the objects that were sent, each once, in order; not those that were copied."""
    names = [seen.name for seen in place.store.written() if "X-Amz-Copy-Source" not in seen.headers]
    return [name.removeprefix("imaging/") for name in dict.fromkeys(names)]


def copied(place: Place) -> list[Seen]:
    return [seen for seen in place.store.written() if "X-Amz-Copy-Source" in seen.headers]


def test_the_store_holds_what_an_export_writes(
    published: Snapshot, place: Place, bucket: Bucket, tmp_path: Path
) -> None:
    done = push(published, bucket)
    export(published, tmp_path / "share")
    written = {
        path.relative_to(tmp_path / "share").as_posix(): path.read_bytes()
        for path in (tmp_path / "share").rglob("*")
        if path.is_file()
    }
    assert place.objects() == written
    assert done.is_latest
    assert (done.files, done.sent, done.copied) == (len(written) - 1, len(written) - 1, 0)
    assert done.bytes == done.sent_bytes == sum(map(len, written.values())) - len(written["latest.json"])
    found = import_snapshot(tmp_path / "other", place.store.downloaded(place.bucket, tmp_path / "copy") / "imaging")
    assert is_sound(found.snapshot)


def test_a_reader_goes_from_latest_json_to_a_table(published: Snapshot, place: Place, bucket: Bucket) -> None:
    push(published, bucket)
    files = pyarrow.fs.S3FileSystem(
        access_key=KEY_ID, secret_key=SECRET, endpoint_override=place.store.url, region="us-east-1"
    )
    root = f"{place.bucket}/imaging"
    latest = json.loads(files.open_input_file(f"{root}/latest.json").read())
    assert (latest["snapshot_id"], latest["synthetic"]) == (published.id, False)
    table = pq.read_table(f"{root}/{latest['tables']['fct_series'][0]}", filesystem=files)
    assert table.num_rows == next(one.rows for one in published.manifest.tables if one.name == "fct_series")


def test_parts_of_a_table_are_published_and_those_that_stay_are_copied(
    tmp_path: Path, place: Place, bucket: Bucket
) -> None:
    home = tmp_path / "home"
    for folder, larger in (("one", None), ("two", "midrc")):
        publish(make_parted_build(tmp_path / folder, larger=larger), [PASSED], home, {})
    first, second = snapshots(home)
    push(first, bucket)
    assert push(second, bucket).is_latest
    paths = json.loads(place.objects()["latest.json"])["tables"]["fct_series"]
    assert paths == [f"{second.id}/tables/fct_series/{source}.parquet" for source in ("bih", "idc", "midrc")]
    for path in paths:
        assert place.objects()[path] == (home / "snapshots" / path).read_bytes()
    assert [path in sent(place) for path in paths] == [False, False, True]


def test_the_list_of_digests_follows_the_files_and_latest_json_follows_all(
    published: Snapshot, place: Place, bucket: Bucket
) -> None:
    push(published, bucket)
    order = sent(place)
    assert order[-3:] == [f"{published.id}/manifest.json", f"{published.id}/SHA256SUMS", "latest.json"]
    (pointed,) = [seen for seen in place.store.written() if seen.name.endswith("latest.json")]
    head = place.store.client.head_object(Bucket=place.bucket, Key="imaging/latest.json")
    assert pointed.status == 200
    assert (head["ContentType"], head["CacheControl"]) == ("application/json", "no-cache")


def test_what_is_there_is_not_sent_again(published: Snapshot, place: Place, bucket: Bucket) -> None:
    push(published, bucket)
    before = place.objects()
    place.store.requests.clear()
    done = push(published, bucket)
    assert (done.sent, done.sent_bytes, done.copied, done.is_latest) == (0, 0, 0, True)
    assert sent(place) == ["latest.json"]
    assert place.objects() == before
    place.store.requests.clear()
    assert is_pushed(published, bucket)
    assert [seen.method for seen in place.store.requests] == ["GET"]


def test_of_an_object_with_the_same_size_and_other_bytes_the_published_ones_are_sent(
    published: Snapshot, place: Place, bucket: Bucket
) -> None:
    push(published, bucket)
    name = f"{published.id}/tables/fct_series.parquet"
    wrong = bytearray(place.objects()[name])
    wrong[40] ^= 1
    place.store.client.put_object(Bucket=place.bucket, Key=f"imaging/{name}", Body=bytes(wrong))
    place.store.requests.clear()
    assert push(published, bucket).sent == 1
    assert sent(place) == [name, "latest.json"]
    assert (
        hashlib.sha256(place.objects()[name]).hexdigest()
        == hashlib.sha256((published.folder / "tables" / "fct_series.parquet").read_bytes()).hexdigest()
    )


def test_where_tags_are_no_digests_the_objects_are_read_back(published: Snapshot, place: Place, bucket: Bucket) -> None:
    place.store.has_opaque_tags = True
    assert push(published, bucket).is_latest
    place.store.requests.clear()
    assert push(published, bucket).sent == 0
    wrong = f"imaging/{published.id}/quality.json"
    size = (published.folder / "quality.json").stat().st_size
    place.store.client.put_object(Bucket=place.bucket, Key=wrong, Body=b"x" * size)
    assert push(published, bucket).sent == 1


def test_a_table_that_the_last_snapshot_has_is_copied_in_the_store(home: Path, place: Place, bucket: Bucket) -> None:
    nights = [night(home, number) for number in range(2)]
    push(nights[0], bucket)
    place.store.requests.clear()
    done = push(nights[1], bucket)
    assert done.copied == len(copied(place)) > 0
    assert f"{nights[1].id}/tables/dim_collection.parquet" in [
        seen.name.removeprefix("imaging/") for seen in copied(place)
    ]
    assert f"{nights[1].id}/tables/dim_collection.parquet" not in sent(place)
    assert done.sent + done.copied == done.files
    assert json.loads(place.objects()["latest.json"])["snapshot_id"] == nights[1].id


def test_a_damaged_table_of_the_last_snapshot_does_not_spread(home: Path, place: Place, bucket: Bucket) -> None:
    nights = [night(home, number) for number in range(2)]
    push(nights[0], bucket)
    old, new = (f"imaging/{one.id}/tables/dim_collection.parquet" for one in nights)
    size = (nights[0].folder / "tables" / "dim_collection.parquet").stat().st_size
    place.store.client.put_object(Bucket=place.bucket, Key=old, Body=b"x" * size)
    push(nights[1], bucket)
    held = place.store.objects(place.bucket)[new]
    assert held == (nights[1].folder / "tables" / "dim_collection.parquet").read_bytes()


def test_an_older_snapshot_is_added_and_the_newer_one_stays_the_latest(
    home: Path, place: Place, bucket: Bucket
) -> None:
    nights = [night(home, number) for number in range(2)]
    assert push(nights[1], bucket).is_latest
    assert not push(nights[0], bucket).is_latest
    assert not is_pushed(nights[0], bucket)
    held = place.objects()
    assert json.loads(held["latest.json"])["snapshot_id"] == nights[1].id
    assert f"{nights[0].id}/SHA256SUMS" in held


def test_bytes_that_change_on_the_way_are_found_and_sent_again(
    published: Snapshot, place: Place, bucket: Bucket
) -> None:
    place.store.faults = [StoreFault("PUT", "fct_series.parquet"), StoreFault("PUT", "SHA256SUMS")]
    place.store.faults.append(StoreFault("PUT", "latest.json"))
    push(published, bucket)
    names = [seen.name for seen in place.store.written()]
    assert sum(name.endswith("fct_series.parquet") for name in names) == 2
    assert place.objects()[f"{published.id}/SHA256SUMS"] == (published.folder / "SHA256SUMS").read_bytes()
    assert json.loads(place.objects()["latest.json"])["snapshot_id"] == published.id


def test_a_store_that_keeps_other_bytes_gets_no_latest_json(published: Snapshot, place: Place, bucket: Bucket) -> None:
    place.store.faults = [StoreFault("PUT", "fct_series.parquet", times=None)]
    with pytest.raises(IntegrityError, match=r"fct_series\.parquet has other bytes than were sent, again and again"):
        push(published, bucket)
    held = place.objects()
    assert not {"latest.json", f"{published.id}/SHA256SUMS", f"{published.id}/tables/fct_series.parquet"} & set(held)
    place.store.faults = []
    assert push(published, bucket).is_latest


def test_a_large_file_that_changes_on_the_way_is_found(
    home: Path, place: Place, bucket: Bucket, tmp_path: Path
) -> None:
    publish(make_build(tmp_path / "build", series=400_000), [PASSED], home, {})
    found = snapshot(home, None)
    assert found.database.stat().st_size > PART_BYTES
    place.store.faults = [StoreFault("PUT", "warehouse.duckdb")]
    push(found, bucket)
    held = place.objects()[f"{found.id}/warehouse.duckdb"]
    assert hashlib.sha256(held).hexdigest() == found.manifest.duckdb_file.sha256
    parts = [seen for seen in place.store.written() if seen.name.endswith("warehouse.duckdb")]
    assert len(parts) == 2 * -(-len(held) // PART_BYTES)


def test_a_damaged_snapshot_is_not_published(home: Path, place: Place, bucket: Bucket) -> None:
    found = night(home, 0)
    table = found.tables_folder / "fct_series.parquet"
    table.chmod(0o644)
    table.write_bytes(table.read_bytes()[:-1] + b"x")
    with pytest.raises(IntegrityError, match=r"fct_series\.parquet is damaged"):
        push(found, bucket)
    table.unlink()
    with pytest.raises(IntegrityError, match=r"fct_series\.parquet is missing"):
        push(found, bucket)
    assert not {"latest.json", f"{found.id}/SHA256SUMS", f"{found.id}/manifest.json"} & set(place.objects())


def test_another_snapshot_of_the_same_id_is_left_alone(published: Snapshot, place: Place, bucket: Bucket) -> None:
    push(published, bucket)
    key = f"imaging/{published.id}/SHA256SUMS"
    place.store.client.put_object(Bucket=place.bucket, Key=key, Body=b"0" * 64 + b"  manifest.json\n")
    before = place.objects()
    with pytest.raises(IntegrityError, match="is there already, and its SHA256SUMS is not that of this snapshot"):
        push(published, bucket)
    assert place.objects() == before


def test_made_up_data_never_takes_the_place_of_real_data(
    published: Snapshot, home: Path, place: Place, bucket: Bucket, tmp_path: Path
) -> None:
    publish(make_build(tmp_path / "build", synthetic=True), [PASSED], home, {})
    made_up = snapshot(home, None)
    push(published, bucket)
    before = place.objects()
    with pytest.raises(UsageError, match=r"holds made-up data, and .* real data .*: they do not belong"):
        push(made_up, bucket)
    assert place.objects() == before
    other = Bucket(store_address(f"{place.url}/sandbox"), QUICK)
    push(made_up, other)
    latest = json.loads(other.read("latest.json") or b"")
    assert latest["synthetic"] is True
    assert latest["folder"].startswith("synthetic-")
    with pytest.raises(UsageError, match="holds real data"):
        push(published, other)


def test_a_dropped_duckdb_file_is_named_only_where_the_store_has_it(home: Path, place: Place, bucket: Bucket) -> None:
    old, new = (night(home, number) for number in range(2))
    push(old, bucket)
    drop_databases(home, 1)
    assert not old.has_database
    push(old, bucket)
    assert json.loads(place.objects()["latest.json"])["database"] == f"{old.id}/warehouse.duckdb"
    key = f"imaging/{old.id}/warehouse.duckdb"
    size = old.manifest.duckdb_file.bytes
    place.store.client.put_object(Bucket=place.bucket, Key=key, Body=b"x" * size)
    push(old, bucket)
    assert json.loads(place.objects()["latest.json"])["database"] is None
    push(new, bucket)
    assert json.loads(place.objects()["latest.json"])["database"] == f"{new.id}/warehouse.duckdb"


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"news": 1}', b"\xff\xfe"])
def test_a_latest_json_of_somebody_else_is_left_alone(
    published: Snapshot, place: Place, bucket: Bucket, content: bytes
) -> None:
    place.store.client.put_object(Bucket=place.bucket, Key="imaging/latest.json", Body=content)
    with pytest.raises(OutputError, match=r"latest\.json is not a latest\.json of this program"):
        push(published, bucket)
    assert place.objects() == {"latest.json": content}


@pytest.mark.parametrize("failing", ["tables/fct_series.parquet", "manifest.json", "SHA256SUMS", "latest.json"])
def test_a_store_that_stops_taking_anything_is_completed_later(
    published: Snapshot, place: Place, bucket: Bucket, failing: str
) -> None:
    place.store.faults = [StoreFault("PUT", failing, times=None, status=503, code="SlowDown")]
    with pytest.raises(StoreError, match="answered HTTP 503 SlowDown"):
        push(published, bucket)
    assert "latest.json" not in place.objects()
    first = set(sent(place))
    place.store.faults = []
    place.store.requests.clear()
    push(published, bucket)
    assert not first & set(sent(place))
    assert json.loads(place.objects()["latest.json"])["snapshot_id"] == published.id
