"""Which past releases of IDC a person asks for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from warehouse.errors import UsageError
from warehouse.sources.idc.releases import parse_requested

_RANGE = re.compile(r"v([1-9]\d{0,3})\.\.v([1-9]\d{0,3})", re.ASCII)
_MOST = 200


def requested_releases(names: Sequence[str]) -> tuple[str, ...]:
    """Return each release that is asked for once, in the order of the names: a range stands for its data releases.

    Args:
        names: `v18..v25` (both ends are meant), `v23` (the newest of a data release) or `23.5.0`.

    Raises:
        UsageError: a name is none of these, or they are too many.
    """
    found: list[str] = []
    for name in names:
        if ".." not in name:
            wanted = parse_requested(name)
            if wanted.version is None and wanted.major is None:
                raise UsageError(f"{name!r} is no past release: ask for v18..v25, v23 or 23.5.0.")
            found.append(name)
            continue
        match = _RANGE.fullmatch(name)
        if match is None:
            raise UsageError(f"{name!r} is no range of IDC's data releases: write it as v18..v25.")
        first, last = int(match[1]), int(match[2])
        if first > last:
            raise UsageError(f"The range {name} ends before it begins: write it as v{last}..v{first}.")
        found += [f"v{major}" for major in range(first, last + 1)]
    releases = tuple(dict.fromkeys(found))
    if len(releases) > _MOST:
        raise UsageError(f"These are {len(releases)} releases; ask for at most {_MOST} at a time.")
    return releases
