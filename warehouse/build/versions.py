"""The order of the versions of IDC, as releases in the landing have them."""

from __future__ import annotations

from warehouse.landing import Release


def major_version(release: Release) -> int:
    """Return the number of the data release, e.g. 25 of 25.0.5; 0 where the version does not begin with a number."""
    first = release.version.split(".")[0]
    return int(first) if first.isascii() and first.isdigit() else 0


def version_rank(release: Release) -> list[tuple[int, str]]:
    """Return what orders versions by their numbers: 9.0.1 before 10.0.0."""
    return [(int(part) if part.isascii() and part.isdigit() else 0, part) for part in release.version.split(".")]
