"""Changes of an index while a client reads it: of its records, its fields and its record types.

What belongs here: the description of a change, and writing the next generation of an index file. A generation is a
whole file; requests that already opened the old one finish on it, as a search on an old snapshot of the store does.

| change | effect |
|---|---|
| `DataChange` | records of a type removed (a number or a share), added, changed |
| `SchemaChange` | a field added, removed, retyped, or left out of the array configuration |
| `FieldMutation` | a field made `missing`, one `text`, `number` or `boolean`, a `list`, or `nested` records |
| `TypeChange` | a type removed, renamed or added |
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
from pydantic import ConfigDict, TypeAdapter
from pydantic import Field as Limited
from pydantic.dataclasses import dataclass

from warehouse.sandbox.guppy.index_file import write_parquet
from warehouse.sandbox.guppy.projection import write_records
from warehouse.sandbox.guppy.schema import ElasticType, Field, RecordType
from warehouse.sandbox.guppy.store import Index

_STRICT = ConfigDict(extra="forbid")
_Count = Annotated[int, Limited(ge=0)]

Mutation = Literal["missing", "text", "number", "boolean", "list", "nested"]


@dataclass(frozen=True, config=_STRICT)
class DataChange:
    """Records removed, added and changed in one type. `rebuilt` gives the index a new name behind its alias.

    `removed_share` (0 to 1) of the records are removed besides the `removed`.
    """

    record_type: str
    removed: _Count = 0
    added: _Count = 0
    changed: _Count = 0
    rebuilt: bool = True
    removed_share: Annotated[float, Limited(ge=0, le=1)] = 0.0


@dataclass(frozen=True, config=_STRICT)
class SchemaChange:
    """One field of a type added, removed, retyped, or left out of the array configuration although it holds lists.

    A field inside the records of a nested one is named with a dot: `imaging_studies.study_uid`.
    """

    record_type: str
    change: Literal["add", "remove", "retype", "undeclare_list"]
    field: str
    elastic_type: ElasticType = "keyword"


@dataclass(frozen=True, config=_STRICT)
class FieldMutation:
    """One field of a type as another kind of field, with the values that this kind can hold.

    `text`, `number` and `boolean` are one value each (of a list the first). `list` and `nested` hold what the field
    held before, a list as it is; in the records of `nested` it is called `value`.
    """

    record_type: str
    field: str
    mutation: Mutation


@dataclass(frozen=True, config=_STRICT)
class TypeChange:
    """A type removed, renamed to `name`, or added: a second one of that `name` with the same records."""

    record_type: str
    change: Literal["remove", "rename", "add"]
    name: str | None = None


Change = DataChange | SchemaChange | FieldMutation | TypeChange


def read_change(given: dict[str, Any]) -> Change:
    """Return the change that a JSON object describes; its members determine its kind.

    Raises:
        ValidationError: a member is missing, unknown or not of its type.
    """
    if "mutation" in given:
        return TypeAdapter(FieldMutation).validate_python(given)
    if "change" in given:
        return TypeAdapter(SchemaChange if "field" in given else TypeChange).validate_python(given)
    return TypeAdapter(DataChange).validate_python(given)


def change_data(index: Index, change: DataChange, generation: int, path: Path) -> Index:
    """Write the index with its records changed to `path` and return it.

    Which records are taken depends on the generation alone: those with the smallest hash of id and generation. Added
    records are copies of records under a new id; a changed one has a new `submitter_id`.

    Raises:
        ValueError: the field that the change writes (the unique id, `submitter_id`) is gone or is not text.
    """
    unique = index.record_type.unique_id
    names = [field.name for field in index.record_type.fields]
    removed = change.removed + round(change.removed_share * index.documents)
    kept = {name: f'"{name}"' for name in names}
    copied = dict(kept)
    _require_text(index.record_type, unique)
    copied[unique] = f"'added-' || md5(\"{unique}\" || '{generation}')"
    if change.changed:
        _require_text(index.record_type, "submitter_id")
        renamed = f"case when drawn <= {removed + change.changed} then submitter_id || ' (changed {generation})'"
        kept["submitter_id"] = f"{renamed} ELSE submitter_id END"
    drawn = f"row_number() over (order by md5(\"{unique}\" || '{generation}'))"
    rows = _write(
        f"""with drawing as (select *, {drawn} as drawn from read_parquet('{index.path}'))
        select {_listed(kept)} from drawing where drawn > {removed}
        union all select {_listed(copied)} from drawing where drawn <= {change.added}""",
        unique,
        path,
    )
    return replace(index, number=index.number + change.rebuilt, path=path, documents=rows)


def change_schema(index: Index, change: SchemaChange | FieldMutation, path: Path) -> Index:
    """Write the index with one field changed to `path` and return it under a new name.

    Raises:
        ValueError: the type has no such field, or the field cannot become what is asked.
    """
    if isinstance(change, SchemaChange):
        record_type = _changed_type(index.record_type, change)
    else:
        mutated = _mutated(index.record_type, change)
        record_type = index.record_type.with_field_at(change.field, mutated)
    write_records(index.record_type, f"select * from read_parquet('{index.path}')", record_type, path)
    return replace(index, record_type=record_type, number=index.number + 1, path=path)


def renamed_copy(index: Index, name: str, path: Path) -> Index:
    """Write the records of an index as a type of another name to `path` and return its index.

    Raises:
        ValueError: the name is not valid in GraphQL.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
        raise ValueError(f"A record type cannot be called {name!r}: a name has letters, digits and underscores.")
    record_type = index.record_type.renamed(name)
    write_records(index.record_type, f"select * from read_parquet('{index.path}')", record_type, path)
    alias = index.alias.removesuffix(index.record_type.name) + name
    return replace(index, record_type=record_type, alias=alias, path=path)


def _changed_type(record_type: RecordType, change: SchemaChange) -> RecordType:
    if change.elastic_type == "nested":
        raise ValueError(f"The field {change.field} becomes nested records by a mutation, not by a change of its type.")
    match change.change:
        case "add":
            return record_type.with_field(Field(change.field, change.elastic_type))
        case "remove":
            return record_type.with_field_at(change.field, None)
        case "retype":
            field = replace(record_type.field_at(change.field), elastic_type=change.elastic_type, children=())
            return record_type.with_field_at(change.field, field)
        case "undeclare_list":
            field = replace(record_type.field_at(change.field), declared_list=False)
            return record_type.with_field_at(change.field, field)


def _mutated(record_type: RecordType, change: FieldMutation) -> Field | None:
    field = record_type.field_at(change.field)
    match change.mutation:
        case "missing":
            return None
        case "text":
            return Field(field.name, "keyword")
        case "number":
            return Field(field.name, "float")
        case "boolean":
            return Field(field.name, "boolean")
        case "list":
            return replace(field, holds_lists=True, declared_list=True)
        case "nested":
            if "." in change.field:
                raise ValueError(f"The sandbox has no records inside records; {change.field} cannot become nested.")
            value = replace(field, name="value")
            return field if field.is_nested else Field(field.name, "nested", True, True, (value,))


def _require_text(record_type: RecordType, name: str) -> None:
    field = record_type.by_name.get(name)
    if field is None or field.elastic_type != "keyword" or field.holds_lists:
        raise ValueError(
            f"The records of {record_type.name} cannot be changed like this: their field {name} is not text any more."
        )


def _write(select: str, unique: str, path: Path) -> int:
    with duckdb.connect(":memory:") as connection:
        rows = f'select (row_number() over (order by "{unique}") - 1)::bigint as _row, * from ({select})'
        return write_parquet(connection, rows, path)


def _listed(columns: dict[str, str]) -> str:
    return ", ".join([f'{sql} as "{name}"' for name, sql in columns.items()])
