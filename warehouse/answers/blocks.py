"""The blocks of a query: each SELECT and each set operation, with the common table expressions that it can name.

A block can be asked by itself, in an altered form: this is how an answer is proven to be the only one, and how the rows
that contribute to it are found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from warehouse.answers.question import Node
from warehouse.errors import NotCitable

QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE"})
"""The types of the nodes that are queries."""


@dataclass(frozen=True)
class Block:
    """One query in a query. `expressions` are the named ones that it can read, those of the queries around it first.

    `is_recursive`: it is part of a recursive expression, and read by itself it would read all that this comes to.
    """

    node: Node
    expressions: tuple[Node, ...]
    is_whole: bool
    is_recursive: bool

    @property
    def modifiers(self) -> tuple[Node, ...]:
        """Its ORDER BY, LIMIT and DISTINCT, in the order of the tree."""
        return tuple(self.node.get("modifiers", ()))

    def own(self, **changes: Any) -> Node:
        """Return the block as a query of its own, with other values for some keys; None takes a key out.

        Raises:
            NotCitable: two common table expressions around it have one name.
        """
        names = [str(entry["key"]).lower() for entry in self.expressions]
        if len(set(names)) < len(names):
            raise NotCitable("Two common table expressions of the query have one name. Give each WITH its own name.")
        node = {**self.node, "cte_map": {"map": list(self.expressions)} if self.expressions else {}, **changes}
        return {key: value for key, value in node.items() if value is not None}


@dataclass(frozen=True)
class TableReference:
    """One place where a block names a table that is no common table expression: its path, and its name in the block.

    `renames` tells that its columns have other names in the block: t(a, b).
    """

    path: tuple[str, ...]
    name: str
    renames: bool


def blocks(query: Node) -> Iterator[Block]:
    """Return all blocks of a query, the whole of it first."""
    yield from _blocks(query, (), is_whole=True)


def _blocks(
    value: Any, around: tuple[Node, ...], *, is_whole: bool = False, is_recursive: bool = False
) -> Iterator[Block]:
    if isinstance(value, list):
        for entry in value:
            yield from _blocks(entry, around, is_recursive=is_recursive)
        return
    if not isinstance(value, dict):
        return
    known = around
    if value.get("type") in QUERIES:
        own = list(value.get("cte_map", {}).get("map", ()))
        known = (*around, *own)
        yield Block(node=value, expressions=known, is_whole=is_whole, is_recursive=is_recursive)
        for place, entry in enumerate(own):
            before = (*around, *own[:place])
            recurs = entry["value"]["query_node"].get("type") == "RECURSIVE_CTE_NODE"
            visible = (*before, entry) if recurs else before
            yield from _blocks(entry["value"], visible, is_recursive=is_recursive or recurs)
    for key, part in value.items():
        if key != "cte_map":
            yield from _blocks(part, known, is_recursive=is_recursive)


def parts(value: Any) -> Iterator[Node]:
    """Return the nodes of a block with itself first, and none of the queries inside it."""
    if isinstance(value, dict):
        yield value
    inside = value if isinstance(value, list) else []
    if isinstance(value, dict):
        inside = [part for key, part in value.items() if key != "cte_map"]
    for part in inside:
        if not _is_query(part):
            yield from parts(part)


def altered(value: Any, change: Callable[[Node], Node]) -> Any:
    """Return a copy of a block's part with each node of it changed, and the queries inside it as they are."""
    if isinstance(value, list):
        return [altered(entry, change) for entry in value]
    if not isinstance(value, dict) or _is_query(value):
        return value
    return change({key: altered(part, change) for key, part in value.items()})


def tables_of(block: Block) -> Iterator[TableReference]:
    """Return the tables that a block's own FROM names."""
    known = {str(entry["key"]).lower() for entry in block.expressions}
    for part in parts(block.node.get("from_table", {})):
        if part.get("type") == "BASE_TABLE":
            *before, table = map(str, part["qualified_name"]["path"])
            if before or table.lower() not in known:
                name, renames = str(part.get("alias") or table), bool(part.get("column_name_alias"))
                yield TableReference(path=(*before, table), name=name, renames=renames)


def named_tables(query: Node) -> Iterator[TableReference]:
    """Return the tables that a query names, wherever in it."""
    for block in blocks(query):
        yield from tables_of(block)


def _is_query(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") in QUERIES
