"""The files of a snapshot that cite and describe it, from its manifest, its tables and the digests of its files."""

from __future__ import annotations

import functools
import mimetypes
from collections.abc import Mapping
from pathlib import Path

from warehouse.citation import formats
from warehouse.citation.model import Citation
from warehouse.description import croissant, data_package, licenses, ro_crate
from warehouse.description.model import (
    CROISSANT_FILE,
    DATA_PACKAGE_FILE,
    LICENSES_FILE,
    PARQUET,
    RO_CRATE_FILE,
    DescribedColumn,
    DescribedFile,
    DescribedTable,
    Description,
    reference,
)
from warehouse.files import sha256_of
from warehouse.metrics import metricflow, osi
from warehouse.metrics.exported import METRICFLOW_FILE, OSI_FILE
from warehouse.metrics.model import semantic_model
from warehouse.snapshots import query
from warehouse.snapshots.catalog import DATABASE, MANIFEST, PROFILE, TABLES, Snapshot
from warehouse.snapshots.cited import citation_of
from warehouse.snapshots.manifest import Manifest, TableEntry

_FILES = {
    DATABASE: ("application/vnd.duckdb", "All tables, described, as one DuckDB database"),
    MANIFEST: ("application/json", "Sources, digests, columns, verdicts and versions"),
    PROFILE: (PARQUET, "What was measured of loads and tables (fct_profile)"),
    "quality.json": ("application/json", "Every expectation that judged the tables, and its verdict"),
    "README.md": ("text/markdown", "What this is, how to open, verify and cite it"),
    LICENSES_FILE: ("application/json", "Rows under each licence, and which may be used commercially"),
    DATA_PACKAGE_FILE: ("application/json", "The tables as a Data Package (version 2)"),
    CROISSANT_FILE: ("application/ld+json", "The tables as a Croissant 1.1 dataset"),
    METRICFLOW_FILE: ("application/yaml", "Metrics and how tables join, for MetricFlow"),
    OSI_FILE: ("application/json", "Metrics and how tables join, as Open Semantic Interchange 0.1.1"),
} | {form.file: (form.media_type, f"The citation as {name}") for name, form in formats.FORMATS.items() if form.file}


def cited(snapshot: Snapshot) -> Citation:
    """Return what is cited of a snapshot.

    Raises:
        IntegrityError: its DuckDB file is gone, or is none that this version reads.
    """
    with query.connect(snapshot) as connection:
        return citation_of(snapshot.manifest, connection)


def citation_documents(snapshot: Snapshot) -> tuple[Citation, dict[str, str]]:
    """Return what is cited of a snapshot, and its citation files and licences.json: text by name.

    Raises:
        IntegrityError: its DuckDB file is gone, or is none that this version reads.
    """
    tables = [(table.name, _columns(table)) for table in snapshot.manifest.tables]
    with query.connect(snapshot) as connection:
        citation = citation_of(snapshot.manifest, connection)
        count = licenses.count_licenses(connection, tables)
    return citation, formats.files(citation) | {LICENSES_FILE: licenses.render(citation, count)}


def write_descriptions(
    folder: Path, manifest: Manifest, citation: Citation, digests: Mapping[str, str]
) -> dict[str, str]:
    """Write the description files into the folder of a snapshot and return their digests (SHA-256, hex) by name.

    `digests` are those of the files that are there; the RO-Crate lists them and those that are written before it. A
    snapshot without tables that metrics count has no descriptions of metrics.
    """
    model = semantic_model()
    written: dict[str, str] = {}
    for name, render in (
        (DATA_PACKAGE_FILE, data_package.render),
        (CROISSANT_FILE, croissant.render),
        (METRICFLOW_FILE, functools.partial(metricflow.render, model=model)),
        (OSI_FILE, functools.partial(osi.render, model=model)),
        (RO_CRATE_FILE, ro_crate.render),
    ):
        text = render(description_of(folder, manifest, citation, {**digests, **written}))
        if text is not None:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
            written[name] = sha256_of(folder / name)
    return written


def description_of(folder: Path, manifest: Manifest, citation: Citation, digests: Mapping[str, str]) -> Description:
    """Return what is described of a snapshot in a folder; `digests` are those of its files, by name."""
    tables = described_tables(manifest)
    of_tables = {file.path for table in tables for file in table.files}
    others = sorted(set(digests) - of_tables)
    files = tuple(_file(folder / name, name, digests[name]) for name in others)
    return Description(citation=citation, tables=tables, files=files)


def described_tables(manifest: Manifest) -> tuple[DescribedTable, ...]:
    """Return the tables of a snapshot as they are described, in the order of its manifest."""
    return tuple(_table(table) for table in manifest.tables)


def _table(table: TableEntry) -> DescribedTable:
    return DescribedTable(
        name=table.name,
        description=table.description,
        grain=table.grain,
        rows=table.rows,
        columns=_columns(table),
        primary_key=table.primary_key,
        files=tuple(
            DescribedFile(
                path=f"{TABLES}/{file.path}",
                media_type=PARQUET,
                description=f"{_holds(table)}: one row is {table.grain}; {file.rows:,} rows",
                sha256=file.sha256,
                bytes=file.bytes,
                rows=file.rows,
                part=Path(file.path).stem if table.parts else None,
            )
            for file in table.files
        ),
    )


def _holds(table: TableEntry) -> str:
    if not table.parts:
        return f"The table {table.name}"
    return f"Part of the table {table.name}, the rows of one value of {table.order_by[0]}"


def _columns(table: TableEntry) -> tuple[DescribedColumn, ...]:
    return tuple(
        DescribedColumn(column.name, column.type, column.description, reference(column.references))
        for column in table.columns
    )


def _file(path: Path, name: str, digest: str) -> DescribedFile:
    media_type, description = _FILES.get(name, (mimetypes.guess_type(name)[0] or "application/octet-stream", name))
    return DescribedFile(
        path=name, media_type=media_type, description=description, sha256=digest, bytes=path.stat().st_size
    )
