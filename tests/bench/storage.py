"""A year of nights as the disk sees them: what a home holds after 30, 90, 180 and 365, by kind.

The snapshots are small ones, kept by daily, weekly and monthly rules. `ICW_BENCH_NIGHTS` sets another number of nights.
"""

from __future__ import annotations

import os
import shutil

from rich.console import Console
from rich.table import Table

from tests.bench.folder import BENCH
from tests.support.storage_nights import BOUNDED, dagster_of, held, spend_night
from warehouse.settings import Settings

HOME = BENCH / "storage"


def run(console: Console) -> None:
    """Simulate and print."""
    nights = int(os.environ.get("ICW_BENCH_NIGHTS", "365"))
    shutil.rmtree(HOME, ignore_errors=True)
    settings = Settings(home=HOME, keep_daily=7, keep_weekly=5, keep_monthly=12, prune_after_refresh=True)
    shown = sorted({min(nights, number) for number in (30, 90, 180, nights)})
    found: dict[int, dict[str, tuple[int, int]]] = {}
    with dagster_of(settings) as instance:
        for number in range(nights):
            spend_night(settings, instance, number)
            if number + 1 in shown:
                found[number + 1] = held(HOME)
    table = Table("kind", show_edge=False)
    for number in shown:
        table.add_column(f"kB (files), {number} nights", justify="right")
    for kind in (*BOUNDED, "profiles"):
        amounts = [found[number][kind] for number in shown]
        table.add_row(kind, *(f"{used / 1e3:,.0f} ({files:,})" for used, files in amounts))
    console.print(table)
    console.print(f"Kept for ever: profiles, {found[nights]['profiles'][0] / nights * 365 / 1e6:,.1f} MB a year here.")
