"""A question as it is cited: SQL in DuckDB's own writing, so that layout, comments and keywords' case do not matter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import duckdb
from pydantic import JsonValue

from warehouse.errors import NotCitable, UsageError
from warehouse.snapshots.parameters import bound
from warehouse.snapshots.query import require_text

Node: TypeAlias = dict[str, Any]
"""A part of DuckDB's syntax tree, as `json_serialize_sql` writes it."""

_PLACE = frozenset({"query_location", "query_location_length"})


@dataclass(frozen=True)
class Question:
    """One query, as it was asked and normalised, its syntax tree, and the values of its parameters by name."""

    asked: str
    normalised: str
    node: Node
    parameters: dict[str, JsonValue]


def question(sql: str, parameters: Mapping[str, JsonValue] | None = None) -> Question:
    """Return a query in DuckDB's writing.

    Names keep their case and aliases stay as they are: another name is another column of the answer.

    Raises:
        UsageError: it is no SQL, is not exactly one statement, or the parameters are not those that it has.
        NotCitable: it is no SELECT, or DuckDB has no writing for it.
    """
    with duckdb.connect(config={"enable_external_access": "false"}) as parser:
        node = _parsed(parser, sql)
        values = bound(parameters or {}, _named_parameters(parser, sql))
        return Question(asked=sql, normalised=sql_of(parser, node), node=node, parameters=values)


def sql_of(connection: duckdb.DuckDBPyConnection, node: Node) -> str:
    """Return the SQL of a query's tree.

    Raises:
        NotCitable: DuckDB cannot write it.
    """
    tree = json.dumps({"error": False, "statements": [{"node": node}]})
    try:
        [(text,)] = connection.execute("select json_deserialize_sql(?::json)", [tree]).fetchall()
    except duckdb.Error as error:
        raise NotCitable(f"DuckDB cannot write this query in its own terms: {str(error).splitlines()[0]}") from None
    return str(text)


def named_in(connection: duckdb.DuckDBPyConnection, sql: str, values: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return those of the parameters' values that a part of the query has names for."""
    return {name: values[name] for name in _named_parameters(connection, sql)}


def with_values(node: Any, values: Mapping[str, JsonValue]) -> Any:
    """Return a tree with the values of parameters in their places, of the types that they are bound with."""
    if isinstance(node, list):
        return [with_values(entry, values) for entry in node]
    if not isinstance(node, dict):
        return node
    if node.get("class") == "PARAMETER":
        return _value(values[node["identifier"]])
    return {key: with_values(part, values) for key, part in node.items()}


def _value(value: JsonValue) -> Node:
    if isinstance(value, list):
        arguments = [{"expression": _value(entry)} for entry in value]
        named = {"function_name": "list_value", "qualified_name": {"path": ["list_value"]}}
        orders = {"order_bys": {"type": "ORDER_MODIFIER"}}
        return {"class": "FUNCTION", "type": "FUNCTION", **named, **orders, "arguments": arguments}
    if value is None:
        return {"class": "CONSTANT", "type": "VALUE_CONSTANT", "literal": {"kind": "NULL_LITERAL"}}
    if isinstance(value, bool):
        return _constant("BOOLEAN", str(value).lower())
    if isinstance(value, int):
        return _constant("INTEGER", str(value))
    # A text between quotes, or a decimal number, would be of whatever type it meets.
    return _cast(_constant("STRING", str(value)), "DOUBLE" if isinstance(value, float) else "VARCHAR")


def _constant(kind: str, text: str) -> Node:
    return {"class": "CONSTANT", "type": "VALUE_CONSTANT", "literal": {"kind": kind, "text": text}}


def _cast(child: Node, name: str) -> Node:
    kind = {"class": "TYPE", "type": "TYPE", "type_name": name, "qualified_name": {"path": [name]}}
    return {"class": "CAST", "type": "OPERATOR_CAST", "child": child, "try_cast": False, "type_expr": kind}


def _named_parameters(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    (statement,) = connection.extract_statements(sql)
    return sorted(statement.named_parameters)


def _parsed(parser: duckdb.DuckDBPyConnection, sql: str) -> Node:
    require_text(sql)
    try:
        statements = parser.extract_statements(sql)
    except duckdb.Error as error:
        raise UsageError(f"The query cannot be read: {' '.join(str(error).split())[:300]}") from None
    if len(statements) != 1:
        found = "no statement" if not statements else f"{len(statements)} statements"
        raise UsageError(f"One SQL statement is cited at a time: {found} found.")
    query = "select json_serialize_sql(?, skip_null := true, skip_empty := true)"
    [(text,)] = parser.execute(query, [sql]).fetchall()
    tree = json.loads(text)
    if tree["error"]:
        raise NotCitable(
            "Only a SELECT can be cited, and this statement is none to DuckDB. Write a PIVOT as one column for each "
            "value: count(*) filter (where modality = 'CT') as ct; other statements describe and do not answer."
        )
    return _plain(tree["statements"][0]["node"])


def _plain(node: Any) -> Any:
    """Return a tree without the places in the text, with types by the names that DuckDB gives them."""
    if isinstance(node, list):
        return [_plain(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    plain = {key: _plain(value) for key, value in node.items() if key not in _PLACE}
    if plain.get("class") == "TYPE":
        # Types are keywords to who writes them: `date` and `DATE` are one.
        plain["type_name"] = str(plain["type_name"]).upper()
        plain["qualified_name"] = {"path": [str(part).upper() for part in plain["qualified_name"]["path"]]}
    return plain
