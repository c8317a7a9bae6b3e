"""What is loaded: the tables of a snapshot with their files, types, texts and keys, for an engine to write down."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Base = Literal["BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "VARCHAR", "DATE", "TIMESTAMP"]
"""DuckDB's names of the types that published tables have. INTEGER has 32 bits, BIGINT 64; TIMESTAMP is UTC by its
description, in microseconds, without a zone."""

_TYPE = re.compile(rf"(?P<base>{'|'.join(get_args(Base))})(\((?P<precision>\d+),\s*(?P<scale>\d+)\))?(?P<list>\[\])?")


@dataclass(frozen=True)
class ColumnType:
    """A type of a column, or of the values of its lists. `precision` and `scale` are digits, of DECIMAL alone."""

    base: Base
    is_list: bool = False
    precision: int = 0
    scale: int = 0


@dataclass(frozen=True)
class LoadedColumn:
    """One column; `comment` is what DuckDB's file says of it. `is_key`: it is of the primary key, so never null."""

    name: str
    type: ColumnType
    comment: str
    is_key: bool


@dataclass(frozen=True)
class ForeignKey:
    """A column of a table whose every value, nulls apart, was found in the primary key of `parent`."""

    column: str
    parent: str
    parent_column: str


@dataclass(frozen=True)
class LoadedTable:
    """One table. `files` are its Parquet files below the folder of tables, in the order of its rows.

    `folder` is the folder of a table in parts, below that of the tables; None where the table is one file.
    """

    name: str
    comment: str
    columns: tuple[LoadedColumn, ...]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    files: tuple[str, ...]
    folder: str | None
    rows: int


@dataclass(frozen=True)
class Contents:
    """What a snapshot holds, tables by name. `created_at` is when it was made, not when a script was."""

    snapshot_id: str
    tables_digest: str
    created_at: datetime
    synthetic: bool
    tables: tuple[LoadedTable, ...]


@dataclass(frozen=True)
class Load:
    """A load of a snapshot into one schema (or dataset, or database) of an engine.

    `root` is the address of the folder of its Parquet files, without a slash at its end.
    """

    contents: Contents
    schema: str
    root: str


def column_type(duckdb_type: str) -> ColumnType | None:
    """Return one of DuckDB's types; None where published tables have no such type."""
    match = _TYPE.fullmatch(duckdb_type)
    if match is None or (match["base"] == "DECIMAL") != (match["precision"] is not None):
        return None
    base = next(name for name in get_args(Base) if name == match["base"])
    return ColumnType(base, match["list"] is not None, int(match["precision"] or 0), int(match["scale"] or 0))
