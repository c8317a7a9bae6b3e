"""Whose folder is a warehouse home? Nothing is written into, or removed from, a folder that is somebody else's.

A home bears a marker. A folder without one is taken for a home if it is new, empty, or holds nothing but what this
project makes; homes of before the marker are told by their landing or their snapshots.
"""

from __future__ import annotations

from pathlib import Path

from warehouse.errors import UsageError
from warehouse.files import writing_to

MARKER = ".imaging-commons-warehouse"

_WORDS = "This folder is a home of the imaging commons warehouse, which writes and removes what is in it.\n"
# What a home may hold before its first refresh: none of it is a name that another project's folder is known by alone.
_BEFORE_THE_FIRST = frozenset({"acknowledgements.yml", "dagster", "dbt", "landing", "last_run.json", "lock", "sandbox"})


def claim(home: Path) -> None:
    """Make a folder a warehouse home, unless it is one.

    Raises:
        UsageError: it is somebody else's: a folder without the marker that holds other things.
        StorageError: it cannot be written.
    """
    if (home / MARKER).is_file():
        return
    if home.exists() and not home.is_dir():
        raise UsageError(f"ICW_HOME is {home}, which is not a folder. Name a folder, or one that does not exist yet.")
    if home.is_dir() and not _is_a_home(home):
        found = ", ".join(sorted(path.name for path in home.iterdir())[:5])
        raise UsageError(
            f"ICW_HOME is {home}, which is no warehouse home and not empty (it holds {found}): nothing is written "
            f"there. Name an empty folder or a new one. If it is a home, make the file {MARKER} in it."
        )
    with writing_to(home):
        home.mkdir(parents=True, exist_ok=True)
        (home / MARKER).write_text(_WORDS, encoding="utf-8")


def require_outside(path: Path, home: Path) -> None:
    """Keep a file out of the home that is read, and of every other one: what is in a home is the warehouse's own.

    Raises:
        UsageError: the path lies in a home.
    """
    above = path.absolute().resolve().parents
    around = next((folder for folder in above if folder == home.resolve() or (folder / MARKER).is_file()), None)
    if around is not None:
        raise UsageError(
            f"{path} lies in the warehouse home {around}, which holds what the warehouse makes and nothing else. "
            "Name a file elsewhere."
        )


def _is_a_home(home: Path) -> bool:
    names = {path.name for path in home.iterdir()}
    if names <= _BEFORE_THE_FIRST:
        return True
    return (home / "landing" / "loads").is_dir() or any(home.glob("snapshots/*/manifest.json"))
