"""Publish again and again, killed each time one step later, until one gets through; print what a reader sees.

A step is an operation of the interpreter on the file system, seen as an audit event just before it happens. Each try is
a process of its own (a fork), and after every so many kills the next publish has to clean up and get through. Run with
a folder that holds `before` (a home with one snapshot) and `next.pickle` (the build to publish), and with that number.
"""

from __future__ import annotations

import functools
import pickle
import shutil
import sys
from pathlib import Path

from tests.snapshots.killed import killed_at
from tests.support.sample_build import PASSED
from warehouse.build import Build
from warehouse.snapshots.catalog import current, snapshots
from warehouse.snapshots.publish import publish


def main(root: Path, every: int) -> int:
    """Print a line per try: killed or through, the version in service, the number of snapshots."""
    home = root / "home"
    build: Build = pickle.loads((root / "next.pickle").read_bytes())
    act = functools.partial(publish, build, [PASSED], home, {})
    step = 0
    while True:
        shutil.copytree(root / "before", home, symlinks=True)
        was_killed = killed_at(step, act)
        print("killed" if was_killed else "through", in_service(home), len(snapshots(home)), flush=True)
        if not was_killed:
            return 0
        if step % every == 0:
            assert not killed_at(None, act)
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
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
