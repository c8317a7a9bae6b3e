"""Which earlier releases a release is compared with, and whose profiles it is judged by."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.support.small_release import land, with_load
from warehouse.landing import Landing, Load, Release
from warehouse.profiles.store import profile_path
from warehouse.snapshots import past
from warehouse.snapshots.past import past_of


def recommitted(landing: Landing, release: Release, **changes: object) -> Release:
    """Land the release again with other words on it; its files are there."""
    loads = tuple(load.model_copy(update=changes) for load in release.loads)
    return landing.commit(release.model_copy(update={"loads": loads}), {})


def test_of_idc_the_profiles_are_those_of_lower_versions_that_are_landed(tmp_path: Path) -> None:
    releases = {version: land(tmp_path, version=version)[1] for version in ("9.9.9", "24.2.2", "24.10.0", "25.0.5")}
    landing, newer = land(tmp_path, version="26.0.0")
    found = past_of(tmp_path, landing, [releases["25.0.5"]])
    assert found.previous == {"idc": releases["24.10.0"]}
    assert [profile.version for profile in found.profiles["idc"]] == ["9.9.9", "24.2.2", "24.10.0"]
    assert [profile.file for profile in found.profiles["idc"]] == [
        profile_path(tmp_path, releases[version]) for version in ("9.9.9", "24.2.2", "24.10.0")
    ]
    assert all(profile.file.is_file() for profile in found.profiles["idc"])
    assert found.own == {"idc": profile_path(tmp_path, releases["25.0.5"])}
    assert not profile_path(tmp_path, newer).exists()


def test_of_several_landed_ones_of_a_version_the_last_is_profiled(tmp_path: Path) -> None:
    landing, first = land(tmp_path, version="24.0.0")
    later = recommitted(
        landing,
        with_load(first, "seg_index", status="absent", objects=()),
        fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
    )
    assert later.digest != first.digest
    _, release = land(tmp_path)
    (profile,) = past_of(tmp_path, landing, [release]).profiles["idc"]
    assert profile.file == profile_path(tmp_path, later)


def test_made_up_releases_are_no_past_of_real_ones(tmp_path: Path) -> None:
    landing, real = land(tmp_path, version="24.0.0")
    _, release = land(tmp_path)
    made_up = recommitted(landing, release, synthetic=True)
    assert past_of(tmp_path, landing, [made_up]).profiles["idc"] == ()
    assert [profile.version for profile in past_of(tmp_path, landing, [release]).profiles["idc"]] == [real.version]


def test_one_that_can_neither_be_read_nor_is_profiled_is_left_out(tmp_path: Path) -> None:
    landing, spoilt = land(tmp_path, version="24.0.0")
    kept = land(tmp_path, version="23.0.0", files={"version_metadata_index": "select 1::bigint as idc_version"})[1]
    index = spoilt.load_of("idc_index")
    assert index is not None
    landing.object_path(index.objects[0].sha256).unlink()
    release = land(tmp_path)[1].model_copy(update={"version": "25.0.6"})
    found = past_of(tmp_path, landing, [release])
    # 25.0.5 has the file back, for it is the same as that of 24.0.0.
    assert [profile.version for profile in found.profiles["idc"]] == ["23.0.0", "24.0.0", "25.0.5"]
    landing.object_path(index.objects[0].sha256).unlink()
    profile_path(tmp_path, spoilt).unlink()
    found = past_of(tmp_path, landing, [release])
    assert [profile.version for profile in found.profiles["idc"]] == ["23.0.0", "25.0.5"]
    assert found.previous == {"idc": kept}


def test_of_a_portal_only_published_loads_before_it_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    landing, nights = Landing(tmp_path), []
    for night in range(5):
        load = portal_load(night)
        nights.append(landing.commit(Release(source="midrc", version=f"night {night}", channel="x", loads=(load,)), {}))
    published = [nights[2], nights[0], nights[3], nights[4]]
    entries = [SimpleNamespace(source="midrc", digest=release.digest) for release in published]
    snapshot = SimpleNamespace(manifest=SimpleNamespace(sources=entries))
    monkeypatch.setattr(past, "refreshed", lambda home: [snapshot])
    found = past_of(tmp_path, landing, [nights[3]])
    # Night 1 was refused, night 4 came later.
    assert [profile.version for profile in found.profiles["midrc"]] == ["night 0", "night 2"]
    monkeypatch.setattr(past, "PROFILES_READ", 1)
    found = past_of(tmp_path, landing, [nights[3]])
    assert [profile.version for profile in found.profiles["midrc"]] == ["night 2"]


def portal_load(night: int) -> Load:
    """A load of the portal without any data, of one night."""
    return Load(
        source="midrc",
        dataset="case",
        upstream_version=f"night {night}",
        status="absent",
        channel="guppy",
        url="https://portal.example/",
        fetched_at=datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=night),
    )
