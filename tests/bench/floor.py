"""The floor: plain DuckDB reads the landed Parquet and writes it as sorted Parquet and as a DuckDB file.

No keys, models, tests or audits: `python -m tests.bench.floor SOURCE_FOLDER TARGET_FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

ORDER = {"idc_index": '"SeriesInstanceUID"', "prior_versions_index": "crdc_series_uuid, max_idc_version"}

if __name__ == "__main__":
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    target.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        connection.execute("set memory_limit = '2GB'")
        connection.execute(f"attach '{target / 'floor.duckdb'}' as floor (storage_version 'v1.5.0')")
        for path in sorted(source.glob("*.parquet")):
            written = target / path.name
            order = f"order by {ORDER[path.stem]}" if path.stem in ORDER else "order by all"
            connection.execute(
                f"copy (select * from '{path}' {order}) to '{written}' (format parquet, compression zstd)"
            )
            connection.execute(f"create table floor.{path.stem} as select * from '{written}'")
