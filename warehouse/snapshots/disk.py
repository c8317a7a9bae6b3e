"""What files take on the disk. A file with several names is one file; it is free when the last of them is gone."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 512
"""The unit of `st_blocks` (POSIX leaves it open; Linux and macOS count 512 bytes)."""


@dataclass(frozen=True)
class Space:
    """Bytes of files: `apparent` is what their names add up to, `used` what they take, each file once."""

    apparent: int
    used: int

    def __add__(self, other: Space) -> Space:
        return Space(self.apparent + other.apparent, self.used + other.used)


def files_below(*folders: Path) -> Iterator[Path]:
    """Yield the files below some folders, by name; links to elsewhere are passed over."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                yield path


def space_of(files: Iterable[Path]) -> Space:
    """Return what these files take."""
    held = [found for path in files if (found := _held(path)) is not None]
    once = {(found.st_dev, found.st_ino): found.st_blocks * _BLOCK for found in held}
    return Space(sum(found.st_size for found in held), sum(once.values()))


def freed_by_removing(files: Iterable[Path]) -> int:
    """Return the bytes on the disk that are free when these names are gone: of files that no other name has."""
    held = [found for path in files if (found := _held(path)) is not None]
    names = Counter((found.st_dev, found.st_ino) for found in held)
    once = {(found.st_dev, found.st_ino): found for found in held}
    return sum(found.st_blocks * _BLOCK for key, found in once.items() if names[key] >= found.st_nlink)


def _held(path: Path) -> os.stat_result | None:
    """Return what the file system knows of a file; None where another process has just removed it."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
