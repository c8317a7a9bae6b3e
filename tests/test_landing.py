from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.errors import IntegrityError, StorageError
from warehouse.files import sha256_of, write_atomically
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.registry import source
from warehouse.settings import Settings
from warehouse.sources.idc.upstream import IdcUpstream

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "home")


def stage(
    landing: Landing, content: bytes, name: str = "a.parquet", version: str = "25.0.5"
) -> tuple[LandedObject, Path]:
    path = landing.staging_for("idc", version) / name
    path.write_bytes(content)
    return LandedObject(name=name, sha256=hashlib.sha256(content).hexdigest(), bytes=len(content)), path


def release_of(*entries: LandedObject, version: str = "25.0.5", at: datetime = NOON, channel: str = "wheel") -> Release:
    load = Load(
        source="idc",
        dataset="idc_index",
        upstream_version=version,
        status="landed",
        channel=channel,
        url="https://example.org/a.parquet",
        fetched_at=at,
        objects=entries,
        rows=1,
        bytes=sum(entry.bytes for entry in entries),
    )
    return Release(source="idc", version=version, channel=channel, loads=(load,))


def files_below(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_commit_makes_objects_and_one_manifest(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    release = landing.commit(release_of(entry), {entry.sha256: path})
    assert landing.releases("idc") == [release]
    assert landing.release("idc", "25.0.5") == release
    assert landing.release("idc", "24.2.2") is None
    assert landing.object_path(entry.sha256).read_bytes() == b"data"
    assert not os.access(landing.object_path(entry.sha256), os.W_OK) or os.geteuid() == 0
    assert landing.object_path(entry.sha256).stat().st_mode & 0o222 == 0
    assert files_below(landing.root) == [
        f"loads/idc/25.0.5-{release.digest[:16]}.json",
        f"objects/{entry.sha256[:2]}/{entry.sha256}",
    ]


def test_the_same_content_twice_is_one_object_and_one_manifest_and_the_first_one_stays(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    first = landing.commit(release_of(entry), {entry.sha256: path})
    again, path = stage(landing, b"data")
    second = landing.commit(release_of(again, at=NOON + timedelta(days=1), channel="bucket"), {again.sha256: path})
    assert second == first
    assert len(files_below(landing.root / "objects")) == 1
    assert len(files_below(landing.root / "loads")) == 1


def test_two_files_of_a_release_with_the_same_content_are_one_object(landing: Landing) -> None:
    (one, path), (two, _) = stage(landing, b"same", "a.sql"), stage(landing, b"same", "b.sql")
    release = landing.commit(release_of(one, two), {one.sha256: path})
    assert [entry.name for entry in release.loads[0].objects] == ["a.sql", "b.sql"]
    assert len(files_below(landing.root / "objects")) == 1


def test_a_landed_object_needs_no_staged_file(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    landing.commit(release_of(entry), {entry.sha256: path})
    assert landing.commit(release_of(entry, version="26.0.0"), {}).version == "26.0.0"


def test_an_object_that_is_neither_staged_nor_landed_stops_before_the_manifest(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    path.unlink()
    with pytest.raises(IntegrityError, match=rf"landed file of {entry.name} is missing") as caught:
        landing.commit(release_of(entry), {entry.sha256: path})
    assert "Free some space" not in str(caught.value)
    assert landing.releases("idc") == []


def test_a_damaged_object_without_a_staged_file_is_called_damaged(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    landing.commit(release_of(entry), {entry.sha256: path})
    stored = landing.object_path(entry.sha256)
    stored.chmod(0o644)
    stored.write_bytes(b"dat")
    with pytest.raises(IntegrityError, match="is damaged"):
        landing.commit(release_of(entry, version="26.0.0"), {})


@pytest.mark.parametrize("damage", [b"dat", b"DATA"])
def test_a_verified_file_replaces_a_damaged_object(landing: Landing, damage: bytes) -> None:
    entry, path = stage(landing, b"data")
    release = landing.commit(release_of(entry), {entry.sha256: path})
    landing.object_path(entry.sha256).chmod(0o644)
    landing.object_path(entry.sha256).write_bytes(damage)
    assert [found.name for found in landing.missing_objects(release)] == ["a.parquet"]
    _, path = stage(landing, b"data")
    landing.commit(release, {entry.sha256: path})
    assert landing.object_path(entry.sha256).read_bytes() == b"data"


def flip_a_bit(path: Path) -> None:
    """Change one bit as a disk does: size and time of the file stay."""
    before, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_a_flipped_bit_is_found_named_and_stops_what_would_read_it(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    release = landing.commit(release_of(entry), {entry.sha256: path})
    landing.require_intact([release])
    flip_a_bit(landing.object_path(entry.sha256))
    assert landing.missing_objects(release) == [entry]
    says = rf"a\.parquet of idc 25\.0\.5 \(.*{entry.sha256}\) is damaged: .* Run the refresh again"
    with pytest.raises(IntegrityError, match=says):
        landing.require_intact([release])
    landing.object_path(entry.sha256).unlink()
    with pytest.raises(IntegrityError, match=r"a\.parquet of idc 25\.0\.5 \(.*\) is gone\."):
        landing.require_intact([release])


def test_a_damaged_object_is_not_taken_over_by_another_release(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    landing.commit(release_of(entry), {entry.sha256: path})
    flip_a_bit(landing.object_path(entry.sha256))
    with pytest.raises(IntegrityError, match="is damaged"):
        landing.commit(release_of(entry, version="26.0.0"), {})
    assert landing.release("idc", "26.0.0") is None


def test_the_last_good_release_is_the_newest_whose_bytes_are_what_was_landed(landing: Landing) -> None:
    upstream = IdcUpstream(source("idc"), Settings(home=landing.root.parent, idc_version="latest"))
    (old, first), (new, second) = stage(landing, b"old"), stage(landing, b"new", "b.parquet")
    older = landing.commit(release_of(old, version="24.2.2"), {old.sha256: first})
    newer = landing.commit(release_of(new, at=NOON + timedelta(hours=1)), {new.sha256: second})
    assert upstream.last_good_and_damage(landing) == (newer, [])
    flip_a_bit(landing.object_path(new.sha256))
    kept, damage = upstream.last_good_and_damage(landing)
    assert kept == older
    assert ["b.parquet of idc 25.0.5" in sentence for sentence in damage] == [True]
    flip_a_bit(landing.object_path(old.sha256))
    assert upstream.last_good(landing) is None


def test_the_release_that_was_fetched_last_is_the_one_of_its_version(landing: Landing) -> None:
    (small, first), (large, second) = stage(landing, b"small"), stage(landing, b"large", "b.parquet")
    newer = landing.commit(release_of(large, at=NOON + timedelta(hours=1)), {large.sha256: second})
    landing.commit(release_of(small), {small.sha256: first})
    assert landing.release("idc", "25.0.5") == newer
    assert [release.fetched_at for release in landing.releases("idc")] == [NOON, NOON + timedelta(hours=1)]


def test_the_digest_is_over_what_was_landed_not_over_when_or_from_where() -> None:
    entry = LandedObject(name="a.parquet", sha256="0" * 64, bytes=4)
    release = release_of(entry)
    assert release.digest == release_of(entry, at=NOON + timedelta(days=9), channel="bucket").digest
    assert release.digest != release_of(entry, version="25.0.6").digest
    assert release.digest != release_of(LandedObject(name="a.parquet", sha256="1" * 64, bytes=4)).digest
    load = release.loads[0]
    assert load.model_copy(update={"synthetic": True}).digest != load.digest
    assert load.model_copy(update={"status": "absent"}).digest != load.digest


@given(order=st.permutations(range(4)))
def test_the_digest_does_not_depend_on_the_order_of_objects(order: list[int]) -> None:
    entries = [LandedObject(name=f"{n}.sql", sha256=f"{n}" * 64, bytes=n) for n in range(4)]
    assert release_of(*(entries[n] for n in order)).digest == release_of(*entries).digest


def test_sweeping_keeps_what_a_manifest_names_and_what_is_staged_and_counts_what_it_frees(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    landing.commit(release_of(entry), {entry.sha256: path})
    orphan = landing.object_path("f" * 64)
    orphan.parent.mkdir(parents=True)
    orphan.write_bytes(b"12345")
    stage(landing, b"123", "left.part", version="24.2.2")
    (landing.root / "loads" / "idc" / ".x.json.123.tmp").write_text("{")
    assert landing.sweep() == 5 + 1
    assert len(files_below(landing.root)) == 3
    assert (landing.root / "staging" / "idc" / "24.2.2" / "left.part").read_bytes() == b"123"
    assert landing.sweep() == 0


def test_sweeping_an_empty_home_frees_nothing(landing: Landing) -> None:
    assert landing.sweep() == 0


def test_nothing_is_swept_while_a_manifest_cannot_be_read(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    landing.commit(release_of(entry), {entry.sha256: path})
    (landing.root / "loads" / "idc" / "25.0.6-broken.json").write_text("{ half")
    with pytest.raises(IntegrityError, match=r"The load manifest .*25\.0\.6-broken\.json cannot be read"):
        landing.sweep()
    assert landing.has(entry.sha256)


def test_a_manifest_is_readable_by_others(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    release = landing.commit(release_of(entry), {entry.sha256: path})
    manifest = json.loads((landing.root / "loads" / "idc" / f"25.0.5-{release.digest[:16]}.json").read_text())
    assert manifest["loads"][0]["objects"] == [{"name": "a.parquet", "sha256": entry.sha256, "bytes": 4}]
    assert manifest["loads"][0]["fetched_at"] == "2026-11-21T12:00:00Z"


def test_staging_of_other_releases_goes_and_of_other_sources_stays(landing: Landing) -> None:
    for version in ("24.2.2", "25.0.5"):
        stage(landing, b"x", version=version)
    (landing.staging_for("midrc", "2026-11-21") / "case.part").write_bytes(b"x")
    landing.discard_other_staging("idc", "25.0.5")
    assert files_below(landing.root) == ["staging/idc/25.0.5/a.parquet", "staging/midrc/2026-11-21/case.part"]
    landing.discard_staging("idc")
    assert files_below(landing.root) == ["staging/midrc/2026-11-21/case.part"]


def test_a_home_below_a_file_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    landing = Landing(tmp_path / "file" / "home")
    assert landing.releases("idc") == []
    with pytest.raises(StorageError, match=r"Cannot write to .*: Not a directory"):
        landing.staging_for("idc", "25.0.5")
    with pytest.raises(StorageError, match="Not a directory"):
        landing.commit(release_of(), {})


def test_an_atomic_write_replaces_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "pointer.json"
    write_atomically(path, "old")
    write_atomically(path, "new")
    assert path.read_text() == "new"
    assert files_below(tmp_path) == ["pointer.json"]


@given(content=st.binary(max_size=3_000_000))
def test_the_digest_of_a_file_is_that_of_its_content(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("digest") / "file"
    path.write_bytes(content)
    assert sha256_of(path) == hashlib.sha256(content).hexdigest()


def test_the_selected_release_is_remembered_and_missed_when_it_is_gone(landing: Landing) -> None:
    entry, path = stage(landing, b"data")
    release = landing.commit(release_of(entry), {entry.sha256: path})
    assert landing.selected() == []
    landing.select(release)
    assert landing.selected() == [release]
    (landing.root / "loads" / "idc" / f"25.0.5-{release.digest[:16]}.json").unlink()
    with pytest.raises(IntegrityError, match=r"has no release 25\.0\.5 of idc with digest"):
        landing.selected()


@pytest.mark.parametrize("content", [b"", b"{ half", b"\xff\xfe", b'{"idc": 25}', b'[{"version": "25.0.5"}]'])
def test_a_damaged_selection_says_what_to_do_and_doing_it_helps(landing: Landing, content: bytes) -> None:
    entry, path = stage(landing, b"data")
    release = landing.commit(release_of(entry), {entry.sha256: path})
    selection = landing.root / "choices.json"
    selection.write_bytes(content)
    for attempt in (landing.selected, lambda: landing.select(release)):
        with pytest.raises(IntegrityError, match=r"choices\.json cannot be read .* Remove it and run the refresh"):
            attempt()
    selection.unlink()
    landing.select(release)
    assert landing.selected() == [release]
