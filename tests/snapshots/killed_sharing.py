"""Export or import again and again, killed each time one step later, until one gets through; print what is there.

Each try is a process of its own (a fork), killed just before an operation on the file system. After each kill, what was
to be written is not there or whole, and the next try gets through and leaves no litter. Run with `folder`, `zip` or
`import`, and an empty folder.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.snapshots.killed import killed_at
from tests.snapshots.nights import night
from warehouse.snapshots.catalog import Snapshot, snapshots
from warehouse.snapshots.exporting import export
from warehouse.snapshots.importing import import_snapshot
from warehouse.snapshots.verification import is_sound


def state(what: str, found: Snapshot, target: Path, check: Path) -> str:
    """Return what a reader sees: nothing, or a whole snapshot; anything else is a failed assertion."""
    if what == "import":
        there = snapshots(target)
        assert len(there) <= 1
        assert all(map(is_sound, there))
        return "whole" if there else "nothing there"
    if not (target if what == "zip" else target / found.id).exists():
        assert what == "zip" or not (target / "latest.json").exists()
        return "nothing there"
    shutil.rmtree(check, ignore_errors=True)
    source = target if what == "zip" else target / found.id
    assert is_sound(import_snapshot(check, source).snapshot)
    return "whole"


def main(what: str, root: Path) -> int:
    """Print a line per try: killed or through, and what is there."""
    found = night(root / "home", 0)
    export(found, root / "share")
    target = root / ("target.zip" if what == "zip" else "target")
    act = (lambda: import_snapshot(target, root / "share")) if what == "import" else (lambda: export(found, target))
    for step in range(10_000):
        was_killed = killed_at(step, act)
        print("killed," if was_killed else "through,", state(what, found, target, root / "check"), flush=True)
        if not was_killed:
            return 0
        assert not killed_at(None, act)
        assert state(what, found, target, root / "check") == "whole"
        assert not [path for path in root.rglob(".*.tmp") if "home" not in path.parts and "check" not in path.parts]
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
