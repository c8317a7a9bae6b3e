"""The same query, cold and repeated, to a snapshot or to the idc-index client: `python queries.py icw|idc-index`.

Prints the seconds of the import, of opening, of the first query and of the fastest of five repeats.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

ICW = """
select modality, count(distinct patient_id) as patients, count(*) as series, sum(size_bytes) / 1e9 as gb
from fct_series group by modality order by series desc
"""
CLIENT = """
select Modality, count(distinct PatientID) as patients, count(*) as series, sum(series_size_MB) / 1000 as gb
from index group by Modality order by series desc
"""


def ask_snapshot() -> Callable[[], object]:
    from warehouse.settings import load_settings
    from warehouse.snapshots import catalog, query

    connection = query.connect(catalog.snapshot(load_settings().home, None))
    return lambda: connection.execute(ICW).fetchall()


def ask_client() -> Callable[[], object]:
    from idc_index import IDCClient  # type: ignore[import-not-found]

    client = IDCClient()
    return lambda: client.sql_query(CLIENT)


if __name__ == "__main__":
    started = time.perf_counter()
    ask = {"icw": ask_snapshot, "idc-index": ask_client}[sys.argv[1]]()
    opened = time.perf_counter()
    ask()
    first = time.perf_counter()
    repeats = []
    for _ in range(5):
        before = time.perf_counter()
        ask()
        repeats.append(time.perf_counter() - before)
    print(f"{opened - started:.3f} {first - opened:.3f} {min(repeats):.3f}")
