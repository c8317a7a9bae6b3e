"""`python -m tests.bench scale`: measure, print, and renew the page.

`ICW_BENCH_SIZES` sets other sizes ("1,2"), whose figures are printed alone; `ICW_BENCH_VERSION` another release. Runs
are kept in .bench/scale/runs.json, and one that is there is not measured again: remove the file to begin anew.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.bench.process_tree import require_proc
from tests.bench.scale import page
from tests.bench.scale.plot import drawn
from tests.bench.scale.running import runs
from warehouse.errors import UsageError
from warehouse.files import write_atomically

SIZES = (1, 3, 10)


def run(console: Console) -> None:
    """Measure and print.

    Raises:
        SystemExit: this is not Linux, Spark cannot run here, or a step failed.
    """
    require_proc()
    version = os.environ.get("ICW_BENCH_VERSION", "25.0.5")
    sizes = tuple(map(int, os.environ.get("ICW_BENCH_SIZES", ",".join(map(str, SIZES))).split(",")))
    try:
        found = list(runs(version, sizes))
    except UsageError as error:
        raise SystemExit(str(error)) from error
    console.print(_table(page.HEADINGS, page.rows_of(found)))
    console.print(_table(page.LIMIT_HEADINGS, page.limit_rows_of(found)))
    for sentence in page.findings(found):
        console.print(sentence)
    if sizes == SIZES:
        write_atomically(page.PAGE, page.page(version, found))
        write_atomically(page.DRAWING, drawn(found))
        console.print(f"Written: {page.PAGE}, {page.DRAWING}")


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(show_edge=False)
    for heading in headings:
        table.add_column(heading, justify="right")
    for cells in rows:
        table.add_row(*cells)
    return table
