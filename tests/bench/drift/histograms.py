"""The histograms that a portal reports of itself, counted from the files of a night as Elasticsearch counts them."""

from __future__ import annotations

import duckdb

from warehouse.sql_text import literal, quoted

REPORTED = "reported_counts"

# A text field with more distinct values is not categorical (warehouse/sources/gen3/guppy/reported_counts.py).
MOST_CATEGORIES = 1000


def histograms(connection: duckdb.DuckDBPyConnection, entity: str, relation: str) -> list[str]:
    """Return queries for the rows of `reported_counts` about one record type: its total, and each categorical field.

    A record counts once for each different value of a list, and as missing where it has none.
    """
    columns = {
        name: kind
        for name, kind, *_ in connection.execute(f"describe select * from {relation}").fetchall()
        if kind in ("VARCHAR", "VARCHAR[]")
    }
    total = f"select {literal(entity)} as entity, '_totalCount' as dimension, '' as key, false as missing, count(*)"
    queries = [f"{total} as count from {relation}"]
    if not columns:
        return queries
    texts = {
        name: quoted(name) if kind == "VARCHAR" else f"list_first({quoted(name)})" for name, kind in columns.items()
    }
    counted = ", ".join(f"approx_count_distinct({text}), count(*)" for text in texts.values())
    found = connection.execute(f"select {counted} from {relation}").fetchall()[0]
    few = [
        name
        for place, name in enumerate(columns)
        if found[2 * place] <= MOST_CATEGORIES and found[2 * place] * 2 <= max(found[2 * place + 1], 100)
    ]
    for name in few:
        column = quoted(name)
        values = f"list_distinct({column})" if columns[name] == "VARCHAR[]" else f"[{column}]"
        queries.append(
            f"select {literal(entity)}, {literal(name)}, coalesce(value, 'no data'), value is null, count(*) from ("
            f"select unnest(case when len({values}) > 0 then {values} else [null] end) as value from {relation}"
            ") group by all"
        )
    return queries
