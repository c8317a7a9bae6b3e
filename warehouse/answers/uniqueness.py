"""Is the answer the only one? Where SQL leaves a choice, the choices are made in two opposite ways, and must agree.

LIMIT takes any of the rows that tie at its border, DISTINCT ON any of those that tie first, `first(x)` any value, and
row_number() numbers ties as it likes. Each such place is asked by itself: with ties broken by all that is shown, least
first, and greatest first. The least and the greatest choice are the same only where there is no choice. What cannot be
asked by itself is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import duckdb
from pydantic import JsonValue

from warehouse.answers.blocks import Block, altered, blocks, parts
from warehouse.answers.functions import nature
from warehouse.answers.question import Node, Question, named_in, sql_of
from warehouse.errors import NotCitable
from warehouse.logical_digest import logical_digest

Direction = Literal["ASCENDING", "DESCENDING"]

# Equal rows have equal ranks, whichever comes first.
_PEERS_ALIKE = frozenset({"WINDOW_CUME_DIST", "WINDOW_PERCENT_RANK", "WINDOW_RANK", "WINDOW_RANK_DENSE"})
_IN_ORDER = frozenset(
    {"WINDOW_FILL", "WINDOW_FIRST_VALUE", "WINDOW_LAG", "WINDOW_LAST_VALUE", "WINDOW_LEAD", "WINDOW_NTH_VALUE"}
    | {"WINDOW_NTILE", "WINDOW_ROW_NUMBER"}
)
_BATCH_ROWS = 20_000
_TIE = "icw_tie_"
_CHOSEN = "icw_chosen_"


def require_unique(question: Question, connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse a query whose answer depends on the order in which rows come, by asking it.

    Args:
        question: the query; its functions are known to be stable, and its syntax to be understood.
        connection: the snapshot.

    Raises:
        NotCitable: it names the part of the query, and what to add to it.
    """
    for block in blocks(question.node):
        _Proof(block, connection, question.parameters).run()


class _Proof:
    """The proof that one block has one answer, made by asking the snapshot."""

    def __init__(
        self, block: Block, connection: duckdb.DuckDBPyConnection, parameters: Mapping[str, JsonValue]
    ) -> None:
        self._block = block
        self._connection = connection
        self._parameters = parameters

    def run(self) -> None:
        self._aggregates()
        self._windows()
        self._modifiers()

    def _aggregates(self) -> None:
        chosen = [part for part in parts(self._block.node) if _is_choice(part)]
        if not chosen:
            return
        names = ", ".join(dict.fromkeys(str(part["function_name"]) for part in chosen))
        refusal = NotCitable(
            f"What {names} gives depends on the order in which the rows come: rows tie, or are not ordered at all. "
            "Order them inside the parentheses by columns that tell them apart, e.g. list(x order by x), first(x "
            "order by y, x); for the value of the greatest or least use arg_max(x, (y, x))."
        )

        def probe(direction: Direction) -> Node:
            """The block without what hides groups, and with each chosen value shown."""
            shown = [
                {**_as_list(_with_ties_broken(part, direction)), "alias": f"{_CHOSEN}{place}"}
                for place, part in enumerate(chosen)
            ]
            selected = altered(self._block.node["select_list"], lambda part: _with_ties_broken(part, direction))
            return self._block.own(select_list=[*selected, *shown], modifiers=None, having=None, qualify=None)

        self._require_agreement(probe("ASCENDING"), probe("DESCENDING"), refusal)

    def _windows(self) -> None:
        ordered = [part for part in parts(self._block.node) if part.get("class") == "WINDOW" and _needs_total(part)]
        if not ordered:
            return
        names = ", ".join(dict.fromkeys(str(part["function_name"]) for part in ordered))
        counters = [_tie_counter(part, place) for place, part in enumerate(ordered)]
        selected = self._block.node["select_list"]
        probe = self._block.own(select_list=[*selected, *counters], modifiers=None, qualify=None)
        greatest = ", ".join(f"max({_TIE}{place})" for place in range(len(counters)))
        [ties] = self._ask(f"select {greatest} from ({{}}) as probe", probe).fetchall()
        if any(count is not None and count > 1 for count in ties):
            raise NotCitable(
                f"Rows tie in the OVER (...) of {names}, which numbers and frames them as they come. Add columns to "
                "its ORDER BY until no two rows of a partition are alike, e.g. the table's primary key; or use rank()."
            )

    def _modifiers(self) -> None:
        distinct = [entry for entry in self._block.modifiers if entry["type"] == "DISTINCT_MODIFIER"]
        if any(entry.get("distinct_on_targets") for entry in distinct):
            refusal = NotCitable(
                "DISTINCT ON keeps the first row of each group, and rows tie for it. Add columns to the ORDER BY that "
                "tell them apart, e.g. the table's primary key."
            )
            self._require_agreement(*self._broken_both_ways(distinct, None), refusal)
        for entry in self._block.modifiers:
            if entry["type"] == "LIMIT_MODIFIER":
                self._limit(entry, distinct)

    def _limit(self, limit: Node, distinct: Sequence[Node]) -> None:
        if limit.get("limit_type", "ROW_COUNT") != "ROW_COUNT":
            raise NotCitable("LIMIT by a percentage cannot be cited. State the number of rows.")
        offset = self._rows(limit.get("offset"))
        borders = {offset} | ({offset + self._rows(limit["limit"])} if "limit" in limit else set())
        refusal = NotCitable(
            "LIMIT or OFFSET cuts between rows that the ORDER BY does not tell apart, so that which of them are in the "
            "answer is left open. Add columns to the ORDER BY that tell them apart, e.g. the table's primary key."
        )
        if distinct and not any(entry.get("distinct_on_targets") for entry in distinct):
            self._require_shown_order()
        for border in sorted(borders - {0}):
            self._require_agreement(*self._broken_both_ways(distinct, border), refusal)

    def _require_shown_order(self) -> None:
        """Refuse SELECT DISTINCT that is cut in an order which it does not show: each row has several places in it."""
        shown = [_without_alias(item) for item in self._block.node["select_list"]]
        names = {name.lower() for name in self._ask("select * from ({}) as probe limit 0", self._bare()).columns}
        stars = any(item.get("class") == "STAR" for item in shown)
        for entry in self._block.modifiers:
            for order in entry["orders"] if entry["type"] == "ORDER_MODIFIER" else ():
                by = _without_alias(order["expression"])
                path = by.get("column_names", ())
                is_name = by.get("class") == "COLUMN_REF" and (len(path) == 1 or stars)
                if by.get("class") in ("CONSTANT", "STAR") or by in shown or (is_name and path[-1].lower() in names):
                    continue
                raise NotCitable(
                    "SELECT DISTINCT with LIMIT or OFFSET is ordered by what it does not show, so that a row has "
                    "several places in the order. Write GROUP BY, and order by an aggregate such as min(...)."
                )

    def _bare(self) -> Node:
        return self._block.own(modifiers=None)

    def _rows(self, expression: Node | None) -> int:
        """Return the number of rows that LIMIT or OFFSET states."""
        value: JsonValue = 0
        if expression is not None and expression["class"] == "CONSTANT":
            value = expression["literal"].get("text")
        elif expression is not None:
            value = self._parameters.get(str(expression.get("identifier")))
        try:
            return int(str(value))
        except ValueError:
            raise NotCitable("LIMIT and OFFSET must be numbers, or parameters that are numbers, to be cited.") from None

    def _broken_both_ways(self, distinct: Sequence[Node], border: int | None) -> tuple[Node, Node]:
        """Return the block's first rows, with ties broken by all its columns in one direction and in the other."""
        described = self._ask("select * from ({}) as probe limit 0", self._block.own(modifiers=list(distinct) or None))
        width = len(described.columns)
        orders = [
            order for entry in self._block.modifiers if entry["type"] == "ORDER_MODIFIER" for order in entry["orders"]
        ]

        def probe(direction: Direction) -> Node:
            places = [_order(_number(place), direction) for place in range(1, width + 1)]
            modifiers = [*distinct, {"type": "ORDER_MODIFIER", "orders": [*orders, *places]}]
            if border is not None:
                modifiers.append({"type": "LIMIT_MODIFIER", "limit": _number(border), "limit_type": "ROW_COUNT"})
            return self._block.own(modifiers=modifiers)

        return probe("ASCENDING"), probe("DESCENDING")

    def _require_agreement(self, one: Node, other: Node, refusal: NotCitable) -> None:
        if self._digest(one) != self._digest(other):
            raise refusal

    def _digest(self, query: Node) -> str:
        import pyarrow as pa

        reader = self._ask("select * from ({}) as probe order by all nulls last", query).to_arrow_reader(_BATCH_ROWS)
        # A column without a name of its own bears the name of its expression, which is another one both times.
        schema = pa.schema([field.with_name(str(place)) for place, field in enumerate(reader.schema)])
        renamed = (batch.rename_columns(schema.names) for batch in reader)
        try:
            return logical_digest(pa.RecordBatchReader.from_batches(schema, renamed))
        except (OSError, ValueError, MemoryError) as error:
            # Arrow passes on what DuckDB says under way, as an error of its own kind.
            raise _not_asked(error) from None

    def _ask(self, around: str, query: Node) -> duckdb.DuckDBPyRelation:
        """Ask one block, `around` which stands other SQL."""
        if self._block.is_recursive:
            raise _not_asked("it is part of a recursive expression")
        try:
            sql = around.format(sql_of(self._connection, query))
            values = named_in(self._connection, sql, self._parameters)
            return self._connection.sql(sql, params=values) if values else self._connection.sql(sql)
        except duckdb.Error as error:
            raise _not_asked(error) from None


def _without_alias(expression: Node) -> Node:
    return {key: value for key, value in expression.items() if key != "alias"}


def _not_asked(reason: object) -> NotCitable:
    return NotCitable(
        "A part of the query leaves a choice (LIMIT, DISTINCT ON, row_number() or an aggregate that takes rows as they "
        "come) and cannot be asked by itself, so that nothing proves that there is one answer: "
        f"{str(reason).splitlines()[0]}. Write that part as a common table expression that needs nothing from the "
        "query around it."
    )


def _is_choice(part: Node) -> bool:
    if part.get("class") != "FUNCTION":
        return False
    return str(part["function_name"]).lower() in _CHOICES


def _with_ties_broken(part: Node, direction: Direction) -> Node:
    """Return an aggregate that takes the least (or greatest) of what it may take; any other node as it is."""
    if not _is_choice(part):
        return part
    if nature(part["function_name"]) == "extreme":
        return _first_of_extremes(part, direction)
    given = part.get("order_bys", {}).get("orders", [])
    ties = [_order(argument["expression"], direction) for argument in part.get("arguments", ()) if _varies(argument)]
    return {**part, "order_bys": {"type": "ORDER_MODIFIER", "orders": [*given, *ties]}}


def _as_list(part: Node) -> Node:
    """Return the texts that are put together, one by one: put together, those of two orders can be the same."""
    if str(part["function_name"]).lower() not in _CONCATENATING:
        return part
    return {
        **part,
        "function_name": "list",
        "qualified_name": {"path": ["list"]},
        "arguments": part.get("arguments", [])[:1],
    }


def _first_of_extremes(part: Node, direction: Direction) -> Node:
    """Return `arg_max(x, y)` as `first(x order by y desc, x)` over the rows that it looks at."""
    arguments = part.get("arguments", ())
    if len(arguments) != 2:
        raise NotCitable(
            f"{part['function_name']} of several values cannot be cited. Use a query with ORDER BY and LIMIT."
        )
    value, by = (argument["expression"] for argument in arguments)
    greatest = str(part["function_name"]).lower() in _GREATEST
    conditions = [{"class": "OPERATOR", "type": "OPERATOR_IS_NOT_NULL", "children": [each]} for each in (value, by)]
    if "filter" in part:
        conditions.append(part["filter"])
    return {
        **part,
        "function_name": "first",
        "qualified_name": {"path": ["first"]},
        "arguments": [{"expression": value}],
        "order_bys": {
            "type": "ORDER_MODIFIER",
            "orders": [_order(by, "DESCENDING" if greatest else "ASCENDING"), _order(value, direction)],
        },
        "filter": {"class": "CONJUNCTION", "type": "CONJUNCTION_AND", "children": conditions},
    }


def _needs_total(window: Node) -> bool:
    """Whether a window function depends on the order of rows that its ORDER BY does not tell apart."""
    kind = window["type"]
    if window.get("arg_orders"):
        raise NotCitable("An ORDER BY in the parentheses of a window function cannot be cited. Write it in OVER (...).")
    if kind in _PEERS_ALIKE:
        return False
    if kind in _IN_ORDER:
        return True
    if kind != "WINDOW_AGGREGATE":
        raise NotCitable(f"The query uses the window function {window.get('function_name', kind)}, which is not known.")
    how = nature(window["function_name"])
    if how == "extreme":
        raise NotCitable(f"{window['function_name']} over a window cannot be cited. Use first_value(x) over (...).")
    by_rows = any(str(window.get(end, "")).endswith("_ROWS") for end in ("start", "end"))
    return how == "order" or by_rows or window.get("exclude_clause", "NO_OTHER") != "NO_OTHER"


def _tie_counter(window: Node, place: int) -> Node:
    """Return how many rows a window function cannot tell from this one."""
    orders = [order["expression"] for order in window.get("orders", ())]
    if window.get("distinct"):
        raise NotCitable(f"DISTINCT in {window['function_name']} over a window cannot be cited.")
    return {
        "class": "WINDOW",
        "type": "WINDOW_AGGREGATE",
        "alias": f"{_TIE}{place}",
        "function_name": "count_star",
        "qualified_name": {"path": ["count_star"]},
        "partitions": [*window.get("partitions", ()), *orders],
        "start": "UNBOUNDED_PRECEDING",
        "end": "UNBOUNDED_FOLLOWING",
        "ignore_nulls": False,
        "exclude_clause": "NO_OTHER",
        "distinct": False,
    }


def _order(expression: Node, direction: Direction) -> Node:
    nulls = "NULLS LAST" if direction == "ASCENDING" else "NULLS FIRST"
    return {"type": direction, "null_order": nulls, "expression": expression}


def _number(value: int) -> Node:
    return {"class": "CONSTANT", "type": "VALUE_CONSTANT", "literal": {"kind": "INTEGER", "text": str(value)}}


def _varies(argument: Mapping[str, Any]) -> bool:
    return argument["expression"]["class"] not in {"CONSTANT", "PARAMETER"}


_CONCATENATING = frozenset({"group_concat", "listagg", "string_agg"})
_GREATEST = frozenset({"arg_max", "argmax", "max_by"})
_CHOICES = _GREATEST | frozenset(
    {"any_value", "arbitrary", "arg_min", "argmin", "array_agg", "first", "group_concat", "last", "list", "listagg"}
    | {"min_by", "string_agg"}
)
