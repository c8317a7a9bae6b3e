"""A backfill lands and profiles past releases, goes on where it was, and chooses none of them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.icw import ICW
from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Fault, Loopback
from warehouse.backfill import Backfilled, backfill, plan, requested_releases, require_all
from warehouse.errors import Degraded, StorageError, UnknownRelease, UsageError
from warehouse.landing import Landing
from warehouse.lock import refresh_lock
from warehouse.profiles.store import has_profile, profile_path, read_profile
from warehouse.settings import Settings


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[IdcUpstream]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with Loopback() as server:
        yield IdcUpstream(server)


@pytest.fixture
def settings(upstream: IdcUpstream, tmp_path: Path) -> Settings:
    """Settings that ask the wheel channel alone, which has three releases."""
    for version in ("23.5.0", "23.10.1", "24.0.0"):
        upstream.publish_wheel(version)
    return upstream.settings(tmp_path, idc_channels=("wheel",))


def backfilled(settings: Settings, *names: str) -> list[Backfilled]:
    return list(backfill(settings, plan(settings, names)))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["v18..v20"], ("v18", "v19", "v20")),
        (["v25..v25"], ("v25",)),
        (["18.2.0", "25.0.5"], ("18.2.0", "25.0.5")),
        (["v19", "v18..v20", "18.2.0", "v19"], ("v19", "v18", "v20", "18.2.0")),
    ],
)
def test_a_range_stands_for_its_data_releases(names: list[str], expected: tuple[str, ...]) -> None:
    assert requested_releases(names) == expected


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["v25..v18"], "write it as v18..v25"),
        (["18.2.0..25.0.5"], "no range of IDC's data releases"),
        (["v18..25"], "no range"),
        (["v0..v3"], "no range"),
        (["v1..v9999"], "at most 200"),
        (["current"], "no past release"),
        (["twenty"], "does not name an IDC release"),
        (["v18", ""], "does not name an IDC release"),
    ],
)
def test_what_names_no_release_is_refused(names: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        requested_releases(names)


def test_it_lands_and_profiles_the_newest_of_each_and_chooses_none(settings: Settings) -> None:
    found = backfilled(settings, *requested_releases(["v23..v24", "23.5.0"]))
    assert [(one.requested, one.version, one.outcome, one.channel) for one in found] == [
        ("v23", "23.10.1", "landed", "wheel"),
        ("v24", "24.0.0", "landed", "wheel"),
        ("23.5.0", "23.5.0", "landed", "wheel"),
    ]
    landing = Landing(settings.home)
    assert landing.choices() == []
    assert sorted(path.name for path in settings.home.iterdir()) == ["landing", "profiles"]
    for one in found:
        release = landing.release("idc", one.version or "")
        assert release is not None
        assert has_profile(settings.home, release)
        rows = {figure.dataset: figure.number for figure in read_profile(profile_path(settings.home, release))}
        assert set(rows) == {load.dataset for load in release.loads if load.status == "landed"}
        assert one.rows == sum(load.rows for load in release.loads)


def test_what_is_there_is_skipped(settings: Settings, upstream: IdcUpstream) -> None:
    backfilled(settings, "v23", "v24")
    landing = Landing(settings.home)
    older = landing.release("idc", "23.10.1")
    assert older is not None
    profile_path(settings.home, older).unlink()
    asked = len(upstream.server.requests)
    found = backfilled(settings, "v23", "v24")
    assert [one.outcome for one in found] == ["profiled", "unchanged"]
    assert not [request for request in upstream.server.requests[asked:] if ".whl" in str(request)]
    # A version that is named in full need not be asked for.
    asked = len(upstream.server.requests)
    assert [one.outcome for one in backfilled(settings, "23.10.1")] == ["unchanged"]
    assert len(upstream.server.requests) == asked


def test_a_damaged_release_is_fetched_anew(settings: Settings) -> None:
    backfilled(settings, "v24")
    landing = Landing(settings.home)
    release = landing.release("idc", "24.0.0")
    assert release is not None
    profile_path(settings.home, release).unlink()
    load = release.load_of("idc_index")
    assert load is not None
    landing.object_path(load.objects[0].sha256).unlink()
    assert [one.outcome for one in backfilled(settings, "v24")] == ["landed"]
    assert landing.missing_objects(release) == []
    assert has_profile(settings.home, release)


def test_one_that_cannot_be_had_does_not_keep_the_others_away(settings: Settings) -> None:
    found = backfilled(settings, "v22", "v23")
    assert [one.outcome for one in found] == ["failed", "landed"]
    assert isinstance(found[0].error, UnknownRelease)
    with pytest.raises(Degraded, match=r"1 of 2 releases are landed and profiled; these are not: v22\."):
        require_all(found)
    with pytest.raises(UnknownRelease, match="v22"):
        require_all(found[:1])
    require_all(found[1:])


def test_a_home_that_cannot_be_written_ends_it(settings: Settings) -> None:
    settings.home.mkdir(exist_ok=True)
    (settings.home / "profiles").write_text("")
    with pytest.raises(StorageError):
        backfilled(settings, "v23", "v24")


def test_the_clinical_tables_of_the_settings_are_left_out(settings: Settings) -> None:
    (found,) = backfilled(settings.model_copy(update={"clinical": ("nlst",)}), "v24")
    assert found.outcome == "landed"


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "ICW_HOME": str(settings.home),
        "ICW_IDC_CHANNELS": json.dumps(list(settings.idc_channels)),
        "ICW_PACKAGE_INDEX_URLS": json.dumps(list(settings.package_index_urls or ())),
    }


def icw(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [ICW, "backfill", *arguments]
    return subprocess.run(command, env=environment(settings), capture_output=True, text=True, timeout=300, check=False)


def test_the_command_says_a_line_of_each_release(settings: Settings) -> None:
    done = icw(settings, "v23..v24")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert first.startswith("23.10.1  landed and profiled (wheel, ")
    assert re.search(r"2 releases: 2 to fetch \(at most \d+ MB\), 2 to profile; at most about \d+ s\.", done.stderr)
    assert re.search(r", about \d+ s left$", first)
    assert not second.endswith("left")
    assert second.startswith("24.0.0   landed and profiled (wheel, ")
    assert "Profiling IDC 24.0.0" in done.stderr
    again = icw(settings, "v22..v23", "--json")
    assert again.returncode == Degraded.exit_code
    assert [(one["requested"], one["version"], one["outcome"]) for one in json.loads(again.stdout)] == [
        ("v22", None, "failed"),
        ("v23", "23.10.1", "unchanged"),
    ]
    assert again.stderr == (
        "icw: 1 of 2 releases are landed and profiled; these are not: v22. Run the command again: it goes on from what "
        "is there.\n"
    )


def test_the_plan_states_what_is_left_to_do(settings: Settings, upstream: IdcUpstream) -> None:
    backfilled(settings, "v23")
    size = len(upstream.server.resources[upstream.wheel_path("24.0.0")].body)
    asked = len(upstream.server.requests)
    found = plan(settings, ["v22", "v23", "23.10.1", "v24"])
    assert [(one.requested, one.version, one.fetched_bytes) for one in found.releases] == [
        ("v22", None, 0),
        ("v23", "23.10.1", 0),
        ("v24", "24.0.0", size),
    ]
    assert (found.to_fetch, found.to_profile, found.fetched_bytes, found.of_unknown_size) == (1, 1, size, 0)
    assert sum(request.sent for request in upstream.server.requests[asked:] if ".whl" in request.path) <= 4
    # What is done of it says how fast the rest is: nothing was expected of the first two.
    assert found.left_s(2, 99.0) == found.expected_s > 0
    assert found.left_s(3, 99.0) == 0
    two = plan(settings.model_copy(update={"home": settings.home / "other"}), ["v23", "v24"])
    first, second = (one.expected_s for one in two.releases)
    assert two.left_s(1, 2 * first) == pytest.approx(2 * second)


def test_one_of_unknown_size_is_counted_as_such(tmp_path: Path, upstream: IdcUpstream) -> None:
    upstream.publish_in_bucket("24.2.2")
    index = upstream.bucket_path("24.2.2", "idc_index.parquet")
    settings = upstream.settings(tmp_path, idc_channels=("bucket",), retries=0)
    whole = sum(len(resource.body) for path, resource in upstream.server.resources.items() if path.endswith(".parquet"))
    assert plan(settings, ["24.2.2"]).fetched_bytes == whole
    upstream.server.fail(index, Fault(status=403))
    unknown = plan(settings, ["24.2.2"])
    assert (unknown.fetched_bytes, unknown.of_unknown_size) == (0, 1)
    assert unknown.expected_s > 0


def test_a_killed_one_does_only_what_is_left(settings: Settings, upstream: IdcUpstream) -> None:
    first, second = upstream.wheel_path("23.10.1"), upstream.wheel_path("24.0.0")
    size = len(upstream.server.resources[second].body)
    goes_on = threading.Event()
    # The first request for a wheel is for its size.
    upstream.server.faults[second] = [Fault(), Fault(cut_at=size // 2, hold=goes_on)]
    process = subprocess.Popen([ICW, "backfill", "v23..v24"], env=environment(settings), stdout=subprocess.DEVNULL)
    try:
        assert upstream.server.held.wait(60)
    finally:
        process.kill()
        process.wait()
        goes_on.set()
    assert process.returncode == -signal.SIGKILL
    asked = len(upstream.server.requests)
    found = backfilled(settings, "v23", "v24")
    assert [one.outcome for one in found] == ["unchanged", "landed"]
    assert first not in [request.path for request in upstream.server.requests[asked:]]
    assert [one.outcome for one in backfilled(settings, "v23", "v24")] == ["unchanged", "unchanged"]


def test_the_command_waits_for_no_other_refresh(settings: Settings) -> None:
    with refresh_lock(settings.home, "another"):
        done = icw(settings, "v23")
    assert done.returncode == 5
    assert done.stdout == ""
    assert "Another refresh is writing" in done.stderr


@pytest.mark.full
def test_two_real_releases(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, idc_channels=("wheel",))
    found = backfilled(settings, "v18", "25.0.5")
    require_all(found)
    landing = Landing(tmp_path)
    for one, series in zip(found, (897_106, 1_044_191), strict=True):
        release = landing.release("idc", one.version or "")
        assert release is not None
        rows = {
            figure.dataset: figure.number
            for figure in read_profile(profile_path(tmp_path, release))
            if figure.metric == "rows"
        }
        assert rows == {load.dataset: load.rows for load in release.loads if load.status == "landed"}
        assert rows["idc_index"] == series
    assert [one.outcome for one in backfilled(settings, "18.2.0", "25.0.5")] == ["unchanged", "unchanged"]
    assert isinstance(found[0], Backfilled)
