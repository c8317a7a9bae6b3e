"""Prune again and again, killed each time one step later, until one gets through; print what a reader sees.

Each try is a process of its own (a fork), killed just before an operation on the file system. After each kill, what is
kept is whole and nothing half is visible, and the next prune gets through. Run with an empty folder.
"""

from __future__ import annotations

import functools
import shutil
import sys
from pathlib import Path

from tests.snapshots.killed import killed_at
from tests.snapshots.nights import landed_nights
from warehouse.landing import Landing
from warehouse.snapshots.catalog import snapshots, unreadable
from warehouse.snapshots.pins import pin
from warehouse.snapshots.prune import prune
from warehouse.snapshots.retention import Rules
from warehouse.snapshots.verification import is_sound

RULES = Rules(last=1)


def check(home: Path, kept: set[str]) -> int:
    """Return the number of visible snapshots, each whole, with all that the kept ones need."""
    found = snapshots(home)
    assert kept <= {entry.id for entry in found}
    assert all(map(is_sound, found))
    assert unreadable(home) == []
    landing = Landing(home)
    for entry in (source for one in found if one.id in kept for source in one.manifest.sources):
        assert all(landing.has(held.sha256) for dataset in entry.datasets for held in dataset.objects)
        assert entry.digest in {release.digest for release in landing.releases(entry.source)}
    return len(found)


def main(root: Path) -> int:
    """Print a line per try: killed or through, and the number of snapshots that a reader sees."""
    before, home = root / "before", root / "home"
    nights = landed_nights(before, range(4))
    pin(before, nights[1], None)
    kept = {nights[1].id, nights[3].id}
    act = functools.partial(prune, home, RULES, landing=True)
    for step in range(10_000):
        shutil.copytree(before, home, symlinks=True)
        was_killed = killed_at(step, act)
        print("killed" if was_killed else "through", check(home, kept), flush=True)
        if not was_killed:
            return 0
        assert not killed_at(None, act)
        assert check(home, kept) == len(kept)
        assert not list((home / "snapshots").glob(".*"))
        shutil.rmtree(home)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
