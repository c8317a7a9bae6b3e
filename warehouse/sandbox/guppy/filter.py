"""Guppy's filter language, translated to SQL with the same results, the surprising ones included.

What belongs here: the meaning of a filter, of a sort and of a missing value. Source: the behaviour of Guppy 2026.07.

- Only the first key of a filter object counts, and only the first field below it.
- Range filters in one list: two on one field are merged, also inside an OR; two on two fields are an error of the
  store; three or more are ignored without an error. Each in an `{"AND": [...]}` of its own is safe.
- The text "no data" selects missing text, so a literal "no data" cannot be selected by `=` or `in`.
- A missing number matches nothing, `!=` included. A term on a list matches any of its elements.
- `in` with more than 65,536 values fails, as Elasticsearch's limit on terms does.

Not modelled: `search` (analysed text), tier access `regular`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from warehouse.sandbox.guppy.schema import Field, RecordType

MISSING_ALIAS = "no data"
MAX_TERMS = 65_536

_RANGES = {
    **dict.fromkeys((">", "gt", "GT"), ">"),
    **dict.fromkeys((">=", "gte", "GTE"), ">="),
    **dict.fromkeys(("<", "lt", "LT"), "<"),
    **dict.fromkeys(("<=", "lte", "LTE"), "<="),
}
_EQUALS = {"=", "eq", "EQ"}
_IN = {"in", "IN"}
_LIST_OPERATORS = {"contains_any", "contains_all", "excludes_any", "excludes_all"}


class GuppyError(Exception):
    """An error that Guppy reports inside its answer: a message and Apollo's error code."""

    def __init__(self, message: str, code: str = "BAD_USER_INPUT") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


def store_error(message: str) -> GuppyError:
    """Return an error that Elasticsearch raised and Guppy passes on."""
    return GuppyError(message, "INTERNAL_SERVER_ERROR")


@dataclass(frozen=True)
class Condition:
    """A condition in SQL (never NULL) with the values of its `?` parameters, in order."""

    sql: str
    parameters: tuple[Any, ...] = ()


@dataclass(frozen=True)
class _Range:
    """A range filter that still stands alone; what happens to it depends on its siblings."""

    field: Field
    column: str
    bounds: dict[str, Any]


EVERYTHING = Condition("true")


def compile_filter(record_type: RecordType, filter_object: Any, without_field: str | None = None) -> Condition:
    """Return the SQL condition of a Guppy filter; `without_field` leaves out what filters that field (`filterSelf`).

    Raises:
        GuppyError: the filter is refused by Guppy or by the store.
    """
    if filter_object is not None and not isinstance(filter_object, dict):
        raise GuppyError('Please check your syntax for input "filter" argument')
    compiled = _Compiler(record_type.by_name, without_field, lambda name: f'"{name}"').compile(filter_object)
    if isinstance(compiled, _Range):
        return _range_condition(compiled)
    return compiled or EVERYTHING


def is_missing(field: Field, column: str) -> str:
    """Return the SQL that says whether a document has no value in the field: null, or a list without elements."""
    return f"({column} is null or len({column}) = 0)" if field.holds_lists else f"({column} is null)"


@dataclass(frozen=True)
class _Compiler:
    fields: dict[str, Field]
    without_field: str | None
    column_of: Callable[[str], str]

    def compile(self, filter_object: Any) -> Condition | _Range | None:
        if not filter_object:
            return None
        operator = next(iter(filter_object))
        operand = filter_object[operator]
        if operator.lower() in ("and", "or"):
            return self._compile_group(operator.lower(), operand)
        if operator.lower() == "nested":
            return self._compile_nested(operand)
        if not isinstance(operand, dict) or not operand:
            raise GuppyError('Please check your syntax for input "filter" argument')
        name = next(iter(operand))
        if name == self.without_field:
            return None
        field = self.fields.get(name)
        if field is None or field.is_nested:
            raise GuppyError('Please check your syntax for input "filter" argument')
        column = self.column_of(name)
        if field.is_number:
            return _number_condition(operator, field, column, operand[name])
        return _text_condition(operator, field, column, operand[name])

    def _compile_group(self, connective: str, items: Any) -> Condition | None:
        if not isinstance(items, list):
            raise GuppyError("graphqlFilterObj[topLevelOp].forEach is not a function", "INTERNAL_SERVER_ERROR")
        compiled = [self.compile(item) for item in items]
        ranges = [item for item in compiled if isinstance(item, _Range)]
        parts = [item for item in compiled if isinstance(item, Condition)]
        if len(ranges) == 1:
            parts.append(_range_condition(ranges[0]))
        elif len(ranges) == 2:
            parts.append(_range_condition(_merge(*ranges)))
        if not parts:
            return None
        joined = f" {connective} ".join(part.sql for part in parts)
        return Condition(f"({joined})", tuple(value for part in parts for value in part.parameters))

    def _compile_nested(self, operand: Any) -> Condition | None:
        path = operand.get("path") if isinstance(operand, dict) else None
        field = self.fields.get(path or "")
        if field is None or not field.is_nested:
            raise GuppyError(f"Field {path} does not exist in ES index")
        inner = {key: value for key, value in operand.items() if key != "path"}
        children = {child.name: child for child in field.children}
        compiled = _Compiler(children, self.without_field, lambda name: f'item."{name}"').compile(inner)
        if compiled is None:
            return None
        condition = _range_condition(compiled) if isinstance(compiled, _Range) else compiled
        column = self.column_of(field.name)
        sql = f"coalesce(len(list_filter({column}, lambda item: {condition.sql})) > 0, false)"
        return Condition(sql, condition.parameters)


def _merge(first: _Range, second: _Range) -> _Range:
    if first.field != second.field:
        raise store_error("parsing_exception: [range] query doesn't support multiple fields")
    return _Range(first.field, first.column, {**first.bounds, **second.bounds})


def _range_condition(item: _Range) -> Condition:
    tests = " and ".join(f"element {operator} ?" for operator in item.bounds)
    return _any_element(item.field, item.column, tests, tuple(item.bounds.values()))


def _any_element(field: Field, column: str, test: str, parameters: tuple[Any, ...]) -> Condition:
    """Return the condition that the value, or any element of the list, passes `test`, which calls it `element`."""
    if field.holds_lists:
        return Condition(f"coalesce(len(list_filter({column}, lambda element: {test})) > 0, false)", parameters)
    return Condition(f"coalesce({test.replace('element', column)}, false)", parameters)


def _number_condition(operator: str, field: Field, column: str, value: Any) -> Condition | _Range:
    if operator in _RANGES:
        return _Range(field, column, {_RANGES[operator]: _number(value)})
    if operator in _EQUALS:
        return _any_element(field, column, "element = ?", (_number(value),))
    if operator == "!=":
        return _any_element(field, column, "element <> ?", (_number(value),))
    if operator in _IN:
        values = [_number(item) for item in _terms(value)]
        if not field.holds_lists and not column.startswith("item."):
            return _is_one_of(f"{column}::double", "double", values)
        return _any_element(field, column, "list_contains(?::double[], element::double)", (values,))
    raise GuppyError(f'Invalid numeric operation "{operator}" for field "{field.name}" in filter argument')


def _text_condition(operator: str, field: Field, column: str, value: Any) -> Condition:
    missing = Condition(is_missing(field, column))
    if operator in _EQUALS:
        return missing if value == MISSING_ALIAS else _equals(field, column, [_term(value)])
    if operator in _IN:
        values = [_term(item) for item in _terms(value)]
        if MISSING_ALIAS not in values:
            return _equals(field, column, values)
        others = _equals(field, column, [item for item in values if item != MISSING_ALIAS])
        return Condition(f"({missing.sql} or {others.sql})", others.parameters)
    if operator == "!=":
        return _negated(_equals(field, column, [_term(item) for item in _terms(value)]))
    if operator in _LIST_OPERATORS and isinstance(value, list):
        verb, _, which = operator.partition("_")
        each = [_equals(field, column, [_term(item)]) for item in value]
        glue = " or " if which == "any" else " and "
        if not each:
            return Condition("false" if verb == "contains" else "true")
        combined = Condition(
            f"({glue.join(part.sql for part in each)})", tuple(item for part in each for item in part.parameters)
        )
        return combined if verb == "contains" else _negated(combined)
    raise GuppyError(f'Invalid operation "{operator}" in filter argument.')


def _equals(field: Field, column: str, values: list[str]) -> Condition:
    if field.elastic_type == "boolean":
        column = f"{column}::varchar[]" if field.holds_lists else f"{column}::varchar"
    if field.holds_lists:
        return Condition(f"coalesce(list_has_any({column}, ?::varchar[]), false)", (values,))
    if len(values) == 1:
        return Condition(f"coalesce({column} = ?, false)", (values[0],))
    if column.startswith("item."):
        return Condition(f"coalesce(list_contains(?::varchar[], {column}), false)", (values,))
    return _is_one_of(column, "varchar", values)


def _is_one_of(column: str, sql_type: str, values: list[Any]) -> Condition:
    # A subquery becomes a hash join: ten thousand ids cost milliseconds. It is not allowed inside a lambda. The bounds
    # let DuckDB skip what holds none of the values, as the store's own index of terms would.
    inside = f"coalesce({column} in (select unnest(?::{sql_type}[])), false)"
    if not values:
        return Condition(inside, (values,))
    return Condition(f"({inside} and {column} >= ? and {column} <= ?)", (values, min(values), max(values)))


def _negated(condition: Condition) -> Condition:
    return Condition(f"(not {condition.sql})", condition.parameters)


def _terms(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise store_error("parsing_exception: [terms] query does not support a single value")
    if len(value) > MAX_TERMS:
        raise store_error(
            f"illegal_argument_exception: The number of terms [{len(value)}] used in the Terms Query request has "
            f"exceeded the allowed maximum of [{MAX_TERMS}]."
        )
    return value


def _term(value: Any) -> str:
    if isinstance(value, list | dict) or value is None:
        raise store_error("parsing_exception: [term] query does not support array of values")
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _number(value: Any) -> float | int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise store_error(f'number_format_exception: For input string: "{value}"') from None


def compile_sort(record_type: RecordType, sort: Any) -> list[tuple[Field, str]]:
    """Return the fields to sort by with their direction (`asc` or `desc`); missing values come last in both.

    Raises:
        GuppyError: the argument is not a field, or list of fields, with a direction each.
    """
    if sort is None:
        return []
    items = sort if isinstance(sort, list) else [sort]
    pairs: list[tuple[Field, str]] = []
    for item in items:
        if not isinstance(item, dict) or (isinstance(sort, list) and len(item) != 1):
            raise GuppyError("Invalid sort argument")
        for name, direction in item.items():
            field = record_type.by_name.get(name)
            if field is None or field.is_nested or direction not in ("asc", "desc"):
                raise GuppyError("Invalid sort argument")
            pairs.append((field, direction))
    return pairs
