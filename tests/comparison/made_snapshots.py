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
    TableFile,
    digest_of_files,
    digest_of_tables,
    part_path,
)
from warehouse.sql_text import literal, quoted

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Made:
    """A table to make: its columns with DuckDB's types, its key, its rows, and what columns refer to.

    With `in_parts` it is one file for each value of the first column of the key.
    """

    columns: Mapping[str, str]
    key: tuple[str, ...]
    rows: Sequence[Row]
    references: Mapping[str, str] = field(default_factory=dict)
    in_parts: bool = False


def make_snapshot(
    folder: Path,
    tables: Mapping[str, Made],
    *,
    idc_version: str = "25.0.5",
    absent: Sequence[AbsentPart] = (),
) -> Snapshot:
    """Write the tables below a folder, each ordered by its key, and return the snapshot that they are."""
    (folder / "tables").mkdir(parents=True)
    entries = tuple(_write(folder / "tables", name, made) for name, made in tables.items())
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


def _write(folder: Path, name: str, made: Made) -> TableEntry:
    columns = ", ".join(f"{quoted(column)} {kind}" for column, kind in made.columns.items())
    with duckdb.connect() as connection:
        connection.execute(f"create table made ({columns})")
        if made.rows:
            values = ", ".join("?" for _ in made.columns)
            connection.executemany(f"insert into made values ({values})", [list(row) for row in made.rows])
        order = ", ".join(map(quoted, made.key)) or "all"
        files: list[TableFile] = []
        for value in sorted({str(row[0]) for row in made.rows}) or ["empty"] if made.in_parts else [None]:
            path = f"{name}.parquet" if value is None else part_path(name, value)
            (folder / path).parent.mkdir(exist_ok=True)
            of_part = "true" if value is None else f"{quoted(made.key[0])} = {literal(value)}"
            [(rows,)] = connection.execute(
                f"copy (from made where {of_part} order by {order}) to {literal(str(folder / path))} (format parquet)"
            ).fetchall()
            files.append(
                TableFile(path=path, rows=rows, sha256=sha256_of(folder / path), bytes=(folder / path).stat().st_size)
            )
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
        parquet_sha256=digest_of_files(files) if made.in_parts else files[0].sha256,
        parquet_bytes=sum(file.bytes for file in files),
        parts=tuple(files) if made.in_parts else (),
    )
