"""External tables over the files, in the SQL of Hive that Athena and Spark share: defined anew, keys as properties."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from warehouse.ddl.engine import Engine, listed, literal
from warehouse.ddl.model import Base, Load, LoadedTable


class ExternalTables(Engine):
    """An engine that reads the files where they are, and has no keys."""

    types: ClassVar[Mapping[Base, str]] = {
        "BOOLEAN": "boolean",
        "INTEGER": "int",
        "BIGINT": "bigint",
        "DOUBLE": "double",
        "DECIMAL": "decimal",
        "VARCHAR": "string",
        "DATE": "date",
        "TIMESTAMP": "timestamp",
    }

    def statements(self, load: Load) -> Iterator[str]:
        """Return the statements in their order."""
        yield f"create database if not exists {self.quoted(load.schema)}"
        for table in load.contents.tables:
            # One that is there may be of another snapshot, and `if not exists` would keep it without a word.
            yield f"drop table if exists {self.table_name(load, table.name)}"
            yield self.definition(load, table)

    def list_of(self, item: str) -> str:
        """Return the type of lists of a type."""
        return f"array<{item}>"

    def columns(self, table: LoadedTable) -> str:
        """Return the columns of a table with their types and comments, a line each."""
        return listed(
            f"{self.quoted(column.name)} {self.column_type(column)} comment {literal(self.comment(column))}"
            for column in table.columns
        )

    @abstractmethod
    def definition(self, load: Load, table: LoadedTable) -> str:
        """Return the statement that defines a table over its files."""
