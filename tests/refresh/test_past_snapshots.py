"""`icw backfill --snapshots` publishes past releases, and leaves what is in service and the nights of a home."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests.refresh.conftest import FIRST_VERSION, LISTED, Bucket, FirstNight, Icw, environment
from tests.support.icw import ICW
from tests.support.small_release import FILES
from warehouse.landing import Landing
from warehouse.refresh import existing_snapshot
from warehouse.snapshots.catalog import Snapshot, current, refreshed, snapshots
from warehouse.snapshots.exporting import export
from warehouse.snapshots.findings import before
from warehouse.snapshots.past import last_published
from warehouse.snapshots.retention import Rules, decisions

PAST = "23.5.0"


@pytest.fixture(scope="module")
def past_release(bucket: Bucket, first_night: FirstNight) -> None:
    """Let the bucket have an earlier release, and `current` be the later one all the same."""
    metadata = f"select * from ({FILES['version_metadata_index']}) where idc_version <= 23"
    bucket.publish(PAST, {"version_metadata_index": metadata})
    bucket.publish(FIRST_VERSION, LISTED)
    bucket.upstream.list_bucket("23.", [PAST])


def killed_at(bucket: Bucket, home: Path, said: str) -> None:
    """Run the backfill, and kill it where it says so."""
    command = [ICW, "backfill", PAST, "--snapshots"]
    process = subprocess.Popen(command, env=environment(bucket, home), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process:
        for line in process.stderr:
            if said in line:
                process.kill()
                break
    assert process.returncode == -signal.SIGKILL


def kept(home: Path) -> dict[str, bytes | None]:
    """What a backfill leaves as it is: how the last run ended, what was chosen, and the incidents, if there are any."""
    names = ("last_run.json", "landing/choices.json", "quality/incidents.json")
    return {name: (home / name).read_bytes() if (home / name).exists() else None for name in names}


@pytest.mark.full
@pytest.mark.usefixtures("past_release")
def test_a_killed_one_goes_on_and_takes_nothing_out_of_service(
    bucket: Bucket, first_night: FirstNight, icw: Icw, tmp_path: Path
) -> None:
    home = first_night.copied_to(tmp_path / "home")
    (night,), as_it_was = snapshots(home), kept(home)
    killed_at(bucket, home, "Auditing the star")
    assert snapshots(home) == [night] == [current(home)]
    bucket.forget_requests()

    done = icw("backfill", PAST, "--snapshots")
    assert done.returncode == 0, done.stderr
    assert bucket.requests() == [], "what was landed is there"
    assert "1 release: none to fetch, 0 to profile, a snapshot of each; at most about 75 s." in done.stderr
    landed, published = done.stdout.splitlines()
    assert landed.startswith(f"{PAST}   was landed and profiled")
    past = next(found for found in snapshots(home) if found != night)
    assert published.startswith(f"{PAST}   published as {past.id}, not put into service")
    assert [(entry.source, entry.version) for entry in past.manifest.sources] == [("idc", PAST)]
    assert past.manifest.retrospective
    assert "Made in retrospect" in (past.folder / "README.md").read_text()
    assert "Made in retrospect" not in (night.folder / "README.md").read_text()
    assert past.manifest.verdicts
    assert not past.has_database
    assert current(home) == night == refreshed(home)[-1]
    assert kept(home) == as_it_was

    again = icw("backfill", "v23", PAST, "--snapshots", "--json")
    assert again.returncode == 0, again.stderr
    (told,) = json.loads(again.stdout)
    assert (told["version"], told["snapshot"]["outcome"]) == (PAST, "unchanged")
    assert told["snapshot"]["snapshot_id"] == past.id
    assert len(snapshots(home)) == 2
    takes_no_place_of_a_night(home, night, past, tmp_path / "export")


def takes_no_place_of_a_night(home: Path, night: Snapshot, past: Snapshot, target: Path) -> None:
    """Hold what chooses among snapshots by their age against one that is newer and of a past release."""
    assert past.manifest.created_at > night.manifest.created_at
    assert {one.snapshot.id: one.reasons[-1] for one in decisions(home, Rules(last=1))} == {
        night.id: "last 1 of 1",
        past.id: "of a past release",
    }
    assert before(home, past) is None
    landing = Landing(home)
    published = last_published(home, landing, "idc", synthetic=False)
    assert published is not None
    assert published.version == FIRST_VERSION
    release = landing.release("idc", PAST)
    assert release is not None
    assert existing_snapshot(home, [release]) is None
    export(night, target)
    export(past, target)
    assert json.loads((target / "latest.json").read_text())["snapshot_id"] == night.id
