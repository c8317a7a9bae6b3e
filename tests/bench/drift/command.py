"""The command: `python -m tests.bench drift [--json] [--sizes 0.01,0.05] [NAME...]`.

A NAME is that of a defect, of a family or of a source. All is made below .bench/drift; what was fetched is kept there.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console

from tests.bench.drift.portal_world import PORTALS
from tests.bench.drift.report import LEAST_RECALL, recall, show
from tests.bench.drift.run import HOME, Outcome, cases_of, measure


def _tell(outcome: Outcome, left: int) -> None:
    """Show progress on standard error, a line a case."""
    how = "error" if outcome.is_error else "caught" if outcome.caught else "missed" if outcome.changed else "no change"
    what = f"{outcome.source}, {outcome.defect}, {100 * outcome.size:g} % ({outcome.hits:,} rows)"
    print(f"{left:4} left  {how:<9}  {what}", file=sys.stderr, flush=True)


def run(console: Console, arguments: Sequence[str] = ()) -> None:
    """Run the benchmark and print its tables, or with `--json` everything that they are made of.

    Raises:
        SystemExit: an argument names nothing.
    """
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench drift", description="Seed defects, count what is found."
    )
    parser.add_argument("--json", action="store_true", help="print every case and every clean night as JSON")
    parser.add_argument("--sizes", default="", help="sizes to seed, e.g. 0.001,0.05 (0.01, and more where missed)")
    parser.add_argument("names", nargs="*", help="defects, families or sources (all by default)")
    chosen = parser.parse_args(arguments)
    sizes = [float(size) for size in chosen.sizes.split(",") if size]
    cases = cases_of(chosen.names, sizes)
    if not cases:
        raise SystemExit(f"There is no defect, family or source {', '.join(chosen.names)} in these sizes.")
    started = time.perf_counter()
    sources = () if chosen.names else ("idc", *PORTALS)
    outcomes, nights = measure(HOME, cases, sources, _tell, again=not sizes)
    seconds = time.perf_counter() - started
    if chosen.json:
        found = {
            "seconds": round(seconds, 1),
            "recall": {f"{size:g}": recall(outcomes, size) for size in LEAST_RECALL},
            "cases": [asdict(outcome) for outcome in outcomes],
            "clean_nights": [asdict(night) for night in nights],
        }
        print(json.dumps(found, indent=2))
        return
    kinds = len({outcome.defect for outcome in outcomes})
    console.print(
        f"Drift: {kinds} kinds of defects, {len(outcomes)} cases, Python {platform.python_version()},"
        f" {os.cpu_count()} cores, {seconds:.0f} s\n"
    )
    show(console, outcomes, nights)
