"""Projects stored records to another record type: fields removed, added, retyped, made lists or records.

What belongs here: the SQL that converts a stored value to another field definition, and the values of a field that the
records lack. Both depend on the records alone, so the same records give the same bytes.

A value that the new type can hold is kept (text that is a number becomes the number). A value that it cannot hold
becomes a number or a boolean derived from its hash, so that the field is not empty. One value in place of a list is the
first of the list.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.sandbox.guppy.index_file import write_parquet
from warehouse.sandbox.guppy.schema import Field, RecordType


def write_records(stored: RecordType, relation: str, wanted: RecordType, path: Path) -> int:
    """Write the records of a relation as another type, sorted by unique id, and return how many they are.

    `relation` has the column `_row` and one for each field of `stored`. The unique id of the new type is that of the
    stored one, whatever the types are called.
    """
    columns = [f'{_column(stored, wanted, field)} as "{field.name}"' for field in wanted.fields]
    identity = wanted.by_name.get(wanted.unique_id)
    sortable = identity is not None and not identity.holds_lists
    order = f'"{wanted.unique_id}", _row' if sortable else "_row"
    read = f"select _row, {', '.join(columns)} from ({relation})"
    numbered = f"select (row_number() over (order by {order}) - 1)::bigint as _row, * exclude (_row) from ({read})"
    with duckdb.connect(":memory:") as connection:
        return write_parquet(connection, numbered, path)


def _column(stored: RecordType, wanted: RecordType, field: Field) -> str:
    name = stored.unique_id if field.name == wanted.unique_id else field.name
    value = _value(stored.by_name.get(name), field, f'"{name}"')
    return f"({value})::{field.sql_type}"


def _value(stored: Field | None, wanted: Field, column: str) -> str:
    """Return the SQL of a field's values from the column that holds it; an absent value stays absent."""
    if stored is None:
        return _invented(wanted)
    if wanted.is_nested:
        return _records(stored, wanted, column)
    if stored.is_nested:
        stored, column = Field(stored.name, "keyword"), f"to_json({column})::varchar"
    if stored.holds_lists and wanted.holds_lists:
        return f"list_transform({column}, lambda element: {_element(stored, wanted, 'element')})"
    if stored.holds_lists:
        return _element(stored, wanted, f"{column}[1]")
    element = _element(stored, wanted, column)
    return f"case when {column} is not null then [{element}] end" if wanted.holds_lists else element


def _records(stored: Field, wanted: Field, column: str) -> str:
    if not stored.is_nested:
        members = [f'"{child.name}" := {_value(stored, child, column)}' for child in wanted.children]
        return f"case when {column} is not null then [struct_pack({', '.join(members)})] end"
    known = {child.name: child for child in stored.children}
    values = {child.name: _value(known.get(child.name), child, f'item."{child.name}"') for child in wanted.children}
    members = [f'"{name}" := {value}' for name, value in values.items()]
    return f"list_transform({column}, lambda item: struct_pack({', '.join(members)}))"


def _element(stored: Field, wanted: Field, value: str) -> str:
    """Return the SQL of one value, which is no list, as the wanted type."""
    if stored.elastic_type == wanted.elastic_type:
        return value
    if wanted.elastic_type == "keyword":
        whole = f"{value} = trunc({value}) and abs({value}) < 1e15"
        if stored.elastic_type == "float":
            return f"case when {whole} then {value}::bigint::varchar else {value}::varchar end"
        return f"{value}::varchar"
    cast = f"try_cast({value} as {wanted.sql_type.removesuffix('[]')})"
    if stored.elastic_type != "keyword":
        return cast
    # Forty-eight bits of the hash: distinct for distinct texts, and whole as JavaScript's numbers are.
    drawn = f"hash({value}) % 2 = 0" if wanted.elastic_type == "boolean" else f"hash({value}) >> 16"
    return f"case when {value} is not null then coalesce({cast}, {drawn}) end"


def _invented(field: Field) -> str:
    """Return the SQL of the values of a field that the records lack: every third record has none."""
    if field.is_nested:
        members = [f'"{child.name}" := {_invented(child)}' for child in field.children]
        value = f"struct_pack({', '.join(members)})"
    else:
        drawn = f"hash(_row, '{field.name}')"
        value = {
            "keyword": f"'value ' || ({drawn} % 5)",
            "long": f"({drawn} % 100)::BIGINT",
            "float": f"({drawn} % 100) / 4.0",
            "boolean": f"{drawn} % 2 = 0",
        }[field.elastic_type]
    return f"case when _row % 3 <> 0 then {f'[{value}]' if field.holds_lists else value} end"
