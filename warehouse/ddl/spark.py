"""Spark SQL: external tables over the files, defined anew, with keys as properties: tables of Parquet have none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from warehouse.ddl.engine import Engine, listed, literal, properties
from warehouse.ddl.locations import PATH
from warehouse.ddl.model import Base, Load, LoadedTable


class Spark(Engine):
    """Spark 3.4 and newer, or what speaks its SQL, reads any store that it is configured for."""

    title: ClassVar[str] = "Spark"
    schemes: ClassVar[tuple[str, ...]] = ("s3", "s3a", "gs", "abfss", "hdfs", PATH)
    types: ClassVar[Mapping[Base, str]] = {
        "BOOLEAN": "boolean",
        "INTEGER": "int",
        "BIGINT": "bigint",
        "DOUBLE": "double",
        "DECIMAL": "decimal",
        "VARCHAR": "string",
        "DATE": "date",
        "TIMESTAMP": "timestamp_ntz",
    }
    run: ClassVar[str] = "spark-sql -f {script}"

    def notes(self, load: Load) -> Iterable[str]:
        """Return sentences for the person who runs the script."""
        return (
            "Tables are external: dropping one leaves its files where they are. Keys are properties of the tables.",
            "Nothing is copied: the tables are there for as long as the files are.",
        )

    def statements(self, load: Load) -> Iterator[str]:
        """Return the statements in their order."""
        yield f"create database if not exists {self.quoted(load.schema)}"
        for table in load.contents.tables:
            # One that is there may be of another snapshot, and `if not exists` would keep it without a word.
            yield f"drop table if exists {self.table_name(load, table.name)}"
            yield self._table(load, table)

    def list_of(self, item: str) -> str:
        """Return the type of lists of a type."""
        return f"array<{item}>"

    def _table(self, load: Load, table: LoadedTable) -> str:
        columns = listed(
            f"{self.quoted(column.name)} {self.column_type(column)} comment {literal(self.comment(column))}"
            for column in table.columns
        )
        return (
            f"create table {self.table_name(load, table.name)} (\n{columns}\n)\nusing parquet\n"
            f"comment {literal(table.comment)}\ntblproperties (\n{properties(table)}\n)\n"
            f"location {literal(f'{load.root}/{table.folder or table.files[0]}')}"
        )
