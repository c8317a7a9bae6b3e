"""Snapshots of a table or two, made of rows: real Parquet files and a manifest that describes them, without a build."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.files import sha256_of
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import (
    AbsentPart,
    CodeVersion,
    ColumnEntry,
    DuckdbFile,
    Manifest,
    SourceEntry,
    TableEntry,
    digest_of_tables,
)
from warehouse.sql_text import literal, quoted

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Made:
    """A table to make: its columns with DuckDB's types, its key, its rows, and what columns refer to."""

    columns: Mapping[str, str]
    key: tuple[str, ...]
    rows: Sequence[Row]
    references: Mapping[str, str] = field(default_factory=dict)


def make_snapshot(
    folder: Path,
    tables: Mapping[str, Made],
    *,
    idc_version: str = "25.0.5",
    absent: Sequence[AbsentPart] = (),
) -> Snapshot:
    """Write the tables below a folder, each ordered by its key, and return the snapshot that they are."""
    (folder / "tables").mkdir(parents=True)
    entries = tuple(_write(folder / "tables" / f"{name}.parquet", name, made) for name, made in tables.items())
    source = SourceEntry(
        source="idc",
        version=idc_version,
        channel="wheel",
        fetched_at=datetime(2026, 11, 1, tzinfo=UTC),
        digest=idc_version,
        synthetic=False,
        datasets=(),
    )
    manifest = Manifest(
        snapshot_id=folder.name,
        created_at=datetime(2026, 11, 1, tzinfo=UTC),
        input_digest="0" * 64,
        tables_digest=digest_of_tables(entries),
        synthetic=False,
        sources=(source,),
        tables=entries,
        absent=tuple(absent),
        verdicts=(),
        code_version=CodeVersion(package="0"),
        dependencies={},
        duckdb_file=DuckdbFile(storage_version="v1.5.0", bytes=0, sha256="0" * 64),
        timings={},
    )
    return Snapshot(folder=folder, manifest=manifest)


def _write(path: Path, name: str, made: Made) -> TableEntry:
    columns = ", ".join(f"{quoted(column)} {kind}" for column, kind in made.columns.items())
    with duckdb.connect() as connection:
        connection.execute(f"create table made ({columns})")
        if made.rows:
            values = ", ".join("?" for _ in made.columns)
            connection.executemany(f"insert into made values ({values})", [list(row) for row in made.rows])
        order = ", ".join(map(quoted, made.key)) or "all"
        connection.execute(f"copy (from made order by {order}) to {literal(str(path))} (format parquet)")
    return TableEntry(
        name=name,
        rows=len(made.rows),
        columns=tuple(
            ColumnEntry(name=column, type=kind, description="", references=made.references.get(column))
            for column, kind in made.columns.items()
        ),
        primary_key=made.key,
        order_by=made.key,
        grain="one row",
        description="",
        parquet_sha256=sha256_of(path),
        parquet_bytes=path.stat().st_size,
    )
