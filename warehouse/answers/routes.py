"""How the rows of a table belong to collections, by the references that a snapshot's manifest declares."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from warehouse.snapshots.manifest import TableEntry
from warehouse.sql_text import quoted

TERMS = frozenset(
    {"dim_body_part", "dim_date", "dim_idc_version", "dim_license", "dim_manufacturer", "dim_modality"}
    | {"dim_procedure_code", "dim_release", "dim_source", "meta_relationship", "rpt_published_figures"}
)
"""Tables of terms, days and sources: a row of them is nobody's data, and belongs to no collection."""

_COLLECTIONS = "dim_collection"
_KEY = "collection_key"
_ROWS = "{rows}"
_DEEPEST = 3


@dataclass(frozen=True)
class Route:
    """A way from rows of a table to their collections.

    `sql` gives (collection_key, DOI, license_key) from `{rows}`, a query with these columns of the table.
    `states_sources` tells whether the DOI and the licence are those of the rows.
    """

    columns: tuple[str, ...]
    sql: str
    states_sources: bool

    def over(self, rows: str) -> str:
        """Return the SQL for the rows that a query gives."""
        return self.sql.replace(_ROWS, rows)


def routes_of(tables: Sequence[TableEntry], name: str, database: str) -> tuple[Route, ...]:
    """Return the ways from a table to the collections of its rows; none where the manifest knows of no way.

    A row may belong to several collections: to the one that it names, and to those that a bridge has for it. Where it
    names none and has no bridge, it belongs to those of what it refers to.

    Args:
        tables: the tables of the snapshot.
        name: the table.
        database: the name of the snapshot in the query, quoted.
    """
    return tuple(_routes({table.name: table for table in tables}, name, database, _DEEPEST))


def _routes(tables: dict[str, TableEntry], name: str, database: str, depth: int) -> Iterator[Route]:
    table = tables[name]
    columns = {column.name: column for column in table.columns}
    if _KEY in columns:
        doi, licence = (column if column in columns else None for column in ("source_doi", "license_key"))
        # The DOI and the licence of a collection's description are not those of its rows.
        stated = name != _COLLECTIONS and doi is not None and licence is not None
        shown = (_KEY, "source_doi", "license_key") if stated else (_KEY,)
        values = f"{_KEY}, source_doi, license_key" if stated else f"{_KEY}, null, null"
        yield Route(
            columns=shown,
            sql=f"select distinct {values} from ({_ROWS}) as found where {_KEY} is not null",
            states_sources=stated,
        )
    if name == _COLLECTIONS:
        return
    bridge = _bridge(tables, table)
    if bridge is not None:
        key = quoted(table.primary_key[0])
        yield Route(
            columns=table.primary_key,
            sql=(
                f"select distinct {_KEY}, null, null from {database}.{quoted(bridge)} "
                f"where {_KEY} is not null and {key} in (select {key} from ({_ROWS}) as found)"
            ),
            states_sources=False,
        )
    elif depth:
        yield from _by_reference(tables, table, database, depth)


def _bridge(tables: dict[str, TableEntry], table: TableEntry) -> str | None:
    """Return the bridge from a table's primary key to collections: its own key is these two columns."""
    if len(table.primary_key) != 1 or table.primary_key[0] == _KEY:
        return None
    wanted = {table.primary_key[0], _KEY}
    found = (entry.name for entry in tables.values() if entry.name != table.name and set(entry.primary_key) == wanted)
    return next(found, None)


def _by_reference(tables: dict[str, TableEntry], table: TableEntry, database: str, depth: int) -> Iterator[Route]:
    own = {column.name for column in table.columns}
    for column in table.columns:
        for parent, key in _parents(column.references):
            if parent in TERMS or parent == table.name or parent not in tables or column.name == _KEY:
                continue
            nameless = f" where {_KEY} is null" if _KEY in own else ""
            reached = f"select {quoted(column.name)} from ({_ROWS}) as referring{nameless}"
            for route in _routes(tables, parent, database, depth - 1):
                columns = ", ".join(map(quoted, route.columns))
                rows = f"select {columns} from {database}.{quoted(parent)} where {quoted(key)} in ({reached})"
                yield Route(
                    columns=(column.name, *((_KEY,) if _KEY in own else ())),
                    sql=route.over(rows),
                    states_sources=route.states_sources,
                )


def _parents(references: str | None) -> Iterator[tuple[str, str]]:
    for text in (references or "").split(" or "):
        parent, dot, key = text.partition(".")
        if dot:
            yield parent, key
