"""Snowflake: tables made anew, filled by COPY INTO by the names of their columns, foreign keys declared at the end.

Names are in upper case, as Snowflake takes what is written without quotes, so that analysts need none. Logical types
make a timestamp of a number and text of bytes; the vectorized scanner reads a list as an array of its values, not of
records. A file that is named and not there stops its statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from warehouse.ddl.engine import Engine, listed, literal
from warehouse.ddl.locations import STAGE
from warehouse.ddl.model import Base, ForeignKey, Load, LoadedColumn, LoadedTable

_FORMAT = "(type = parquet use_logical_type = true use_vectorized_scanner = true)"
_STAGE_NAME = "snapshot_files"


class Snowflake(Engine):
    """Snowflake reads a bucket of S3 that is open to it, or a stage that an administrator has made of any store."""

    title: ClassVar[str] = "Snowflake"
    schemes: ClassVar[tuple[str, ...]] = ("s3", STAGE)
    types: ClassVar[Mapping[Base, str]] = {
        "BOOLEAN": "boolean",
        "INTEGER": "integer",
        "BIGINT": "bigint",
        "DOUBLE": "double",
        "DECIMAL": "number",
        "VARCHAR": "varchar",
        "DATE": "date",
        "TIMESTAMP": "timestamp_ntz(6)",
    }
    run: ClassVar[str] = "snow sql --filename {script}"

    def notes(self, load: Load) -> Iterable[str]:
        """Return sentences for the person who runs the script."""
        private = "" if load.root.startswith("@") else " A bucket that is not public needs a stage: --location @stage."
        return (
            f"The schema {load.schema.upper()} is made in the database of the session; run it in one session.{private}",
            "Primary keys are declared and NOT NULL is enforced; foreign keys are declared.",
        )

    def statements(self, load: Load) -> Iterator[str]:
        """Return the statements in their order."""
        tables = load.contents.tables
        yield f"create schema if not exists {self.quoted(load.schema)}"
        stage = load.root
        if not stage.startswith("@"):
            name = self.table_name(load, _STAGE_NAME)
            stage = f"@{name}"
            yield f"create or replace temporary stage {name}\nurl = {literal(f'{load.root}/')}"
        for table in tables:
            yield self._table(load, table)
            yield self._copy(load, table, stage)
        for table in tables:
            for key in table.foreign_keys:
                yield self._foreign_key(load, table, key)

    def list_of(self, item: str) -> str:
        """Return the type of lists of a type: an array, whose values carry their types themselves."""
        return "array"

    def quoted(self, name: str) -> str:
        """Return a name as an identifier, in upper case."""
        return f'"{name.upper()}"'

    def _table(self, load: Load, table: LoadedTable) -> str:
        key = f"primary key ({', '.join(map(self.quoted, table.primary_key))})"
        columns = listed((*map(self._column, table.columns), key))
        return (
            f"create or replace table {self.table_name(load, table.name)} (\n{columns}\n)\n"
            f"comment = {literal(table.comment)}"
        )

    def _foreign_key(self, load: Load, table: LoadedTable, key: ForeignKey) -> str:
        name = self.quoted(f"{table.name}_{key.column}")
        return (
            f"alter table {self.table_name(load, table.name)}\n"
            f"add constraint {name} foreign key ({self.quoted(key.column)})\n"
            f"references {self.table_name(load, key.parent)} ({self.quoted(key.parent_column)})"
        )

    def _column(self, column: LoadedColumn) -> str:
        required = " not null" if column.is_key else ""
        name, comment = self.quoted(column.name), literal(self.comment(column))
        return f"{name} {self.column_type(column)}{required} comment {comment}"

    def _copy(self, load: Load, table: LoadedTable, stage: str) -> str:
        return (
            f"copy into {self.table_name(load, table.name)}\nfrom {stage}/\n"
            f"files = (\n{listed(map(literal, table.files))}\n)\n"
            f"file_format = {_FORMAT}\nmatch_by_column_name = case_insensitive\non_error = abort_statement"
        )
