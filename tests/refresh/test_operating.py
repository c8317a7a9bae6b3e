"""Every command of `schedules/operating.md`, on a home of small releases: nothing is lost, nothing is fetched twice."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.refresh.conftest import FirstNight, Icw
from tests.refresh.test_struck import ROOT
from tests.support.small_bucket import FIRST_VERSION, LISTED, Bucket, environment
from warehouse.run_record import last_run
from warehouse.snapshots import catalog

pytestmark = pytest.mark.full

PAGE = (ROOT / "schedules" / "operating.md").read_text(encoding="utf-8")
BLOCKS = dict(re.findall(r"^```sh\n# ([^\n]+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
OLD_HOME = Path(__file__).with_name("homes") / "2026-11-29.tar.xz"


@dataclass(frozen=True)
class Machine:
    """The folders of the page, `/srv` and `/backup`, below one of the test."""

    root: Path
    bucket: Bucket

    @property
    def home(self) -> Path:
        return self.root / "srv" / "icw"

    def run(self, block: str) -> str:
        """Run the commands of a block of the page; return what they print. Each of them must end well."""
        text = re.sub(r"(?<![\w.])/(srv|backup)\b", lambda found: str(self.root / found[1]), BLOCKS[block])
        settings = environment(self.bucket, self.home)
        settings["PATH"] = f"{Path(sys.executable).parent}:{settings['PATH']}"
        command = ["bash", "-euo", "pipefail", "-c", text]
        done = subprocess.run(command, env=settings, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{block}: {done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture
def machine(first_night: FirstNight, bucket: Bucket, tmp_path: Path) -> Machine:
    """A machine with a home in its place, for which upstream has nothing new."""
    bucket.publish(FIRST_VERSION, LISTED)
    (tmp_path / "srv").mkdir()
    (tmp_path / "backup").mkdir()
    first_night.copied_to(tmp_path / "srv" / "icw")
    bucket.forget_requests()
    return Machine(tmp_path, bucket)


def fetched(bucket: Bucket) -> list[str]:
    """What was asked for of the files of a release; the list of releases is asked for each night."""
    return [path for path in bucket.requests() if path.endswith("idc_index.parquet")]


def test_every_block_of_the_page_is_run_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert len(BLOCKS) == PAGE.count("```sh")
    assert set(BLOCKS) == set(re.findall(r"machine\.run\(\"([^\"]+)\"\)", source))


def test_a_copy_goes_on_elsewhere_without_fetching_again(machine: Machine) -> None:
    machine.run("back up")
    said = machine.run("restore")
    assert "Nothing new upstream" in said
    assert fetched(machine.bucket) == []


def test_a_home_that_was_moved_goes_on_and_names_its_old_place_nowhere(machine: Machine) -> None:
    said = machine.run("move")
    assert "Nothing new upstream" in said
    assert fetched(machine.bucket) == []
    assert not machine.home.exists()
    moved = machine.root / "srv" / "elsewhere"
    for path in moved.rglob("*"):
        if path.is_file() and path.name != "lock":
            assert os.fsencode(machine.home) not in path.read_bytes(), path


@pytest.mark.parametrize(
    "moment",
    [
        ("fetching IDC", 120),
        pytest.param(("building the star", 60), marks=pytest.mark.bench),
        ("publishing the snapshot", 200),
    ],
)
def test_a_copy_of_a_home_in_the_middle_of_a_refresh_is_whole(
    machine: Machine, icw: Icw, moment: tuple[str, int]
) -> None:
    machine.bucket.publish("24.6.0", LISTED)
    stage, after = moment
    command = [sys.executable, "-m", "tests.refresh.struck", stage, str(after), "SIGSTOP", "refresh"]
    running = subprocess.Popen(command, cwd=ROOT, env=environment(machine.bucket, machine.home))
    try:
        _, status = os.waitpid(running.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        machine.run("back up while a refresh runs")
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
    copy = machine.root / "backup" / "running"
    died = last_run(copy)
    assert died is not None
    assert died.outcome == "died"
    verified = icw("verify", "--all", home=copy)
    assert verified.returncode == 0, verified.stdout
    done = icw("refresh", home=copy)
    assert done.returncode == 0, done.stderr
    assert catalog.snapshot(copy, None).manifest.sources[0].version == "24.6.0"


def test_an_export_is_a_home_again_with_what_it_lacks_fetched(machine: Machine) -> None:
    before = catalog.snapshot(machine.home, None).id
    machine.run("export")
    said = machine.run("restore from an export")
    imported = machine.root / "srv" / "imported"
    assert said.count(before) >= 2
    assert catalog.snapshot(imported, None).id == before
    assert fetched(machine.bucket) != []


def test_a_home_of_older_code_is_read_and_goes_on(machine: Machine, icw: Icw) -> None:
    old = machine.root / "backup" / "old"
    with tarfile.open(OLD_HOME) as packed:
        packed.extractall(old, filter="data")
    os.rename(machine.home, machine.root / "newer")
    os.rename(old, machine.home)
    before = catalog.snapshot(machine.home, None)
    assert before.manifest.format_version == 1
    said = machine.run("upgrade")
    assert before.id in said
    assert fetched(machine.bucket) == []
    after = catalog.snapshot(machine.home, None)
    assert after.manifest.format_version == 2
    assert after.manifest.logical_digest is not None
    count = "select count(*) as series from fct_series"
    answers = [icw("sql", count, "--snapshot", one, "--json", home=machine.home) for one in (before.id, after.id)]
    assert answers[0].returncode == 0, answers[0].stderr
    assert answers[0].stdout == answers[1].stdout
