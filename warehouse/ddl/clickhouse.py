"""ClickHouse: MergeTree tables in the order of their primary key, filled from each file by its columns' names.

A file that is not there, or lacks a column, stops its statement. Dates go back to 1880 and need Date32; timestamps are
named UTC, so that no server shows them in a zone of its own. A list cannot be null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from warehouse.ddl.engine import Engine, listed, literal
from warehouse.ddl.locations import PATH
from warehouse.ddl.model import Base, Load, LoadedColumn, LoadedTable

_GOOGLE = "https://storage.googleapis.com/"


class ClickHouse(Engine):
    """ClickHouse reads stores that speak S3, and files of the machine that it runs on."""

    title: ClassVar[str] = "ClickHouse"
    schemes: ClassVar[tuple[str, ...]] = ("s3", "gs", "https", "http", PATH)
    types: ClassVar[Mapping[Base, str]] = {
        "BOOLEAN": "Bool",
        "INTEGER": "Int32",
        "BIGINT": "Int64",
        "DOUBLE": "Float64",
        "DECIMAL": "Decimal",
        "VARCHAR": "String",
        "DATE": "Date32",
        "TIMESTAMP": "DateTime64(6, 'UTC')",
    }
    run: ClassVar[str] = "clickhouse client --queries-file {script}"

    def notes(self, load: Load) -> Iterable[str]:
        """Return sentences for the person who runs the script."""
        access = (
            "file() reads below user_files_path of a server; `clickhouse local --path FOLDER` reads any file."
            if load.root.startswith("/")
            else "s3() takes the credentials of the server's settings, or none where the bucket is public."
        )
        return (
            access,
            "Dates go back to 1880, which a release before 26 may refuse to load.",
            "ClickHouse knows no list that is null: it becomes an empty one. It has no foreign keys.",
        )

    def statements(self, load: Load) -> Iterator[str]:
        """Return the statements in their order."""
        yield f"create database if not exists {self.quoted(load.schema)}"
        for table in load.contents.tables:
            yield self._table(load, table)
            for file in table.files:
                yield self._insert(load, table, file)

    def list_of(self, item: str) -> str:
        """Return the type of lists of a type."""
        return f"Array({item})"

    def column_type(self, column: LoadedColumn) -> str:
        """Return the type of a column: nullable, unless it is of the primary key; of a list, its values are."""
        item = self.item_type(column.type)
        if column.type.is_list:
            return self.list_of(f"Nullable({item})")
        return item if column.is_key else f"Nullable({item})"

    def _table(self, load: Load, table: LoadedTable) -> str:
        columns = listed(
            f"{self.quoted(column.name)} {self.column_type(column)} comment {literal(self.comment(column))}"
            for column in table.columns
        )
        return (
            f"create or replace table {self.table_name(load, table.name)} (\n{columns}\n)\n"
            f"engine = MergeTree\norder by ({', '.join(map(self.quoted, table.primary_key))})\n"
            f"comment {literal(table.comment)}"
        )

    def _insert(self, load: Load, table: LoadedTable, file: str) -> str:
        names = listed(self.quoted(column.name) for column in table.columns)
        structure = ", ".join(f"{self.quoted(column.name)} {self.column_type(column)}" for column in table.columns)
        address = literal(_address(f"{load.root}/{file}"))
        function = "file" if load.root.startswith("/") else "s3"
        return (
            f"insert into {self.table_name(load, table.name)} (\n{names}\n)\nselect\n{names}\n"
            f"from {function}({address}, 'Parquet', {literal(structure)})\n"
            "settings input_format_parquet_allow_missing_columns = 0"
        )


def _address(address: str) -> str:
    """Return an address as s3() reads it: releases differ in what `gs://` means to them."""
    return _GOOGLE + address.removeprefix("gs://") if address.startswith("gs://") else address
