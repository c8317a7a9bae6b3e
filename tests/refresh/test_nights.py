"""Nights in one home: an audit that blocks is shown, told once and explained; when it is over, that is told too."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.refresh.conftest import FirstNight, Icw
from tests.refresh.test_refresh_command import one_line
from tests.support.receiver import PASSWORD, Receiver
from tests.support.small_bucket import LISTED, Bucket
from tests.support.small_release import FILES, IDC_INDEX
from warehouse.snapshots import catalog

REPEATED_SERIES = {"idc_index": f"select * from ({IDC_INDEX}) union all (select * from ({IDC_INDEX}) limit 25)"}
REPEATED_SEGMENTATIONS = {"seg_index": f"select * replace ('1.2' as \"SeriesInstanceUID\") from ({FILES['seg_index']})"}
DESCRIBED = "No described key occurs twice"


@pytest.mark.full
class TestNights:
    """One home, one night after the other."""

    @pytest.fixture(scope="class")
    def home(self, first_night: FirstNight, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return first_night.copied_to(tmp_path_factory.mktemp("nights") / "home")

    @pytest.fixture(scope="class")
    def receiver(self) -> Iterator[Receiver]:
        found = Receiver()
        yield found
        found.close()

    def test_a_first_night_without_faults_tells_nobody(self, icw: Icw, first_night: FirstNight, home: Path) -> None:
        assert first_night.messages == ()
        assert json.loads(icw("quality", "--json", home=home).stdout)["findings"] == []
        assert len(icw("status", home=home).stdout.splitlines()) <= 10

    def test_a_night_that_is_blocked_is_shown_and_told(
        self, icw: Icw, bucket: Bucket, home: Path, receiver: Receiver
    ) -> None:
        bucket.publish("24.3.0", LISTED | REPEATED_SERIES)
        in_service = catalog.snapshot(home, None).id
        told = {"ICW_ALERTS": receiver.address, "ICW_HEARTBEAT_URL": receiver.heartbeat_address}
        done = icw("refresh", home=home, **told)
        assert done.returncode == icw("refresh", home=home, **told).returncode == 4, done.stderr
        assert "not published" in one_line(done)
        assert "No measured key occurs twice" in one_line(done)
        assert catalog.snapshot(home, None).id == in_service
        message, of_the_run = receiver.messages
        assert "errors opened" in message["title"]
        assert of_the_run["title"] == "Imaging Commons Warehouse: failed"
        assert receiver.heartbeats == []
        assert "No measured key occurs twice" in message["message"]
        assert PASSWORD not in done.stderr + icw("status", "--json", home=home).stdout
        report = json.loads(icw("quality", "--json", home=home).stdout)
        assert report["snapshot_id"] == in_service
        assert report["blocked"]["stage"] == "landed"
        blocking = [finding for finding in report["blocked"]["findings"] if finding["blocks"]]
        (error,) = [finding for finding in blocking if finding["suite"] == "landed keys"]
        assert (error["asset"], error["affected"], error["owner"]) == ("idc.idc_index", 25, "IDC")
        assert len(error["examples"]) == 20
        assert icw("quality", home=home).returncode == 0
        assert icw("quality", "--strict", home=home).returncode == 4
        assert "let nothing be published" in icw("status", home=home).stdout
        explained = icw("quality", "explain", error["id"], "--format", "csv", home=home)
        assert explained.returncode == 0, explained.stderr
        assert len(list(csv.DictReader(io.StringIO(explained.stdout)))) == 25

    def test_when_it_is_over_that_is_told_once(self, icw: Icw, bucket: Bucket, home: Path, receiver: Receiver) -> None:
        bucket.publish("24.4.0", LISTED | REPEATED_SEGMENTATIONS)
        told = {"ICW_ALERTS": receiver.address, "ICW_HEARTBEAT_URL": receiver.heartbeat_address}
        done = icw("refresh", home=home, **told)
        assert done.returncode == 0, done.stderr
        *_, message, of_the_run = receiver.messages
        assert of_the_run["title"] == "Imaging Commons Warehouse: recovered"
        assert len(receiver.heartbeats) == 1
        assert PASSWORD not in done.stderr
        assert "closed" in message["title"]
        assert "warning" in message["title"]
        report = json.loads(icw("quality", "--json", home=home).stdout)
        assert report["blocked"] is None
        (segmentations,) = [finding for finding in report["findings"] if finding["expectation"] == DESCRIBED]
        assert segmentations["is_new"]
        history = json.loads(icw("quality", "history", "No measured key occurs twice", "--json", home=home).stdout)
        (incident,) = history["incidents"]
        assert incident["closed"] is not None

    def test_a_night_on_which_nothing_is_new_changes_and_tells_nothing(
        self, icw: Icw, home: Path, receiver: Receiver
    ) -> None:
        kept, told = (home / "quality" / "incidents.json").read_bytes(), len(receiver.messages)
        done = icw("refresh", home=home, ICW_ALERTS=receiver.address)
        assert done.returncode == 0, done.stderr
        assert (home / "quality" / "incidents.json").read_bytes() == kept
        assert len(receiver.messages) == told

    def test_what_is_acknowledged_is_shown_last_and_with_who(
        self, icw: Icw, bucket: Bucket, home: Path, receiver: Receiver
    ) -> None:
        entry = {"suite": "landed keys", "expectation": DESCRIBED, "accepted": 4, "until": "2100-01-01"}
        stale = entry | {"scope": "no such thing"}
        entries = [one | {"by": "A. Analyst", "reason": "Known."} for one in (entry, stale)]
        (home / "acknowledgements.yml").write_text(json.dumps(entries))
        bucket.publish("24.5.0", LISTED | REPEATED_SEGMENTATIONS)
        assert icw("refresh", home=home, ICW_ALERTS=receiver.address).returncode == 0
        report = json.loads(icw("quality", "--json", home=home).stdout)
        (segmentations,) = [finding for finding in report["findings"] if finding["expectation"] == DESCRIBED]
        assert segmentations["acknowledged"].startswith("up to 4 accepted until 2100-01-01 by A. Analyst: Known")
        assert segmentations["since"]
        assert report["acknowledgements_of_nothing"] == [f"{DESCRIBED} (landed keys, no such thing)"]
        shown = icw("quality", home=home).stdout
        assert "Acknowledged (1)" in shown
        assert "take the entry out" in shown
