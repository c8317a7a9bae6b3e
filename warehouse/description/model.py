"""What is described: the tables of a snapshot with their columns and keys, and its other files."""

from __future__ import annotations

import re
from dataclasses import dataclass

from warehouse.citation.model import Citation

LICENSES_FILE = "licences.json"
DATA_PACKAGE_FILE = "datapackage.json"
CROISSANT_FILE = "croissant.json"
RO_CRATE_FILE = "ro-crate-metadata.json"

PARQUET = "application/vnd.apache.parquet"

_ONE_COLUMN = re.compile(r"(?P<table>\w+)\.(?P<column>\w+)")


@dataclass(frozen=True)
class ColumnReference:
    """The column of another table (or of the same) whose values a column holds."""

    table: str
    column: str


@dataclass(frozen=True)
class DescribedColumn:
    """One column; `type` is DuckDB's. `references` is None where it points to no column, or to one of several."""

    name: str
    type: str
    description: str
    references: ColumnReference | None = None


@dataclass(frozen=True)
class DescribedFile:
    """One file: its path inside the snapshot, what it is, and its size in bytes. `sha256` is hex.

    `rows` is of a file of a table; `part` names it where it holds a part of one.
    """

    path: str
    media_type: str
    description: str
    sha256: str
    bytes: int
    rows: int | None = None
    part: str | None = None


@dataclass(frozen=True)
class DescribedTable:
    """One table and the Parquet files that hold it, in the order of its rows. `grain` is what one row is."""

    name: str
    description: str
    grain: str
    rows: int
    columns: tuple[DescribedColumn, ...]
    primary_key: tuple[str, ...]
    files: tuple[DescribedFile, ...]

    @property
    def text(self) -> str:
        """Description and grain as one text."""
        return f"{' '.join(self.description.split())} One row is {self.grain}; {self.rows:,} rows."


@dataclass(frozen=True)
class Description:
    """A snapshot as the description files tell it. `files` are those beside the tables that were written before."""

    citation: Citation
    tables: tuple[DescribedTable, ...]
    files: tuple[DescribedFile, ...]

    @property
    def text(self) -> str:
        """What the snapshot is, if it is made up, and under whose terms."""
        return f"{self.citation.abstract} {self.citation.note}"


def reference(text: str | None) -> ColumnReference | None:
    """Read a reference as the manifest has it: `table.column`; one that names several columns is none."""
    match = None if text is None else _ONE_COLUMN.fullmatch(text)
    return None if match is None else ColumnReference(match["table"], match["column"])
