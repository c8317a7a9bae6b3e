"""Measure and print: `make bench`, or `python -m tests.bench NAME...` with the names in PARTS.

What follows `drift` are its own arguments (`tests.bench.drift.command`). `scale` renews a page and needs the
packages of an engine, so that it runs only when it is named.
"""

from __future__ import annotations

import sys

from rich.console import Console

from tests.bench import cases, demo, diff, idc, idle, nights, profiles, site, star, storage
from tests.bench.drift import command as drift
from tests.bench.portals import comparison
from tests.bench.scale import command as scale

PARTS = {
    "idc": idc.run,
    "demo": demo.run,
    "portals": comparison.run,
    "star": star.run,
    "profiles": profiles.run,
    "nights": nights.run,
    "drift": drift.run,
    "diff": diff.run,
    "site": site.run,
    "storage": storage.run,
    "idle": idle.run,
    "scale": scale.run,
    "cases": cases.run,
}


def main() -> None:
    """Run the benchmarks that were named, or all that measure."""
    console = Console(width=110)
    if sys.argv[1:2] == ["drift"]:
        drift.run(console, sys.argv[2:])
        return
    # The cases are no measurement: they are the tests, one by one, and take as long as all of these.
    names = sys.argv[1:] or [name for name in PARTS if name not in ("cases", "scale")]
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        raise SystemExit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(PARTS)}.")
    for name in names:
        PARTS[name](console)
        console.print()


if __name__ == "__main__":
    main()
