from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.icw import ICW
from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Loopback
from tests.support.receiver import Receiver
from tests.support.shared import made_once
from tests.support.small_bucket import FIRST_VERSION, LISTED, Bucket, environment


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with Loopback() as server:
        yield Bucket(IdcUpstream(server))


Icw = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def icw(bucket: Bucket, tmp_path: Path) -> Icw:
    """Run `icw` as a process of its own, against the loopback bucket, in a home below `tmp_path`."""

    def run(*arguments: str, home: Path = tmp_path / "home", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ICW, *arguments],
            env=environment(bucket, home, **more),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@dataclass(frozen=True)
class FirstNight:
    """A home in which `icw refresh` has published a first release, what it printed, and the messages it has sent."""

    home: Path
    stdout: str
    stderr: str
    messages: tuple[Mapping[str, str], ...]

    def copied_to(self, home: Path) -> Path:
        """Return a copy of the home, to go on from there."""
        return Path(shutil.copytree(self.home, home, symlinks=True))


@pytest.fixture(scope="module")
def first_night(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> FirstNight:
    """The first night of a home, once for a run of the tests; the bucket has its release. Nobody changes the home."""
    bucket.publish(FIRST_VERSION, LISTED)

    def make(folder: Path) -> None:
        receiver = Receiver()
        try:
            settings = environment(bucket, folder / "home", ICW_ALERTS=receiver.address)
            done = subprocess.run(
                [ICW, "refresh"], env=settings, capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, done.stderr
            told = {"stdout": done.stdout, "stderr": done.stderr, "messages": receiver.messages}
            (folder / "told.json").write_text(json.dumps(told))
        finally:
            receiver.close()

    folder = made_once(tmp_path_factory, "first-night", make)
    told = json.loads((folder / "told.json").read_text())
    return FirstNight(folder / "home", told["stdout"], told["stderr"], tuple(told["messages"]))
