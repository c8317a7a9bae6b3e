"""Compare landed Parquet with the index file of the sandbox: `... completeness LANDED HELD KEY_COLUMN...`.

Prints, as one line of JSON: rows and distinct keys landed, keys that only the sandbox holds, keys that only the landing
holds. It is a process of its own because a process that is measured starts with the peak memory of the one that
starts it, which therefore must stay small.
"""

from __future__ import annotations

import json
import sys

import duckdb

if __name__ == "__main__":
    landed, held, *key = sys.argv[1:]
    names = ", ".join(f'"{name}"' for name in key)
    mine, theirs = f"select {names} from read_parquet('{landed}')", f"select {names} from read_parquet('{held}')"
    counted = (
        f"select count(*) from ({mine})",
        f"select count(*) from (select distinct * from ({mine}))",
        f"select count(*) from ({theirs} except {mine})",
        f"select count(*) from ({mine} except {theirs})",
    )
    with duckdb.connect() as connection:
        print(json.dumps([connection.execute(sql).fetchall()[0][0] for sql in counted]))
