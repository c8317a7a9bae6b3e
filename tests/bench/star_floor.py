"""The floor of the star: plain DuckDB reads every landed Parquet file of the chosen releases and writes it once.

No keys, models, tests or order: `python -m tests.bench.star_floor HOME TARGET_FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

from warehouse.landing import Landing

if __name__ == "__main__":
    landing, target = Landing(Path(sys.argv[1])), Path(sys.argv[2])
    target.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        connection.execute("set memory_limit = '2GB'")
        for release in landing.selected():
            for load in release.loads:
                entry = load.object_named(f"{load.dataset}.parquet")
                if entry is not None:
                    written = target / f"{release.source}-{load.dataset}.parquet"
                    connection.execute(
                        f"copy (select * from read_parquet('{landing.object_path(entry.sha256)}'))"
                        f" to '{written}' (format parquet, compression zstd)"
                    )
