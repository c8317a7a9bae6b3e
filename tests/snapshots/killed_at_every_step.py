"""Publish again and again, killed each time one step later, until one gets through; print what a reader sees.

A step is an operation of the interpreter on the file system, seen as an audit event just before it happens. Each try is
a process of its own (a fork), and after each kill the next publish has to clean up and get through. Run with a folder
that holds `before` (a home with one snapshot) and `next.pickle` (the build to publish).
"""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from tests.support.sample_build import PASSED
from warehouse.build import Build
from warehouse.snapshots.catalog import current, snapshots
from warehouse.snapshots.publish import publish

CHANGES = {"os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "shutil.rmtree"}


def publish_until(step: int, build: Build, home: Path) -> None:
    """Publish, and kill this process just before the change of the file system with this number."""
    left = step

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[1], str) and bool(set(arguments[1]) & set("wax+"))
        if event in CHANGES or writes:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    publish(build, [PASSED], home, {})


def in_a_fork(step: int | None, build: Build, home: Path) -> int:
    """Publish in a process of its own, killed at a step or not at all; return its wait status."""
    child = os.fork()
    if child == 0:
        try:
            if step is None:
                publish(build, [PASSED], home, {})
            else:
                publish_until(step, build, home)
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main(root: Path) -> int:
    """Print a line per try: killed or through, the version in service, the number of snapshots."""
    home = root / "home"
    build: Build = pickle.loads((root / "next.pickle").read_bytes())
    step = 0
    while True:
        shutil.copytree(root / "before", home, symlinks=True)
        status = in_a_fork(step, build, home)
        print("killed" if os.WIFSIGNALED(status) else "through", in_service(home), len(snapshots(home)), flush=True)
        if not os.WIFSIGNALED(status):
            return os.waitstatus_to_exitcode(status)
        assert in_a_fork(None, build, home) == 0
        assert {path.name for path in home.iterdir()} == {"current", "snapshots"}
        assert not list((home / "snapshots").glob(".*"))
        assert (in_service(home), len(snapshots(home))) == ("25.0.5", 2)
        shutil.rmtree(home)
        step += 1


def in_service(home: Path) -> str:
    """Return the version of the IDC in the current snapshot."""
    found = current(home)
    assert found is not None
    return found.manifest.sources[0].version


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
