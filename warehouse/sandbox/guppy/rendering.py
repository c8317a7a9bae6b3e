"""Renders documents as JSON text inside DuckDB.

What belongs here: the selection of fields of a document, and the SQL that writes it as GraphQL or a download does.
Numbers are written as JavaScript writes them (63, not 63.0).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from warehouse.sandbox.guppy.schema import Field, RecordType
from warehouse.sql_text import literal

NUMBER_MACRO = """
create or replace macro json_number(x) as
  case when x = trunc(x) and abs(x) < 1e15 then to_json(x::bigint) else to_json(x) end
"""


@dataclass(frozen=True)
class Selection:
    """One field that a query asks for: the name it gets in the answer and, below a nested field, what is selected.

    `field` is None for the members of every object: `__typename` (then `constant` is its text) and `_matched` (null).
    """

    response_name: str
    field: Field | None
    children: tuple[Selection, ...] = ()
    constant: str | None = None


def object_sql(members: list[tuple[str, str]]) -> str:
    """Return the SQL of one JSON object from names and the SQL of their values."""
    packed = ", ".join([f'"{name}" := {sql}' for name, sql in members])
    return f"to_json(struct_pack({packed}))"


def graphql_member(item: Selection, column: str | None = None) -> tuple[str, str]:
    """Return the name and the SQL of one selected field as GraphQL renders it."""
    field = item.field
    if field is None:
        return item.response_name, "null" if item.constant is None else literal(item.constant)
    column = column or f'"{field.name}"'
    if field.is_nested:
        members = [graphql_member(child, _child_column(child)) for child in item.children]
        packed = ", ".join([f'"{name}" := {sql}' for name, sql in members])
        return item.response_name, f"list_transform({column}, lambda item: struct_pack({packed}))"
    if field.holds_lists and not field.declared_list:
        return item.response_name, "null"
    if field.elastic_type == "float":
        return item.response_name, _each(field, column, "json_number({})")
    if field.elastic_type == "boolean":
        return item.response_name, _each(field, column, "{}::varchar")
    return item.response_name, column


def _child_column(child: Selection) -> str | None:
    return None if child.field is None else f'item."{child.field.name}"'


def _each(field: Field, column: str, template: str) -> str:
    if not field.holds_lists:
        return template.format(column)
    return f"list_transform({column}, lambda element: {template.format('element')})"


def download_members(record_type: RecordType, paths: list[str]) -> list[tuple[str, str]]:
    """Return names and SQL of what a download asks for; leaves of one nested field are put together again."""
    members: dict[str, tuple[Field, list[Field]]] = {}
    for path in paths:
        parent, _, leaf = path.rpartition(".")
        field = record_type.by_name[parent or leaf]
        _, leaves = members.setdefault(field.name, (field, []))
        leaves += [child for child in field.children if child.name == leaf]
    rendered = []
    for name, (field, leaves) in members.items():
        if field.is_nested:
            chosen = tuple(Selection(leaf.name, leaf) for leaf in leaves)
            rendered.append((name, _download_nested(field, chosen)))
        elif field.elastic_type == "float":
            rendered.append((name, _each(field, f'"{name}"', "json_number({})")))
        else:
            rendered.append((name, f'"{name}"'))
    return rendered


def _download_nested(field: Field, chosen: tuple[Selection, ...]) -> str:
    parts = []
    for item in chosen:
        assert item.field is not None
        column = f'item."{item.field.name}"'
        sql = _each(item.field, column, "json_number({})") if item.field.elastic_type == "float" else column
        parts.append(f'"{item.response_name}" := {sql}')
    return f'list_transform("{field.name}", lambda item: struct_pack({", ".join(parts)}))'


def to_json_number(value: Any) -> str:
    """Return a number as JavaScript writes it; null for None."""
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(float(value) if not isinstance(value, int) else value)
