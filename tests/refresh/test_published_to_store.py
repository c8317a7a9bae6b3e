"""A refresh with a store: what is published goes there too; what does not get there makes the run degraded, no more."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.refresh.conftest import FirstNight, Icw
from tests.support.s3_store import KEY_ID, SECRET, Place, S3Store, StoreFault, environment
from tests.support.sample_build import PASSED, make_build
from tests.support.small_bucket import LISTED, Bucket
from warehouse.freshness import freshness
from warehouse.refresh import degradation, finish
from warehouse.run_record import begin_run, last_run, now
from warehouse.settings import Settings
from warehouse.snapshots import catalog
from warehouse.snapshots.publish import publish


@pytest.fixture(scope="module")
def store() -> Iterator[S3Store]:
    with S3Store() as running:
        yield running


@pytest.fixture
def place(store: S3Store) -> Place:
    bucket = store.new_bucket()
    return Place(store, bucket, f"s3://{bucket}/nightly")


@pytest.fixture
def home(first_night: FirstNight, tmp_path: Path) -> Path:
    return first_night.copied_to(tmp_path / "home")


def night(icw: Icw, home: Path, place: Place, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Refresh a home that has a store; no key is in anything that is said or kept."""
    mine = environment(place.store, home.parent)
    variables = {name: value for name, value in mine.items() if name.startswith("AWS_") or name in ("HOME", "NO_PROXY")}
    done = icw("refresh", *arguments, home=home, ICW_PUBLISH_URL=place.url, ICW_RETRY_WAIT_S="0.01", **variables)
    kept = b"".join(
        path.read_bytes() for path in home.rglob("*") if path.is_file() and path.stat().st_size < 10_000_000
    )
    assert not [secret for secret in (KEY_ID, SECRET) if secret in done.stdout + done.stderr or secret.encode() in kept]
    return done


def latest(place: Place) -> str:
    return json.loads(place.objects()["latest.json"])["snapshot_id"]


@pytest.mark.full
def test_a_night_without_anything_new_brings_what_never_got_there(icw: Icw, home: Path, place: Place) -> None:
    in_service = catalog.snapshot(home, None).id
    place.store.faults = [StoreFault("PUT", times=None, status=403, code="AccessDenied")]
    refused = night(icw, home, place, "--json")
    assert refused.returncode == 8, refused.stderr
    report = json.loads(refused.stdout)
    assert (report["outcome"], report["snapshot_id"], report["failures"]) == ("unchanged", in_service, [])
    assert "refuses it (HTTP 403 AccessDenied)" in report["not_pushed"]
    (told,) = [line for line in refused.stderr.splitlines() if line.startswith("icw: ")]
    assert told.startswith(f"icw: {in_service} is in service, but did not get to the store: {place.url} cannot be")
    run = last_run(home)
    assert run is not None
    assert (run.outcome, run.exit_code, run.not_pushed) == ("unchanged", 8, report["not_pushed"])
    checked = icw("status", "--check", home=home)
    assert (checked.returncode, checked.stdout.startswith("degraded: ")) == (8, True)
    assert "did not get to the store" in icw("status", home=home).stdout
    assert "latest.json" not in place.objects()

    place.store.faults = []
    done = night(icw, home, place)
    assert done.returncode == 0, done.stderr
    assert latest(place) == in_service
    assert icw("status", "--check", home=home).returncode == 0

    place.store.requests.clear()
    assert night(icw, home, place).returncode == 0
    assert [(seen.method, seen.name) for seen in place.store.requests] == [("GET", "nightly/latest.json")]


@pytest.mark.full
def test_what_a_night_publishes_goes_there_or_stays_in_service_alone(
    icw: Icw, bucket: Bucket, home: Path, place: Place
) -> None:
    first = catalog.snapshot(home, None).id
    assert night(icw, home, place).returncode == 0
    bucket.publish("24.5.0", LISTED)
    place.store.faults = [StoreFault("PUT", "manifest.json", times=None, status=503, code="SlowDown")]
    refused = night(icw, home, place)
    second = catalog.snapshot(home, None).id
    assert (refused.returncode, second == first) == (8, False)
    assert "answered HTTP 503 SlowDown" in refused.stderr
    assert latest(place) == first
    run = last_run(home)
    assert run is not None
    assert (run.outcome, run.snapshot_id) == ("published", second)


def test_how_a_run_ended_tells_of_the_store(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in environment(place.store, tmp_path, AWS_ENDPOINT_URL="http://127.0.0.1:9").items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "home"
    publish(make_build(tmp_path / "build"), [PASSED], home, {})
    settings = Settings(home=home, publish_url=place.url, retries=0)
    in_service = catalog.snapshot(home, None).id
    begin_run(home, "a-run")
    finish(settings, "published", in_service, [])
    run = last_run(home)
    assert re.search(r"did not get to the store: .* does not answer", str(degradation(run)))
    assert run is not None
    assert (run.is_good, run.exit_code) == (True, 8)
    (said,) = [record for record in caplog.records if getattr(record, "event", "") == "degraded"]
    assert said.getMessage() == run.not_pushed
    found = freshness(run, in_service, timedelta(days=1), now())
    assert (found.state, "not published" in found.sentence) == ("degraded", True)

    monkeypatch.setenv("AWS_ENDPOINT_URL", place.store.url)
    for asks_only in (False, True):
        place.store.requests.clear()
        begin_run(home, "another-run")
        finish(settings, "unchanged", in_service, [])
        assert ([seen.method for seen in place.store.requests] == ["GET"]) == asks_only
        assert latest(place) == in_service
    run = last_run(home)
    assert run is not None
    assert (run.exit_code, run.not_pushed) == (0, None)
