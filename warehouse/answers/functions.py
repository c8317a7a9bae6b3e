"""Which functions have one value only: by DuckDB's catalogue where it tells, and by lists where it does not.

The catalogue (`duckdb_functions()`, column `stability`) marks what depends on chance or on the moment of the query. It
says nothing of aggregates, window functions and macros, and calls a few functions of time CONSISTENT; those are listed
here by hand. What is in neither is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import duckdb

from warehouse.answers.question import Node
from warehouse.errors import NotCitable

Nature = Literal["exact", "sum", "order", "extreme"]
"""How an aggregate depends on the order of its rows.

`exact`: not at all. `sum`: not where it adds integers or decimals. `order`: unless its rows are ordered. `extreme`:
where several rows have the greatest or least value.
"""

_AGGREGATES: Mapping[str, Nature] = {
    **dict.fromkeys(
        {"bit_and", "bit_or", "bit_xor", "bitstring_agg", "bool_and", "bool_or", "count", "count_if", "count_star"}
        | {"countif", "histogram", "histogram_exact", "mad", "max", "median", "min", "quantile", "quantile_cont"}
        | {"quantile_disc", "regr_count"},
        "exact",
    ),
    **dict.fromkeys(("avg", "mean", "sum", "sum_no_overflow"), "sum"),
    **dict.fromkeys(
        ("any_value", "arbitrary", "array_agg", "first", "group_concat", "last", "list", "listagg", "string_agg"),
        "order",
    ),
    **dict.fromkeys(("arg_max", "arg_min", "argmax", "argmin", "max_by", "min_by"), "extreme"),
}

_EXACT_TYPES = frozenset(
    {"BOOLEAN", "DECIMAL", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"}
    | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT", "INTEGER_LITERAL"}
)

# Macros whose definitions hold nothing but functions of their arguments.
_MACROS = frozenset(
    {"array_append", "array_pop_back", "array_pop_front", "array_prepend", "array_push_back", "array_push_front"}
    | {"array_reverse", "array_to_string", "date_add", "days_in_month", "fdiv", "fmod", "if", "list_append"}
    | {"list_bool_and", "list_bool_or", "list_count", "list_first", "list_last", "list_max", "list_median", "list_min"}
    | {"list_prepend", "list_reverse", "list_string_agg", "list_sum", "map_contains_entry", "map_contains_value"}
    | {"md5_number_lower", "md5_number_upper", "nullif", "split_part"}
)

# CONSISTENT to the catalogue, and not so: they read the clock, the engine's version, or what it has at hand.
_UNSTABLE = frozenset(
    {"current_localtime", "current_localtimestamp", "hash", "json_execute_serialized_sql", "json_serialize_plan"}
    | {"get_type", "parse_duckdb_log_message", "version", "combine", "finalize", "to_aggregate_state"}
)

# They apply the aggregate that their second argument names.
_NAMED_AGGREGATES = frozenset({"aggregate", "array_aggr", "array_aggregate", "list_aggr", "list_aggregate"})

# What may be written without parentheses, and is then a column in the tree.
_WRITTEN_AS_COLUMNS = frozenset(
    {"current_catalog", "current_date", "current_localtime", "current_localtimestamp", "current_role"}
    | {"current_schema", "current_time", "current_timestamp", "current_user", "localtime", "localtimestamp"}
    | {"session_user", "today", "user"}
)

_FLOATING = (
    *("corr", "covar", "entropy", "favg", "fsum", "kahan", "kurtosis", "product", "regr", "sem", "skewness", "stddev"),
    *("sumkahan", "var"),
)
_MENDING = {
    "approx": "it estimates. Use count(distinct ...) or quantile_cont(...)",
    "mode": "several values may be the most frequent. Group, count, and order by count(*) desc, value limit 1",
    "reservoir_quantile": "it takes a sample. Use quantile_cont(...)",
}
_INEXACT = (
    "it adds floating-point numbers, and the sum depends on the order in which they come. Compute it from exact sums: "
    "sum(x::decimal(28, 6))"
)


@dataclass(frozen=True)
class Catalogue:
    """The engine's functions by name: scalar ones that depend on chance or time, and the other kinds."""

    volatile: frozenset[str]
    scalars: frozenset[str]
    aggregates: frozenset[str]
    macros: frozenset[str]


def catalogue(connection: duckdb.DuckDBPyConnection) -> Catalogue:
    """Return what DuckDB says of its functions."""
    query = (
        "select lower(function_name), function_type, stability in ('VOLATILE', 'CONSISTENT_WITHIN_QUERY') "
        "from duckdb_functions()"
    )
    rows = connection.execute(query).fetchall()
    return Catalogue(
        volatile=frozenset(name for name, _, volatile in rows if volatile),
        scalars=frozenset(name for name, kind, _ in rows if kind == "scalar"),
        aggregates=frozenset(name for name, kind, _ in rows if kind == "aggregate"),
        macros=frozenset(name for name, kind, _ in rows if kind == "macro"),
    )


def nature(name: str) -> Nature:
    """Return how an aggregate depends on the order of its rows.

    Raises:
        NotCitable: it has no value of its own in any order, or is not known.
    """
    found = _AGGREGATES.get(name.lower())
    if found is None:
        known = (advice for start, advice in _MENDING.items() if name.lower().startswith(start))
        other = _INEXACT if name.lower().startswith(_FLOATING) else "it is not known to have one value only"
        raise NotCitable(f"The query uses {name}(...): {next(known, other)}.")
    return found


def require_stable(query: Node, plan: Node, known: Catalogue) -> None:
    """Refuse functions of time, chance and the engine, and sums of floating-point numbers.

    Args:
        query: the syntax tree, which has the names as they are written.
        plan: DuckDB's plan of the query (`json_serialize_plan`), which has the functions that they come to, with types.
        known: the engine's functions.

    Raises:
        NotCitable: it names the function, why, and what to write instead.
    """
    for part in _all_parts(query):
        if part.get("class") == "FUNCTION":
            _require_function(part, known)
        elif part.get("class") == "COLUMN_REF" and len(part["column_names"]) == 1:
            name = str(part["column_names"][0]).lower()
            if name in _WRITTEN_AS_COLUMNS:
                raise _moment(name)
    for part in _all_parts(plan):
        if part.get("expression_class") == "BOUND_REF" and "INTERVAL" in json.dumps(part.get("return_type")):
            raise NotCitable(
                "The query passes an INTERVAL on (from an aggregate, a group or a subquery), and equal intervals are "
                "written in several ways: 1 month is 30 days. Use a number of days, or add it where it is made."
            )
        if "qname" in part:
            _require_bound(part, str(part["qname"]["path"][-1]).lower(), known)


def _require_function(part: Node, known: Catalogue) -> None:
    path = [str(name) for name in part["qualified_name"]["path"]]
    name = path[-1].lower()
    if len(path) > 1:
        raise NotCitable(f"The query calls {'.'.join(path)}: write the function without what stands before it.")
    if name in _NAMED_AGGREGATES:
        named = [argument["expression"] for argument in part.get("arguments", ())][1:2]
        if not named or named[0].get("class") != "CONSTANT":
            raise NotCitable(f"The aggregate that {name}(...) applies must be stated as a text to be cited.")
        nature(str(named[0]["literal"].get("text")))
    if part.get("export_state"):
        raise NotCitable(f"The query exports the state of {name}, which is the engine's own. Leave EXPORT_STATE out.")
    if name in known.aggregates:
        nature(name)
        return
    if name == "age" and len(part.get("arguments", ())) == 1:
        raise NotCitable("age(...) of one moment counts from today. State the other: age(timestamp '2026-01-01', x).")
    if name in known.volatile or name in _UNSTABLE:
        raise _moment(name)
    if name in known.macros and name not in _MACROS:
        raise NotCitable(
            f"The query uses {name}(...), a macro that is not known to have one value only. Write what it stands for "
            "(json_group_array(x) is to_json(list(x order by x)))."
        )
    if name not in known.scalars | known.macros | {"unnest", "range", "generate_series"}:
        raise NotCitable(f"The query uses {name}(...), which is not known to have one value only.")


def _require_bound(part: Node, name: str, known: Catalogue) -> None:
    kind = part.get("expression_class")
    if kind == "BOUND_FUNCTION" and (name in known.volatile or name in _UNSTABLE):
        raise _moment(name)
    if kind == "BOUND_AGGREGATE" or (kind == "BOUND_WINDOW" and part.get("type") == "WINDOW_AGGREGATE"):
        types = [str(argument.get("id")) for argument in part.get("arguments", ())]
        # `first` and `last` stand for more in a plan than is written: a subquery of one row is one of them.
        if name in _AGGREGATES and nature(name) == "sum" and not set(types) <= _EXACT_TYPES:
            raise NotCitable(
                f"The query has {name} over {', '.join(types)}: {_INEXACT}, and divide by count(x) for a mean."
            )


def _moment(name: str) -> NotCitable:
    if name == "hash":
        return NotCitable(
            "The query uses hash(...), which another version of the engine computes otherwise. Use md5(x)."
        )
    return NotCitable(
        f"The query uses {name}, which depends on time, chance or the engine that runs it. Write the value itself, "
        "e.g. date '2026-01-01', or leave it out."
    )


def _all_parts(value: Any) -> Iterator[Node]:
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from _all_parts(part)
    elif isinstance(value, list):
        for entry in value:
            yield from _all_parts(entry)
