"""What the small Guppy of these tests answers: schema, filters and their traps, rows, histograms, over Python lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import graphql

NUMBERS = {"long", "float", "integer"}
SCALARS = {"keyword": "String", "boolean": "String", "long": "Float", "float": "Float", "integer": "Int"}


@dataclass
class Type:
    """One record type: fields (a dict for nested records), the names that hold lists, documents, index name."""

    fields: dict[str, Any]
    arrays: set[str] = field(default_factory=set)
    docs: list[dict[str, Any]] = field(default_factory=list)
    index: str = ""
    hidden: set[str] = field(default_factory=set)


class Refuse(Exception):
    """An error with an Apollo code."""

    def __init__(self, message: str, code: str = "BAD_USER_INPUT") -> None:
        super().__init__(message)
        self.code = code


def sdl_of(types: dict[str, Type]) -> str:
    nested: dict[str, str] = {}

    def typed(name: str, about: Any, arrays: set[str]) -> str:
        if isinstance(about, dict):
            nested[name] = " ".join(f"{k}: {typed(k, v, arrays)}" for k, v in about.items())
            return f"[{name}]"
        return f"[{SCALARS[about]}]" if name in arrays else SCALARS[about]

    rows, aggregations, queries, aggregated, mapping = [], [], [], [], []
    for name, t in types.items():
        fields = " ".join(f"{k}: {typed(k, v, t.arrays)}" for k, v in t.fields.items())
        title = name.title().replace("_", "")
        rows.append(f"type {title} {{ {fields} _matched: [String] }}")
        inner = []
        for k, v in t.fields.items():
            if isinstance(v, dict):
                leaves = " ".join(f"{a}: {_histogram_of(b)}" for a, b in v.items() if not isinstance(b, dict))
                aggregations.append(f"type NestedHistogramFor{title}{k} {{ {leaves} }}")
                inner.append(f"{k}: NestedHistogramFor{title}{k}")
            else:
                inner.append(f"{k}: {_histogram_of(v)}")
        aggregations.append(f"type {title}Aggregation {{ _totalCount: Int {' '.join(inner)} }}")
        queries.append(f"{name}(offset: Int, first: Int, filter: JSON, sort: JSON): [{title}]")
        aggregated.append(f"{name}(filter: JSON): {title}Aggregation")
        mapping.append(f"{name}: [String]")
    below = "\n".join(f"type {name} {{ {fields} }}" for name, fields in nested.items())
    parts = "\n".join([*rows, *aggregations])
    return f"""
    scalar JSON
    type Bucket {{ key: String count: Int }}
    type NumberBucket {{ key: [Float] min: Float max: Float sum: Float count: Int }}
    type HistogramForString {{ _totalCount: Int _cardinalityCount: Int histogram: [Bucket] }}
    type HistogramForNumber {{ _totalCount: Int _cardinalityCount: Int histogram: [NumberBucket] }}
    {below} {parts}
    type Aggregation {{ {" ".join(aggregated)} }}
    type Mapping {{ {" ".join(mapping)} }}
    type Query {{ {" ".join(queries)} _aggregation: Aggregation _mapping: Mapping }}
    """


@cache
def schema_of(sdl: str) -> graphql.GraphQLSchema:
    return graphql.build_schema(sdl)


@cache
def document_of(sdl: str, query: str) -> tuple[graphql.DocumentNode, list[graphql.GraphQLError]]:
    """Return a query, parsed, and what is wrong with it; clients send the same few again and again."""
    document = graphql.parse(query)
    return document, graphql.validate(schema_of(sdl), document)


def selected(authorised: bool, about: Type, filter_: Any) -> list[dict[str, Any]]:
    """Return the documents that a filter selects, in the order of the store."""
    if not authorised:
        return []
    return [doc for doc in list(about.docs) if _matches(about, filter_ or {}, doc)]


def _matches(about: Type, filter_: dict[str, Any], doc: dict[str, Any]) -> bool:
    if not filter_:
        return True
    operator = next(iter(filter_))
    operand = filter_[operator]
    if operator.lower() in ("and", "or"):
        ranges = [item for item in operand if next(iter(item)) in (">", ">=", "<", "<=")]
        items = operand if len(ranges) < 3 else [item for item in operand if item not in ranges]
        if len(ranges) == 2 and len({next(iter(next(iter(r.values())))) for r in ranges}) == 2:
            raise Refuse("[range] query doesn't support multiple fields", "INTERNAL_SERVER_ERROR")
        checks = [_matches(about, item, doc) for item in items]
        return all(checks) if operator.lower() == "and" or len(ranges) >= 2 else any(checks or [True])
    name, wanted = next(iter(operand.items()))
    value = doc.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    if about.fields[name] in NUMBERS:
        tests = {
            ">": lambda v: v > wanted,
            ">=": lambda v: v >= wanted,
            "<": lambda v: v < wanted,
            "<=": lambda v: v <= wanted,
        }
        tests |= {"=": lambda v: v == wanted, "IN": lambda v: v in wanted}
        return any(tests[operator](v) for v in values)
    if operator not in ("=", "IN"):
        raise Refuse(f'Invalid operation "{operator}" in filter argument.')
    values = [str(value).lower() for value in values] if about.fields[name] == "boolean" else values
    members = {wanted} if operator == "=" else set(wanted)
    return (not values and "no data" in members) or any(v in members - {"no data"} for v in values)


def rows_of(authorised: bool, about: Type) -> Callable[..., Any]:
    def resolve(info: Any, filter: Any = None, sort: Any = None, first: int = 10, offset: int = 0) -> Any:
        if offset + first > 10_000:
            raise Refuse(
                f"Large graphql query forbidden for offset + size > 10000, offset = {offset} and size = {first}"
            )
        docs = selected(authorised, about, filter)
        for entry in reversed(sort if isinstance(sort, list) else [sort] if sort else []):
            name, direction = next(iter(entry.items()))
            present = sorted(
                (d for d in docs if d.get(name) is not None), key=lambda d: d[name], reverse=direction == "desc"
            )
            docs = present + [d for d in docs if d.get(name) is None]
        return [_shown(about.fields, doc) for doc in docs[offset : offset + first]]

    return resolve


def _shown(fields: dict[str, Any], doc: dict[str, Any]) -> dict[str, Any]:
    """Return a document as its resolvers see it: booleans as text, nested records below."""
    shown: dict[str, Any] = {}
    for name, kind in fields.items():
        value = doc.get(name)
        if isinstance(kind, dict) and value is not None:
            value = [_shown(kind, below) for below in (value if isinstance(value, list) else [value])]
        elif kind == "boolean" and value is not None:
            value = "true" if value else "false"
        shown[name] = value
    return shown


def aggregation_of(authorised: bool, about: Type) -> Callable[..., Any]:
    def resolve(info: Any, filter: Any = None) -> dict[str, Any]:
        docs = selected(authorised, about, filter)
        answer: dict[str, Any] = {"_totalCount": len(docs)}
        for name, kind in about.fields.items():
            answer[name] = {} if isinstance(kind, dict) else _counted(name, kind, docs)
            if isinstance(kind, dict):
                answer[name] = {leaf: {} for leaf in kind}
        return answer

    return resolve


def _counted(name: str, kind: str, docs: list[dict[str, Any]]) -> dict[str, Any]:
    @cache
    def spread() -> tuple[list[Any], dict[Any, int], int]:
        values: list[Any] = []
        buckets: dict[Any, int] = {}
        missing = 0
        for doc in docs:
            value = doc.get(name)
            held = value if isinstance(value, list) else [] if value is None else [value]
            values += held
            missing += not held
            for distinct in {str(v).lower() if kind == "boolean" else v for v in held}:
                buckets[distinct] = buckets.get(distinct, 0) + 1
        return values, buckets, missing

    def histogram(info: Any) -> list[dict[str, Any]]:
        values, buckets, missing = spread()
        if kind in NUMBERS:
            low, high = (min(values), max(values)) if values else (None, None)
            return [{"key": [low, high], "min": low, "max": high, "sum": sum(values), "count": len(values)}]
        found = [{"key": key, "count": count} for key, count in sorted(buckets.items(), key=lambda e: (-e[1], e[0]))]
        return [*found, *([{"key": "no data", "count": missing}] if missing else [])]

    return {
        "_totalCount": lambda info: len(spread()[0]),
        "_cardinalityCount": lambda info: len(spread()[1]),
        "histogram": histogram,
    }


def _histogram_of(kind: Any) -> str:
    return "HistogramForNumber" if kind in NUMBERS else "HistogramForString"


def leaves_of(fields: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for name, kind in fields.items():
        found += leaves_of(kind, f"{prefix}{name}.") if isinstance(kind, dict) else [f"{prefix}{name}"]
    return found
