"""Processes that die and disks that fill, for real: each landing runs in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.sources.idc.landing_checks import VERSION, assert_nothing_landed, assert_whole, files_below, of
from tests.support.idc_upstream import DATASETS, IN_WHEEL, IdcUpstream, parquet_of
from tests.support.loopback import Fault, Loopback
from warehouse.landing import Landing
from warehouse.settings import IdcChannel, Settings
from warehouse.sources.idc import land

PIECE = 1 << 16


def start(settings: Settings, channel: IdcChannel, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.sources.idc.landing_process", settings.model_dump_json(), VERSION, channel]
    return subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3])


@pytest.mark.parametrize("channel", ["bucket", "wheel"])
def test_a_process_killed_in_the_middle_of_a_download_leaves_nothing_and_the_next_one_goes_on_from_there(
    upstream: IdcUpstream, server: Loopback, settings: Settings, home: Path, channel: IdcChannel
) -> None:
    upstream.publish_in_bucket(VERSION)
    size = len(upstream.publish_wheel(VERSION)) if channel == "wheel" else len(parquet_of("idc_index", VERSION))
    path = upstream.wheel_path(VERSION) if channel == "wheel" else upstream.bucket_path(VERSION, "idc_index.parquet")
    release_connection = threading.Event()
    server.fail(path, Fault(cut_at=size // 2, hold=release_connection))
    process = start(settings, channel)
    try:
        assert server.held.wait(30)
        part = home / "landing" / "staging" / "idc" / VERSION / f"{path.rpartition('/')[2]}.part"
        expected = size // 2 // PIECE * PIECE
        waited = threading.Event()
        while not part.exists() or part.stat().st_size < expected:
            assert process.poll() is None
            waited.wait(0.01)
    finally:
        process.kill()
        process.communicate()
        release_connection.set()
    assert process.returncode == -signal.SIGKILL
    assert_nothing_landed(home)

    landing = Landing(home)
    release = land(of(channel), landing, settings)
    assert_whole(release, landing, IN_WHEEL if channel == "wheel" else DATASETS)
    first, second = server.asked_for(path)
    assert second.range == f"bytes={expected}-"
    assert first.sent + second.sent < size + PIECE
    assert landing.sweep() == 0


@pytest.mark.parametrize("channel", ["bucket", "wheel"])
def test_a_process_killed_between_objects_and_manifest_has_landed_nothing_and_the_next_one_fetches_nothing_again(
    upstream: IdcUpstream, server: Loopback, settings: Settings, home: Path, channel: IdcChannel
) -> None:
    upstream.publish_in_bucket(VERSION)
    upstream.publish_wheel(VERSION)
    process = start(settings, channel, "--kill-at-manifest")
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    landing = Landing(home)
    assert files_below(home / "landing" / "objects")
    assert landing.releases("idc") == []

    server.requests.clear()
    release = land(of(channel), landing, settings)
    assert_whole(release, landing, IN_WHEEL if channel == "wheel" else DATASETS)
    assert [r.path for r in server.requests if r.path.endswith((".parquet", ".whl"))] == []
    landing.sweep()
    assert [path.name for path in files_below(home / "landing" / "loads")] == [f"{VERSION}-{release.digest[:16]}.json"]
    assert landing.sweep() == 0


def test_what_a_killed_process_has_left_is_swept_when_nobody_takes_it_up(
    upstream: IdcUpstream, settings: Settings, home: Path
) -> None:
    upstream.publish_in_bucket(VERSION)
    process = start(settings, "bucket", "--kill-at-manifest")
    process.communicate(timeout=60)
    freed = Landing(home).sweep()
    assert freed > len(parquet_of("idc_index", VERSION))
    assert files_below(home / "landing" / "objects") == []


@pytest.mark.parametrize(("channel", "file"), [("bucket", "idc_index.parquet.part"), ("wheel", "any.whl.part")])
def test_a_full_disk_is_told_in_one_sentence_and_lands_nothing(
    upstream: IdcUpstream, settings: Settings, home: Path, channel: IdcChannel, file: str
) -> None:
    upstream.publish_in_bucket(VERSION)
    upstream.publish_wheel(VERSION)
    process = start(settings, channel, "--file-limit", "100000")
    _, told = process.communicate(timeout=60)
    assert process.returncode == 6
    assert told.startswith("StorageError: Cannot write to ")
    assert f"{file}: File too large. Free some space or point ICW_HOME" in told
    assert len(told.splitlines()) == 1
    assert_nothing_landed(home)

    landing = Landing(home)
    release = land(of(channel), landing, settings)
    assert_whole(release, landing, IN_WHEEL if channel == "wheel" else DATASETS)


def test_what_was_staged_for_another_release_is_cleared_away(
    upstream: IdcUpstream, settings: Settings, home: Path
) -> None:
    landing = Landing(home)
    (landing.staging_for("idc", "24.2.2") / "idc_index.parquet.part").write_bytes(b"left behind")
    upstream.publish_in_bucket(VERSION, ["idc_index"])
    land(of("bucket"), landing, settings)
    assert files_below(landing.root / "staging") == []
