"""Which collections contributed rows to an answer, with their DOIs and licences: never fewer than the true ones.

For each SELECT that reads tables, its FROM and WHERE are asked for the collections of the rows of each table. How a
table's rows belong to collections is told by the references that the snapshot's manifest declares.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import duckdb

from warehouse.answers.blocks import Block, TableReference, blocks, tables_of
from warehouse.answers.collections_cited import CollectionCited, described
from warehouse.answers.question import Node, Question, named_in, sql_of
from warehouse.answers.reading import table_named
from warehouse.answers.routes import TERMS, Route, routes_of
from warehouse.errors import NotCitable
from warehouse.snapshots.catalog import Snapshot
from warehouse.sql_text import quoted


@dataclass(frozen=True)
class Contributions:
    """The collections whose rows an answer was computed from; `is_exact` is false where it may be fewer of them."""

    collections: tuple[CollectionCited, ...]
    is_exact: bool


@dataclass(frozen=True)
class RecordsListed:
    """What a list is of: rows of a table. `sql` asks the snapshot for their values of its primary key."""

    table: str
    key: str
    sql: str


@dataclass
class _Found:
    """What is known of one collection so far: None among the DOIs or licences stands for a row that names none."""

    dois: set[str | None] = field(default_factory=set)
    license_keys: set[int | None] = field(default_factory=set)


def contributions(
    question: Question, snapshots: Mapping[str, Snapshot], connection: duckdb.DuckDBPyConnection
) -> Contributions:
    """Return the collections that contributed to an answer.

    They are exact where one SELECT reads all tables and shows all that it finds. Where more is done to the rows (a
    query in the query, LIMIT, HAVING, QUALIFY), they are at most these; so they are where a table's rows cannot be told
    apart by FROM and WHERE alone, and then all of the table's collections are named.

    Args:
        question: the query.
        snapshots: its snapshots by the names that they have in it.
        connection: the same, open.
    """
    found: dict[tuple[str, int], _Found] = {}
    reading = [block for block in blocks(question.node) if any(True for _ in tables_of(block))]
    is_exact = len(reading) <= 1 and all(_shows_all(block) for block in reading)
    for block in reading:
        for reference in tables_of(block):
            name, table = table_named(reference, snapshots)
            if table in TERMS:
                continue
            routes = routes_of(snapshots[name].manifest.tables, table, quoted(name))
            is_exact = is_exact and bool(routes)
            of_table: dict[int, _Found] = {}
            for route in routes or _everything(snapshots[name], quoted(name)):
                rows, is_filtered = _rows(question, connection, block, reference, route)
                is_exact = is_exact and is_filtered
                _gather(of_table, route, rows)
            for key, entry in of_table.items():
                total = found.setdefault((name, key), _Found())
                total.dois |= entry.dois or {None}
                total.license_keys |= entry.license_keys or {None}
    cited: list[CollectionCited] = []
    for name, snapshot in snapshots.items():
        named = {key: (entry.dois, entry.license_keys) for (of, key), entry in found.items() if of == name}
        cited.extend(described(connection, snapshot, name, named))
    return Contributions(collections=tuple(cited), is_exact=is_exact)


def contributions_to_list(
    listed: RecordsListed, snapshot: Snapshot, name: str, connection: duckdb.DuckDBPyConnection
) -> Contributions:
    """Return the collections of the records that a list is of: exactly these where the manifest knows the ways to them.

    What else the query reads to choose them is no part of the list. Records that belong to no collection have none.

    Args:
        listed: the records.
        snapshot: the asked snapshot.
        name: the name that it has in the query.
        connection: the same, open.
    """
    routes = routes_of(snapshot.manifest.tables, listed.table, quoted(name))
    found: dict[int, _Found] = {}
    for route in routes or _everything(snapshot, quoted(name)):
        columns = ", ".join(map(quoted, route.columns))
        rows = f"select {columns} from {quoted(name)}.{quoted(listed.table)} where {listed.key} in ({listed.sql})"
        _gather(found, route, connection.execute(route.over(rows) if route.columns else route.sql).fetchall())
    named = {key: (entry.dois or {None}, entry.license_keys or {None}) for key, entry in found.items()}
    return Contributions(tuple(described(connection, snapshot, name, named)), is_exact=bool(routes))


def _gather(found: dict[int, _Found], route: Route, rows: Iterable[tuple[int, str | None, int | None]]) -> None:
    """Add what the rows of a route say to what is known of their collections."""
    for key, doi, license_key in rows:
        entry = found.setdefault(key, _Found())
        if route.states_sources:
            entry.dois.add(doi)
            entry.license_keys.add(license_key)


def _shows_all(block: Block) -> bool:
    """Whether every row of a block's FROM and WHERE takes part in the whole answer."""
    hiding = {"having", "qualify"} & set(block.node)
    distinct_on = any(entry.get("distinct_on_targets") for entry in block.modifiers)
    limited = any(entry["type"] == "LIMIT_MODIFIER" for entry in block.modifiers)
    return block.is_whole and not hiding and not distinct_on and not limited


def _everything(snapshot: Snapshot, database: str) -> Iterable[Route]:
    """All collections of a snapshot, for a table that does not say to which its rows belong."""
    if any(table.name == "dim_collection" for table in snapshot.manifest.tables):
        sql = f"select collection_key, null, null from {database}.dim_collection"
        yield Route(columns=(), sql=sql, states_sources=False)


def _rows(
    question: Question,
    connection: duckdb.DuckDBPyConnection,
    block: Block,
    reference: TableReference,
    route: Route,
) -> tuple[list[tuple[int, str | None, int | None]], bool]:
    """Return (collection, DOI, licence) of a table's rows in a block, and whether its WHERE could be applied."""
    if not route.columns:
        return connection.execute(route.sql).fetchall(), False
    for rows, is_filtered in _sources(connection, block, reference, route):
        sql = route.over(rows)
        try:
            values = named_in(connection, sql, question.parameters)
            return connection.execute(sql, values or None).fetchall(), is_filtered
        except duckdb.Error:
            if not is_filtered:
                raise
    raise AssertionError("the whole table can always be read")


def _sources(
    connection: duckdb.DuckDBPyConnection, block: Block, reference: TableReference, route: Route
) -> Iterator[tuple[str, bool]]:
    """Yield the SQL of the rows of a table that a block finds, and of all rows of the table."""
    if not reference.renames:
        # Where two names hide each other, all rows of the table are at least those of the block.
        with contextlib.suppress(NotCitable):
            yield sql_of(connection, _probe(block, reference, route)), True
    columns = ", ".join(map(quoted, route.columns))
    yield f"select distinct {columns} from {'.'.join(map(quoted, reference.path))}", False


def _probe(block: Block, reference: TableReference, route: Route) -> Node:
    selected = [
        {"class": "COLUMN_REF", "type": "COLUMN_REF", "alias": column, "column_names": [reference.name, column]}
        for column in route.columns
    ]
    return block.own(
        select_list=selected,
        modifiers=[{"type": "DISTINCT_MODIFIER"}],
        group_expressions=None,
        group_sets=None,
        having=None,
        qualify=None,
        aggregate_handling="STANDARD_HANDLING",
    )
