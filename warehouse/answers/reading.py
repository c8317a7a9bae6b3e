"""What a query reads: the tables of its snapshots that it names, and what DuckDB makes of it before a row is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
from pydantic import JsonValue

from warehouse.answers.blocks import TableReference, named_tables
from warehouse.answers.functions import catalogue as catalogue_of
from warehouse.answers.functions import require_stable
from warehouse.answers.opening import ASKED
from warehouse.answers.question import Node, Question, sql_of, with_values
from warehouse.answers.syntax import require_known
from warehouse.errors import NotCitable
from warehouse.query_plan import plan_as_written, scans
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.empty_tables import empty_tables
from warehouse.snapshots.manifest import TableEntry
from warehouse.snapshots.query import sentences


@dataclass(frozen=True)
class TableRead:
    """One table that a query reads: the name of its snapshot in the query, and the columns that are used of it."""

    snapshot: str
    table: TableEntry
    columns: tuple[str, ...]


def tables_read(question: Question, snapshots: Mapping[str, Snapshot]) -> tuple[TableRead, ...]:
    """Return the tables that a query reads, by name, and refuse what may have another answer next time.

    Nothing is read: DuckDB plans the query over empty tables like those of the snapshots.

    Args:
        question: the query.
        snapshots: its snapshots by the names that they have in it; the first needs no name.

    Raises:
        UsageError: the query cannot be planned.
        NotCitable: it uses what is not known to be stable, or reads what is no table of a snapshot.
    """
    require_known(question.node)
    with empty_tables({name: snapshot.manifest.tables for name, snapshot in snapshots.items()}) as connection:
        known = catalogue_of(connection)
        with sentences():
            connection.execute(f"explain {question.normalised}", question.parameters or None).fetchall()
        require_stable(question.node, _plan(connection, question), known)
        found = {table_named(reference, snapshots) for reference in named_tables(question.node)}
        columns = _columns(connection, question.normalised, question.parameters)
    return tuple(
        TableRead(
            snapshot=name,
            table=entry,
            columns=tuple(column.name for column in entry.columns if column.name in columns.get((name, table), ())),
        )
        for name, table in sorted(found)
        for entry in snapshots[name].manifest.tables
        if entry.name == table
    )


def table_named(reference: TableReference, snapshots: Mapping[str, Snapshot]) -> tuple[str, str]:
    """Return the snapshot, by its name in the query, and the table that a FROM names.

    Raises:
        NotCitable: it is no table of a snapshot.
    """
    *before, table = (name.lower() for name in reference.path)
    before = [name for name in before if name != "main"]
    names = {name.lower(): name for name in snapshots}
    name = names.get(before[0] if before else ASKED)
    if name is not None and len(before) < 2:
        for entry in snapshots[name].manifest.tables:
            if entry.name.lower() == table:
                return name, entry.name
    raise NotCitable(
        f"The query reads {'.'.join(reference.path)}, which is no table of the snapshot: what the engine says of "
        "itself is not part of it. Read the tables that `icw tables` lists."
    )


def _plan(connection: duckdb.DuckDBPyConnection, question: Question) -> Node:
    # The plan of a query whose parameters have no values is not complete: their types are not known.
    sql = sql_of(connection, with_values(question.node, question.parameters))
    query = "select json_serialize_plan(?, skip_null := true, skip_empty := true)"
    try:
        [(text,)] = connection.execute(query, [sql]).fetchall()
        plan = json.loads(text)
    except (duckdb.Error, ValueError) as error:
        plan = {"error": True, "error_message": str(error)}
    if plan["error"]:
        raise NotCitable(
            f"DuckDB does not show how it plans this query ({str(plan.get('error_message')).splitlines()[0]}), so that "
            "its functions cannot be checked. Write it in simpler terms."
        )
    return _without_data(plan)


def _without_data(plan: Node) -> Node:
    """Return a plan without what functions keep for themselves: a list's function sums in the order of the list."""
    if isinstance(plan, list):
        return [_without_data(entry) for entry in plan]  # type: ignore[return-value]
    if not isinstance(plan, dict):
        return plan
    return {key: _without_data(value) for key, value in plan.items() if key != "function_data"}


def _columns(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: Mapping[str, JsonValue]
) -> dict[tuple[str, str], frozenset[str]]:
    plan_as_written(connection)
    read: dict[tuple[str, str], frozenset[str]] = {}
    with sentences():
        for table, columns in scans(connection, sql, parameters):
            database, _, name = table.replace('"', "").split(".")
            read[database, name] = read.get((database, name), frozenset()) | columns
    return read
