"""A refresh that is struck at many moments: `icw status` says what happened, and the next night is whole.

One moment of each stage is struck here, in nights of one home; `python -m tests.bench cases` strikes a night of its own
at each of all the moments. With `-s` they print the moments and what status says of each.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from tests.refresh.conftest import FirstNight, Icw
from tests.support.icw import ICW
from tests.support.signals import heed_every_signal
from tests.support.small_bucket import FIRST_VERSION, LISTED, Bucket, environment
from warehouse.snapshots import catalog

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = FIRST_VERSION, "25.0.5"

# Between two looks at a process, which needs the core that a test would take by looking without a pause.
PAUSE_S = 0.02

MOMENTS = [
    ("starting", 0, "SIGKILL"),
    ("starting", 5, "SIGTERM"),
    ("asking IDC", 0, "SIGKILL"),
    ("asking IDC", 60, "SIGINT"),
    ("loading Dagster", 0, "SIGTERM"),
    ("loading Dagster", 2000, "SIGINT"),
    ("loading Dagster", 6000, "SIGKILL"),
    ("fetching IDC", 0, "SIGINT"),
    ("fetching IDC", 40, "SIGKILL"),
    ("fetching IDC", 120, "SIGTERM"),
    ("auditing the landed files", 0, "SIGKILL"),
    ("auditing the landed files", 500, "SIGINT"),
    ("building the star", 0, "SIGTERM"),
    ("building the star", 60, "SIGKILL"),
    ("building the star", 150, "SIGINT"),
    ("auditing the star", 0, "SIGKILL"),
    ("auditing the star", 30, "SIGTERM"),
    ("publishing the snapshot", 0, "SIGINT"),
    ("publishing the snapshot", 60, "SIGKILL"),
    ("publishing the snapshot", 200, "SIGTERM"),
]


ONE_OF_EACH_STAGE = [
    ("starting", 0, "SIGKILL"),
    ("asking IDC", 60, "SIGINT"),
    ("loading Dagster", 6000, "SIGKILL"),
    ("fetching IDC", 40, "SIGKILL"),
    ("auditing the landed files", 500, "SIGINT"),
    ("building the star", 60, "SIGKILL"),
    ("auditing the star", 30, "SIGTERM"),
    ("publishing the snapshot", 60, "SIGKILL"),
]

STAGES = list(dict.fromkeys(stage for stage, *_ in MOMENTS))


def place_of(stage: str) -> int:
    """The place of a stage in a run."""
    return next(place for place, name in enumerate(STAGES) if stage.startswith(name))


def struck(moment: tuple[str, int, str], bucket: Bucket, home: Path, *options: str) -> subprocess.CompletedProcess[str]:
    stage, after, name = moment
    command = [sys.executable, "-m", "tests.refresh.struck", stage, str(after), name, "refresh", *options]
    # A session of its own: what is left of it afterwards can be told by it.
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(bucket, home),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        start_new_session=True,
        preexec_fn=heed_every_signal,
    )


ENDED = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


def runs_in_dagster(home: Path) -> dict[str, dg.DagsterRunStatus]:
    """How each run of a home stands in Dagster, by its id."""
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        return {entry.run_id: entry.status for entry in instance.get_runs()}


def undisturbed_night(bucket: Bucket, home: Path) -> subprocess.CompletedProcess[str]:
    done = struck(("*", 100_000_000, "SIGKILL"), bucket, home, "--json")
    assert done.returncode == 0, done.stderr
    return done


def left_running(home: Path) -> list[str]:
    """The processes that have the home in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z" and f"ICW_HOME={home}\0".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def status(icw: Icw, home: Path) -> dict[str, Any]:
    shown = icw("status", "--json", home=home)
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)


def strike(moment: tuple[str, int, str], icw: Icw, bucket: Bucket, home: Path) -> dict[str, Any]:
    """Strike the next night, and return what became of it as status has it."""
    stage, _, name = moment
    last = status(icw, home)["last_run"]
    done = struck(moment, bucket, home)
    found = status(icw, home)
    run = found["last_run"]
    number = signal.Signals[name]
    if name == "SIGKILL":
        assert done.returncode == -number, done.stderr
        assert (run["outcome"], run["exit_code"]) == ("died", None)
        # dbt notices at once that its caller is gone; it has no more to do than to end.
        while left_running(home):
            time.sleep(PAUSE_S)
    else:
        assert done.returncode == 128 + number, done.stderr
        assert (run["outcome"], run["exit_code"]) == ("interrupted", 128 + number)
        *_, said = done.stderr.splitlines()
        assert said.startswith("icw: The refresh was interrupted ("), done.stderr
        assert sum(line.startswith("icw: ") for line in done.stderr.splitlines()) == 1
        assert left_running(home) == []
    assert "Traceback" not in done.stderr
    # A library may have put its own handler in the place of ours; the run then goes on for an instant.
    assert place_of(run["stage"]) - place_of(stage) in ((0,) if name == "SIGKILL" else (0, 1))
    assert run["stage"] in run["error"]
    assert run["previous"]["run_id"] == last["run_id"]
    assert run["previous"]["outcome"] == last["outcome"]
    assert run["last_good_at"] == last["last_good_at"]
    judged = icw("status", "--check", home=home)
    assert judged.returncode == 9
    assert judged.stdout.count("\n") == 1
    print(f"{number.name:8} {stage}, {moment[1]:>4} later: {judged.stdout.strip()}")
    return found


def strike_then_refresh(
    moments: list[tuple[str, int, str]], icw: Icw, bucket: Bucket, first_night: FirstNight, home: Path
) -> str:
    """Strike one night after the other; return the digest of what the next one, which nothing strikes, publishes."""
    bucket.publish(NEW)
    first_night.copied_to(home)
    for moment in moments:
        found = strike(moment, icw, bucket, home)
        # A snapshot that was whole when its publish was struck is in service.
        assert found["sources"][0]["version"] == OLD or moment[0] == "publishing the snapshot"
    done = icw("refresh", home=home)
    assert done.returncode == 0, done.stderr
    run = status(icw, home)["last_run"]
    assert run["outcome"] in ("published", "unchanged", "restored")
    assert not (home / "builds").exists()
    assert icw("status", "--check", home=home).returncode == 0
    assert set(runs_in_dagster(home).values()) <= {*ENDED, dg.DagsterRunStatus.SUCCESS}
    return catalog.snapshot(home, None).manifest.tables_digest


@pytest.mark.full
def test_after_nights_that_are_struck_in_every_stage_the_next_one_publishes_the_same(
    icw: Icw, bucket: Bucket, first_night: FirstNight, undisturbed: str, tmp_path: Path
) -> None:
    assert set(ONE_OF_EACH_STAGE) < set(MOMENTS)
    assert [stage for stage, *_ in ONE_OF_EACH_STAGE] == STAGES
    assert strike_then_refresh(ONE_OF_EACH_STAGE, icw, bucket, first_night, tmp_path / "home") == undisturbed


@pytest.mark.bench
@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_after_each_moment_status_says_what_happened_and_the_next_night_publishes_the_same(
    moment: tuple[str, int, str], icw: Icw, bucket: Bucket, first_night: FirstNight, undisturbed: str, tmp_path: Path
) -> None:
    assert strike_then_refresh([moment], icw, bucket, first_night, tmp_path / "home") == undisturbed


@pytest.fixture(scope="module")
def undisturbed(bucket: Bucket, first_night: FirstNight, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the tables that the next night publishes when nothing strikes it."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    bucket.publish(NEW)
    first_night.copied_to(home)
    assert json.loads(undisturbed_night(bucket, home).stdout)["outcome"] == "published"
    return catalog.snapshot(home, None).manifest.tables_digest


@pytest.mark.full
@pytest.mark.parametrize("after", [0, 100, 900, 3000])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_while_the_program_loads_is_one_sentence(
    name: str, after: int, bucket: Bucket, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING, str(after), name],
        cwd=ROOT,
        env=environment(bucket, tmp_path / "home"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=heed_every_signal,
    )
    assert done.returncode == 128 + signal.Signals[name], done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert "nterrupted (" in done.stderr


# The moment is counted from where the program heeds interrupts, its first act.
LOADING = """
import signal, sys
from tests.refresh.struck import strike_at
from warehouse import interrupts
after, name = int(sys.argv[1]), sys.argv[2]
heed = interrupts.Interrupts.heed

def heed_then_count(self):
    heed(self)
    strike_at("*", after, signal.Signals[name])

interrupts.Interrupts.heed = heed_then_count
sys.argv = ["icw", "refresh"]
from dagster_project.program import program
program()
"""


@pytest.mark.full
def test_a_first_night_that_dies_is_told_where_nothing_was_ever_published(
    icw: Icw, bucket: Bucket, tmp_path: Path
) -> None:
    bucket.publish(OLD, LISTED)
    home = tmp_path / "home"
    assert icw("status", "--check", home=home).returncode == 11
    assert struck(("asking IDC", 0, "SIGKILL"), bucket, home).returncode == -signal.SIGKILL
    shown = icw("status", home=home)
    assert shown.returncode == 0
    assert "No snapshot is in service" in shown.stdout
    assert "Last refresh: died" in shown.stdout
    assert "asking IDC" in shown.stdout
    found = status(icw, home)
    assert (found["snapshot_id"], found["last_run"]["outcome"]) == (None, "died")
    judged = icw("status", "--check", home=home)
    assert judged.returncode == 9, judged.stdout
    assert "snapshots" not in os.listdir(home)


@pytest.mark.full
def test_while_one_refresh_loads_between_plan_and_job_another_is_told_its_run(
    icw: Icw, bucket: Bucket, tmp_path: Path
) -> None:
    bucket.publish(OLD, LISTED)
    home = tmp_path / "home"
    first = subprocess.Popen([ICW, "refresh"], env=environment(bucket, home), stderr=subprocess.PIPE, text=True)
    try:
        run = at_work(home, "loading Dagster", first)
        second = icw("refresh", home=home)
        assert second.returncode == 5, second.stderr
        (line,) = second.stderr.splitlines()
        assert f"run {run['run_id'][:8]}, process {first.pid}" in line
        assert status(icw, home)["last_run"]["run_id"] == run["run_id"]
    finally:
        first.send_signal(signal.SIGTERM)
        _, said = first.communicate(timeout=60)
    assert first.returncode == 128 + signal.SIGTERM, said


@pytest.mark.full
def test_a_scheduled_run_that_is_interrupted_is_recorded_and_the_next_one_publishes(
    icw: Icw, bucket: Bucket, tmp_path: Path
) -> None:
    """One that is killed: `tests/schedules/test_ten_nights.py`."""
    bucket.publish(OLD, LISTED)
    home = tmp_path / "home"
    (home / "dagster").mkdir(parents=True)
    process = scheduled(bucket, home)
    run = at_work(home, "building the star", process)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    while left_running(home):
        time.sleep(PAUSE_S)
    found = status(icw, home)["last_run"]
    # Where Dagster raises the interrupt between two steps of an asset, none of our code sees more than an early end.
    assert found["outcome"] in {"interrupted", "failed"}
    assert (found["run_id"], found["stage"]) == (run["run_id"], "building the star")
    following = scheduled(bucket, home)
    said = following.communicate(timeout=300)[1]
    assert following.returncode == 0, said
    assert len(catalog.snapshots(home)) == 1
    statuses = runs_in_dagster(home)
    assert statuses.pop(run["run_id"]) in ENDED
    assert list(statuses.values()) == [dg.DagsterRunStatus.SUCCESS]


def scheduled(bucket: Bucket, home: Path) -> subprocess.Popen[str]:
    """Start the job as Dagster's daemon does: in a process of its own, with nothing but the settings."""
    return subprocess.Popen(
        [sys.executable, "-m", "dagster", "job", "execute", "-m", "schedules.definitions", "-j", "refresh"],
        cwd=ROOT,
        env=environment(bucket, home, DAGSTER_HOME=str(home / "dagster")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def at_work(home: Path, stage: str, process: subprocess.Popen[Any]) -> dict[str, Any]:
    """Wait until the record of a run has come to a stage, as long as its process lives, and return it."""
    while True:
        assert process.poll() is None, "the process ended before it came so far"
        time.sleep(PAUSE_S)
        record = home / "last_run.json"
        if not record.exists():
            continue
        run = json.loads(record.read_text())
        if run["stage"].startswith(stage):
            return run
