"""The order of the versions of IDC."""

from __future__ import annotations


def major_version(version: str) -> int:
    """Return the number of the data release, e.g. 25 of 25.0.5; 0 where the version does not begin with a number."""
    first = version.split(".")[0]
    return int(first) if first.isascii() and first.isdigit() else 0


def version_rank(version: str) -> list[tuple[int, str]]:
    """Return what orders versions by their numbers: 9.0.1 before 10.0.0."""
    return [(int(part) if part.isascii() and part.isdigit() else 0, part) for part in version.split(".")]
