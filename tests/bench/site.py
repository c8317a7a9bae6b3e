"""What the site of a real snapshot costs: seconds to make it, its weight, and how soon a browser shows the first page.

The snapshot is IDC 25.0.5 beside the sandbox's portals at a hundredth of their size, published once into a home of the
benchmarks. What is beside it: dbt's documentation of the same snapshot, the other pages that are made of one.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench.folder import BENCH
from tests.bench.measure import Measurement, measured
from tests.support.icw import ICW
from warehouse.snapshots import catalog

HOME = BENCH / "site"

# The pages together; and of the heaviest page alone, on loopback.
MOST_MB, MOST_SECONDS, MOST_PAINT_MS = 5, 10, 1_000

_CHROMIUM = shutil.which("chromium")
# What the browser notes of it, also where that was before it is asked.
_PAINT = """
() => new Promise((tell) => new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName("first-contentful-paint")) tell(entry.startTime);
}).observe({ type: "paint", buffered: true }))
"""


def run(console: Console) -> None:
    """Measure and print."""
    environment = {"ICW_HOME": str(HOME), "ICW_IDC_CHANNELS": json.dumps(["wheel"])}
    if catalog.current(HOME) is None:
        command = [ICW, "refresh", "--sources", "sandbox", "--idc", "25.0.5"]
        subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)
    found = catalog.snapshot(HOME, None)
    made = measured([ICW, "site", "--output", BENCH / "pages"], environment)
    pages = sorted((BENCH / "pages").glob("*.html"))
    rendered = _rendered(environment, found.id)
    documented = measured([ICW, "docs"], environment)
    console.print(f"the site of {found.id}, Python {platform.python_version()}, {os.cpu_count()} cores")
    table = Table(show_edge=False)
    table.add_column("in a process of its own")
    for heading in ("seconds", "at most", "peak MB", "MB written", "at most", "first paint, ms", "at most"):
        table.add_column(heading, justify="right")
    painted = {page.name: _paint(page) for page in pages}
    slowest = max(painted, key=lambda name: painted[name] or 0)
    paint = painted[slowest]
    shown = "no Chromium" if paint is None else f"{paint:.0f} ({slowest})"
    table.add_row(
        "site: made anew", *_cost(rendered, MOST_SECONDS), _megabytes(pages), str(MOST_MB), shown, f"{MOST_PAINT_MS:,}"
    )
    table.add_row("site: published, copied", *_cost(made, None), _megabytes(pages), "", "", "")
    page = HOME / "docs" / "index.html"
    paint = _paint(page)
    table.add_row(
        "icw docs, beside it",
        *_cost(documented, None),
        _megabytes([page]),
        "",
        "no Chromium" if paint is None else f"{paint:.0f}",
        "",
    )
    console.print(table)
    ratio = rendered.seconds / documented.seconds
    console.print(f"Made in {ratio:.1f} x the seconds of icw docs.")


def _rendered(environment: dict[str, str], snapshot_id: str) -> Measurement:
    """Make the pages as a publish does, in a process of its own."""
    code = (
        "import sys; from pathlib import Path; from warehouse.settings import load_settings; "
        "from warehouse.site import render; from warehouse.snapshots.catalog import snapshot; "
        "settings = load_settings(); render(snapshot(settings.home, sys.argv[1]), settings)"
    )
    return measured([Path(ICW).with_name("python"), "-c", code, snapshot_id], environment)


def _cost(found: Measurement, most: int | None) -> tuple[str, str, str]:
    return f"{found.seconds:.1f}", "" if most is None else str(most), f"{found.peak_mb:,.0f}"


def _megabytes(pages: list[Path]) -> str:
    return f"{sum(page.stat().st_size for page in pages) / 1e6:.2f}"


def _paint(page: Path) -> float | None:
    """Return the milliseconds until a browser that runs already has drawn something of a page; None without one."""
    if _CHROMIUM is None:
        return None
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page()
        tab.goto(page.as_uri())
        painted = float(tab.evaluate(_PAINT))
        browser.close()
    return painted
