"""Changes of an index while somebody reads it: records that come, go and change, and fields that do.

What belongs here: writing the next generation of an index file. A generation is a whole file; requests that already
opened the old one finish on it, as a search on an old snapshot of the store would.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.sandbox.guppy_schema import ElasticType, Field, RecordType
from warehouse.sandbox.guppy_store import Index
from warehouse.sandbox.projection import write_records
from warehouse.sandbox.writing import write_parquet


@dataclass(frozen=True)
class DataChange:
    """Records removed, added and changed in one type. `rebuilt` gives the index a new name behind its alias."""

    record_type: str
    removed: int = 0
    added: int = 0
    changed: int = 0
    rebuilt: bool = True


@dataclass(frozen=True)
class SchemaChange:
    """One field of a type added, removed, retyped, or left out of the array configuration although it holds lists."""

    record_type: str
    change: Literal["add", "remove", "retype", "undeclare_list"]
    field: str
    elastic_type: ElasticType = "keyword"


def change_data(index: Index, change: DataChange, generation: int, path: Path) -> Index:
    """Write the index with its records changed to `path` and return it.

    Which records are taken depends on the generation alone: those with the smallest hash of id and generation. Added
    records are copies of records under a new id; a changed one has a new `submitter_id`.
    """
    unique = index.record_type.unique_id
    names = [field.name for field in index.record_type.fields]
    drawn = f"row_number() OVER (ORDER BY md5(\"{unique}\" || '{generation}'))"
    renamed = f"CASE WHEN drawn <= {change.removed + change.changed} THEN submitter_id || ' (changed {generation})'"
    kept = {name: f'"{name}"' for name in names} | {"submitter_id": f"{renamed} ELSE submitter_id END"}
    copied = {name: f'"{name}"' for name in names} | {unique: f"'added-' || md5(\"{unique}\" || '{generation}')"}
    rows = _write(
        f"""WITH drawing AS (SELECT *, {drawn} AS drawn FROM read_parquet('{index.path}'))
        SELECT {_listed(kept)} FROM drawing WHERE drawn > {change.removed}
        UNION ALL SELECT {_listed(copied)} FROM drawing WHERE drawn <= {change.added}""",
        unique,
        path,
    )
    return replace(index, number=index.number + change.rebuilt, path=path, documents=rows)


def change_schema(index: Index, change: SchemaChange, path: Path) -> Index:
    """Write the index with one field changed to `path` and return it under a new name."""
    record_type = _changed_type(index.record_type, change)
    write_records(index.record_type, f"SELECT * FROM read_parquet('{index.path}')", record_type, path)
    return replace(index, record_type=record_type, number=index.number + 1, path=path)


def _changed_type(record_type: RecordType, change: SchemaChange) -> RecordType:
    match change.change:
        case "add":
            return record_type.with_field(Field(change.field, change.elastic_type))
        case "remove":
            return record_type.without_field(change.field)
        case "retype":
            return record_type.with_field(replace(record_type.by_name[change.field], elastic_type=change.elastic_type))
        case "undeclare_list":
            return record_type.with_undeclared_list(change.field)


def _write(select: str, unique: str, path: Path) -> int:
    with duckdb.connect(":memory:") as connection:
        rows = f'SELECT (row_number() OVER (ORDER BY "{unique}") - 1)::BIGINT AS _row, * FROM ({select})'
        return write_parquet(connection, rows, path)


def _listed(columns: dict[str, str]) -> str:
    return ", ".join([f'{sql} AS "{name}"' for name, sql in columns.items()])
