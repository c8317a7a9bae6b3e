"""The cost of the demo in an existing environment: `icw refresh --sources sandbox` in a new home, with downloads."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from rich.console import Console

from tests.bench.folder import BENCH
from tests.bench.measure import measured

HOME = BENCH / "demo"
MOST_SECONDS = 90


def run(console: Console) -> None:
    """Measure and print."""
    shutil.rmtree(HOME, ignore_errors=True)
    icw = Path(sys.executable).with_name("icw")
    found = measured([icw, "refresh", "--sources", "sandbox"], {"ICW_HOME": str(HOME)})
    console.print(f"Demo in a new home: {found.seconds:.1f} s (at most {MOST_SECONDS}), {found.peak_mb:,.0f} MB")
