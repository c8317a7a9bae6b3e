"""Which parts of SQL a cited query may be made of. What is not listed here is refused: nothing passes unknown.

The names are those of DuckDB's syntax tree (`json_serialize_sql`, DuckDB 2.0).
"""

from __future__ import annotations

from typing import Any

from warehouse.answers.question import Node
from warehouse.errors import NotCitable

_EXPRESSIONS = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA"}
    | {"OPERATOR", "PARAMETER", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "TYPE", "WINDOW"}
)
_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"})
_SOURCES = frozenset({"BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "SUBQUERY", "TABLE_FUNCTION"})
_MODIFIERS = frozenset({"DISTINCT_MODIFIER", "LIMIT_MODIFIER", "ORDER_MODIFIER"})
_ORDERS = frozenset({"ASCENDING", "DESCENDING", "ORDER_DEFAULT"})
_JOINS = frozenset({"CROSS", "DEPENDENT", "NATURAL", "REGULAR"})

_TABLE_FUNCTIONS = frozenset({"generate_series", "range", "unnest"})

_ADVICE = {
    "ASOF": "an ASOF join takes any of the rows that are equally near. Join on the keys",
    "COLLATE": "a collation orders and compares as the engine's language data do. Leave COLLATE out",
    "PIVOT": "it makes columns of what it finds. Write one column for each value: count(*) filter (where x = 'a') as a",
    "POSITIONAL": "a positional join puts rows beside each other by where they lie. Join on the keys",
    "SHOW_REF": "DESCRIBE, SHOW and SUMMARIZE speak of the engine, with estimates. Select from the tables",
}


def require_known(query: Node) -> None:
    """Refuse a query that has a part of which it is not known that it has one answer only.

    Raises:
        NotCitable: it names the part and what to write instead.
    """
    _look(query)


def _look(value: Any) -> None:
    if isinstance(value, list):
        for entry in value:
            _look(entry)
        return
    if not isinstance(value, dict):
        return
    if "sample" in value:
        raise NotCitable("The query takes a sample, which is another one each time. Leave USING SAMPLE out.")
    if "at_clause" in value:
        raise _refusal("AT", "snapshots have no versions inside them. Use --attach for another snapshot")
    if "class" in value:
        if value["class"] not in _EXPRESSIONS:
            raise _refusal(str(value["class"]))
    elif isinstance(value.get("type"), str):
        kind = value["type"]
        if kind not in _QUERIES | _SOURCES | _MODIFIERS | _ORDERS:
            raise _refusal(kind)
        if kind == "JOIN" and value.get("ref_type") not in _JOINS:
            raise _refusal(str(value.get("ref_type")))
        if kind == "RECURSIVE_CTE_NODE" and "key_targets" in value:
            raise _refusal("USING KEY", "which row of a key stays depends on the order of the rows. Leave it out")
        if kind == "TABLE_FUNCTION":
            _require_table_function(value["function"])
    for part in value.values():
        _look(part)


def _require_table_function(function: Node) -> None:
    name = str(function.get("function_name", "")).lower()
    if name not in _TABLE_FUNCTIONS:
        raise NotCitable(
            f"The query reads {name}(...), which is no table of the snapshot: it may tell of the engine, of this "
            "machine or of a text that is not in the record. Read the snapshot's tables by their names (`icw tables`)."
        )


def _refusal(part: str, advice: str | None = None) -> NotCitable:
    reason = advice or _ADVICE.get(part, "it is not known to have one answer only. Write it in simpler terms")
    return NotCitable(f"The query uses {part.replace('_', ' ')}: {reason}.")
