"""Ten nights of one home by Dagster's own scheduler, queue and runs, with nobody watching and a clock that is moved.

After each night: how the run ended for the record and for Dagster, what is in service, which alerts were sent, and
whether the heartbeat came. The portal is that of a sandbox, so that everything is synthetic.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dagster_project.job import dagster_home
from dagster_project.outcome import DEGRADED_TAG
from tests.support.dagster_service import LONGEST_RUN_S, Service, serving
from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Loopback
from tests.support.receiver import Receiver
from tests.support.shared import SEED, population_of
from tests.support.small_bucket import FIRST_VERSION, LISTED, Bucket, environment
from warehouse.process_identity import ProcessIdentity
from warehouse.run_record import RunRecord, last_run
from warehouse.sandbox.guppy.changes import DataChange, TypeChange
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault
from warehouse.settings import load_settings
from warehouse.snapshots import catalog

SCALE = 0.0005
HOUR = 3
DAY = timedelta(days=1)
DISK_MB = 600
ROOM_LEFT = 30_000_000
GROWTH = DataChange("measurement", added=7)
OF_RUNS = ("degraded", "failed", "stale", "recovered")


@dataclass(frozen=True)
class Morning:
    """What is found after a night: the end of the last refresh, and what came since the morning before.

    `runs` are the ends of new runs in Dagster, `degraded_by` is the tag of the last of them. `is_new` says whether
    another snapshot is in service. `told` are the states of the home that were told, `heartbeats` those received.
    """

    outcome: str
    exit_code: int | None
    runs: tuple[str, ...] = ("SUCCESS",)
    degraded_by: str = ""
    is_new: bool = False
    told: tuple[str, ...] = ()
    heartbeats: int = 1


@dataclass
class Nights:
    """The home, its upstreams and its receiver, and what was seen of them until the last morning."""

    service: Service
    bucket: Bucket
    sandbox: Sandbox
    receiver: Receiver
    clock: Path
    due: datetime = field(default_factory=lambda: datetime.now(UTC).replace(hour=HOUR, minute=0, second=0) - 14 * DAY)
    _in_service: str = ""
    _runs: frozenset[str] = frozenset()
    _messages: int = 0
    _heartbeats: int = 0

    def pass_to(self, at: datetime) -> None:
        """Let it be another time for the service and its runs."""
        self.clock.write_text(str((at - datetime.now(UTC)).total_seconds()))

    def begin(self, days: int = 1) -> None:
        """Let the next night, or one some days later, come to the scheduler."""
        self.due += days * DAY
        at = self.due + timedelta(seconds=20)
        self.pass_to(at)
        self.service.schedule(at)

    def night(self, days: int = 1) -> Morning:
        """Let a night come and pass, and return what is found after it."""
        self.begin(days)
        self.service.work_off()
        return self.morning()

    def look(self, days: int = 0) -> Morning:
        """Let the service come up some hours after a night: the sensors, what they ask for, and only then the schedule.

        The night is the last one, or one some days later.
        """
        self.due += days * DAY
        at = self.due + timedelta(hours=9)
        self.pass_to(at)
        self.service.sense(at)
        self.service.work_off()
        self.service.schedule(at)
        self.service.work_off()
        return self.morning()

    def morning(self) -> Morning:
        run = self.record()
        runs = [found for found in self.service.instance.get_runs() if found.run_id not in self._runs]
        messages = self.receiver.messages[self._messages :]
        states = [message["title"].partition("SYNTHETIC data: ")[2] for message in messages]
        snapshot = catalog.snapshot(self.service.home, None).id
        found = Morning(
            outcome=run.outcome,
            exit_code=run.exit_code,
            runs=tuple(one.status.value for one in reversed(runs)),
            degraded_by=runs[0].tags.get(DEGRADED_TAG, "") if runs else "",
            is_new=snapshot != self._in_service,
            told=tuple(state for state in states if state in OF_RUNS),
            heartbeats=len(self.receiver.heartbeats) - self._heartbeats,
        )
        self._in_service, self._runs = snapshot, self._runs | {one.run_id for one in runs}
        self._messages, self._heartbeats = len(self.receiver.messages), len(self.receiver.heartbeats)
        return found

    def record(self) -> RunRecord:
        run = last_run(self.service.home)
        assert run is not None
        return run


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def nights(disk: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Nights]:
    home, clock = disk / "home", disk / "clock"
    with ExitStack() as stack:
        bucket = Bucket(IdcUpstream(stack.enter_context(Loopback())))
        sandbox = stack.enter_context(Sandbox(population_of(tmp_path_factory, SCALE), SCALE, SEED))
        receiver = Receiver()
        stack.callback(receiver.close)
        settings = environment(
            bucket,
            home,
            ICW_UPSTREAMS=json.dumps(["idc", "midrc"]),
            ICW_SOURCES="sandbox",
            ICW_SANDBOX_URL=sandbox.root_url,
            ICW_RETRY_WAIT_S="0.01",
            ICW_SOURCE_RETRIES="1",
            ICW_SOURCE_RETRY_WAIT_S="0.01",
            ICW_MIN_FREE="0",
            ICW_SCHEDULE_CRON=f"0 {HOUR} * * *",
            ICW_ALERTS=receiver.address,
            ICW_HEARTBEAT_URL=receiver.heartbeat_address,
            MOVED_CLOCK=str(clock),
        )
        for name in os.environ.keys() - settings.keys():
            monkeypatch.delenv(name)
        for name, value in settings.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("DAGSTER_HOME", str(dagster_home(load_settings())))
        service = stack.enter_context(serving(home, "tests.support.moved_clock"))
        yield Nights(service, bucket, sandbox, receiver, clock)


@pytest.mark.full
def test_ten_nights_that_nobody_watches(nights: Nights, disk: Path) -> None:
    bucket, portal, faults = nights.bucket, nights.sandbox.portal, nights.sandbox.faults

    # The service starts on an empty home, in the evening.
    bucket.publish(FIRST_VERSION, LISTED)
    assert nights.look() == Morning("published", 0, is_new=True)

    # 1: growth
    portal.change_data(GROWTH)
    assert nights.night() == Morning("published", 0, is_new=True)

    # 2: the portal is down
    faults.add(Fault(kind="server_error", service="portal", times=None))
    assert nights.night() == Morning("unchanged", 8, degraded_by="midrc", told=("degraded",))
    faults.clear()

    # 3: a bad artifact
    bucket.publish("24.3.0", LISTED)
    bucket.upstream.put_in_bucket("24.3.0", "seg_index.parquet", b"PAR1 and no more", sidecar=False)
    portal.change_data(GROWTH)
    assert nights.night() == Morning("published", 8, degraded_by="idc", is_new=True, told=("degraded",))

    # 4: nothing new, for the release was withdrawn
    bucket.publish(FIRST_VERSION, LISTED)
    assert nights.night() == Morning("unchanged", 0, told=("recovered",))

    # 5: the machine was off for two nights
    portal.change_data(GROWTH)
    assert nights.night(days=3) == Morning("published", 0, is_new=True)

    # 6: the run is killed
    portal.change_data(GROWTH)
    nights.begin()
    kill(nights, at="building the star")
    assert nights.look() == Morning("died", None, runs=("FAILURE",), told=("failed",), heartbeats=0)

    # 7: the disk is full
    held = os.statvfs(disk)
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, held.f_bavail * held.f_frsize - ROOM_LEFT)
    assert nights.night() == Morning("failed", 6, runs=("FAILURE",), told=("failed",), heartbeats=0)
    ballast.unlink()

    # 8: a new release of IDC, seen before the night is made up for, which then needs no run
    bucket.publish("25.0.5")
    assert nights.look(days=1) == Morning("published", 0, is_new=True, told=("recovered",))

    # 9: the portal has another schema, in which the cases are called otherwise
    portal.change_type(TypeChange("case", "rename", "participant"))
    assert nights.night() == Morning("unchanged", 8, degraded_by="midrc", told=("degraded",))

    # 10: all is well again
    portal.change_type(TypeChange("participant", "rename", "case"))
    portal.change_data(GROWTH)
    assert nights.night() == Morning("published", 0, is_new=True, told=("recovered",))


def kill(nights: Nights, at: str) -> None:
    """Kill the process of the night's run when it has come to a stage."""
    (run,) = nights.service.unfinished()
    nights.service.launch()
    process = process_at(nights, run.run_id, at)
    os.kill(process.pid, signal.SIGKILL)
    nights.service.work_off()


def process_at(nights: Nights, run_id: str, stage: str) -> ProcessIdentity:
    give_up_at = time.monotonic() + LONGEST_RUN_S
    while time.monotonic() < give_up_at:
        run = nights.record()
        if run.run_id == run_id and run.stage == stage and run.process is not None:
            return run.process
        time.sleep(0.02)
    raise AssertionError(f"The run did not come to {stage}: {nights.record()}")
