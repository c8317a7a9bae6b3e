"""Snapshots that the group of a home may read, and nothing else of it (ICW_GROUP_READABLE).

A home that a service makes for itself alone (`UMask=0077`, or 0027 with a group that others are in) then serves the
members of its group: the way to the snapshots is open to them, and what lies beside it is not. The files stay
read-only, and a folder keeps its setgid bit.
"""

from __future__ import annotations

import stat
from pathlib import Path

from warehouse.files import writing_to
from warehouse.snapshots.catalog import snapshots, snapshots_folder

_READ, _ENTER = stat.S_IRGRP, stat.S_IRGRP | stat.S_IXGRP
_GROUP = stat.S_IRWXG


def let_group_read(home: Path) -> None:
    """Let the group read each snapshot of a home, and the way to it; close the rest of the home to the group.

    Raises:
        StorageError: the modes cannot be changed.
    """
    with writing_to(home):
        for entry in home.iterdir():
            if entry != snapshots_folder(home) and not entry.is_symlink():
                _change(entry, without=_GROUP)
    for snapshot in snapshots(home):
        open_folder(snapshot.folder)
    with writing_to(home):
        for folder in (snapshots_folder(home), home):
            _change(folder, plus=_ENTER)


def open_folder(folder: Path) -> None:
    """Let the group read a folder and all that is in it.

    Raises:
        StorageError: the modes cannot be changed.
    """
    with writing_to(folder):
        for path in (folder, *sorted(folder.rglob("*"))):
            if not path.is_symlink():
                _change(path, plus=_ENTER if path.is_dir() else _READ)


def _change(path: Path, *, plus: int = 0, without: int = 0) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    wanted = (mode | plus) & ~without
    if wanted != mode:
        path.chmod(wanted)
