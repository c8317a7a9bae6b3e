"""Whether the keys of a table mean the same in both snapshots.

Surrogate keys are hashes of natural keys (dbt's macro `surrogate_key`), so a row keeps its key from snapshot to
snapshot, as long as its key is made in the same way. Code that makes it in another way would let the row look removed
and added.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

import duckdb

from warehouse.comparison.schema import TablePair
from warehouse.comparison.workspace import AFTER_APART, BEFORE_APART, CHANGES, in_schema, same_key
from warehouse.sql_text import quoted

_SURROGATE = "_key"

RELEASE_IN_KEY: Mapping[str, tuple[str, str]] = {
    # dbt/models/star/fct_series_version.sql
    "fct_series_version": (
        "idc",
        "The key of fct_series_version holds the release that ends a span, for what is in release that of the snapshot",
    ),
}
"""Tables whose keys hold the release of a source, and the beginning of the sentence that says so."""


def rekeyed_rows(connection: duckdb.DuckDBPyConnection, pair: TablePair) -> int:
    """Return how many removed rows are there again under another key, in a table that has been compared.

    That is, rows for which an added one agrees in every column but surrogate keys, where no other row of their own
    does. A table that takes its key from others has none of its own to look at (see `refers_to`). The columns are
    compared by a hash: the number decides what is said about the table, not what is counted in it.
    """
    references = {column.name: column.references for column in pair.after.columns}
    own = [column for column in pair.key if column.endswith(_SURROGATE) and references[column] is None]
    natural = [column for column in (*pair.key, *pair.compared) if not column.endswith(_SURROGATE)]
    if not own or not natural:
        return 0

    def digests(schema: str, kind: str) -> str:
        texts = ", ".join(f"cast(side.{quoted(column)} as varchar)" for column in natural)
        on = same_key(pair.key, "side", "changed")
        return (
            f"select hash({texts}) as digest from {in_schema(schema, pair.name)} side "
            f"semi join (from {in_schema(CHANGES, pair.name)} where _kind = '{kind}') changed on {on} "
            "group by digest having count(*) = 1"
        )

    [(rows,)] = connection.execute(
        f"select count(*) from ({digests(BEFORE_APART, 'removed')}) "
        f"semi join ({digests(AFTER_APART, 'added')}) using (digest)"
    ).fetchall()
    return int(rows)


def bound_to_release(pair: TablePair, sources: Container[str]) -> str | None:
    """Return the sentence that a table's keys hold the release of one of these sources, which has changed; or None."""
    source, why = RELEASE_IN_KEY.get(pair.name, ("", ""))
    if source not in sources:
        return None
    return f"{why}: with another release of {source} its rows cannot be compared by key, only their number is."


def rekeyed_sentence(pair: TablePair, rows: int, removed: int) -> str:
    """Return why a table of which `rows` of the `removed` ones came back under another key is not comparable by row."""
    return (
        f"{rows} of the {removed} keys of {pair.name} that are gone have a row of the same values under a new one: its "
        f"key ({', '.join(pair.key)}) is made in another way now, so its rows cannot be compared by key, only their "
        "number is."
    )


def refers_to(pair: TablePair, rekeyed: Mapping[str, str]) -> str | None:
    """Return the sentence that the key of a table holds keys of one in `rekeyed` (the reasons by table); or None."""
    references = {column.name: column.references or "" for column in pair.after.columns}
    for column in pair.key:
        table, _, _ = references.get(column, "").partition(".")
        if table in rekeyed and table != pair.name:
            return (
                f"The key of {pair.name} holds keys of {table}, which are not the same in both snapshots, so its rows "
                "cannot be compared by key, only their number is."
            )
    return None
