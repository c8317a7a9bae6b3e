"""Athena: external tables over the files, defined anew, with keys as properties, because it has none.

Definitions are Hive's (backticks), queries are Trino's (double quotes). A table is the folder of its files, never a
file: one that is a single file is copied into a folder of its own first. Glue keeps 255 bytes of a column's comment, on
one line; the whole of a longer one is the property `comment.<column>`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from warehouse.ddl.engine import literal, properties
from warehouse.ddl.external_tables import ExternalTables
from warehouse.ddl.model import Load, LoadedColumn, LoadedTable


class Athena(ExternalTables):
    """Athena reads folders of S3."""

    title: ClassVar[str] = "Athena"
    schemes: ClassVar[tuple[str, ...]] = ("s3",)
    run: ClassVar[str] = "one statement at a time, in the console or by `aws athena start-query-execution`"
    longest_comment: ClassVar[int | None] = 255

    def notes(self, load: Load) -> Iterable[str]:
        """Return sentences for the person who runs the script, with the commands that lay out the files first."""
        single = [table.name for table in load.contents.tables if table.folder is None]
        return (
            "A table of Athena is a folder. Before the first run copy each table that is one file into a folder:",
            *(f"  aws s3 cp {shlex.quote(f'{load.root}/{name}.parquet')} {_folder(load, name)}" for name in single),
            "Athena reads timestamps to the millisecond, and has no keys: they are properties of the tables.",
            "Dropping such a table leaves its files where they are.",
        )

    def queried(self, name: str) -> str:
        """Return a name as an identifier in a query."""
        return f'"{name}"'

    def comment(self, column: LoadedColumn) -> str:
        """Return the comment of a column on one line, shortened."""
        return super().comment(replace(column, comment=" ".join(column.comment.split())))

    def definition(self, load: Load, table: LoadedTable) -> str:
        """Return the statement that defines a table over its files."""
        shortened = [column for column in table.columns if self.comment(column) != column.comment]
        return (
            f"create external table {self.table_name(load, table.name)} (\n{self.columns(table)}\n)\n"
            f"comment {literal(table.comment)}\nstored as parquet\n"
            f"location {literal(f'{load.root}/{table.name}/')}\n"
            f"tblproperties (\n{properties(table, shortened)}\n)"
        )


def _folder(load: Load, table: str) -> str:
    return shlex.quote(f"{load.root}/{table}/")
