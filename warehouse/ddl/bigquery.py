"""BigQuery (GoogleSQL): each table loaded from its files, then described, and keys declared once all tables are there.

LOAD DATA OVERWRITE takes the schema with its descriptions from the statement, removes the keys that a table had
(`WRITE_TRUNCATE` of the REST reference), and refuses another description of the table than it had: so that one and the
keys come after it, and a second run is like the first. Columns stay nullable, as in the files. A table has one
statement for all of its foreign keys, because its definition may change five times in ten seconds. A foreign key refers
to a primary key, never to one of the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from warehouse.ddl.engine import INDENT, Engine, listed, literal
from warehouse.ddl.model import Base, ColumnType, ForeignKey, Load, LoadedTable

# What NUMERIC holds: digits before the point, and behind it.
_NUMERIC = (29, 9)


class BigQuery(Engine):
    """BigQuery reads Parquet files of Google Cloud Storage."""

    title: ClassVar[str] = "BigQuery"
    schemes: ClassVar[tuple[str, ...]] = ("gs",)
    types: ClassVar[Mapping[Base, str]] = {
        "BOOLEAN": "bool",
        "INTEGER": "int64",
        "BIGINT": "int64",
        "DOUBLE": "float64",
        "DECIMAL": "numeric",
        "VARCHAR": "string",
        "DATE": "date",
        "TIMESTAMP": "timestamp",
    }
    run: ClassVar[str] = "bq query --use_legacy_sql=false < {script}"
    longest_comment: ClassVar[int | None] = 1024

    def notes(self, load: Load) -> Iterable[str]:
        """Return sentences for the person who runs the script."""
        return (
            f"The dataset {load.schema} is made in the project and location of the query, which must be the bucket's: "
            "bq --location.",
            "BigQuery knows no list that is null: it becomes an empty one.",
            "Keys are not enforced, and trusted: every value was looked up in the files when this was written.",
        )

    def statements(self, load: Load) -> Iterator[str]:
        """Return the statements in their order."""
        tables = load.contents.tables
        yield f"create schema if not exists {self.quoted(load.schema)}"
        for table in tables:
            yield self._load(load, table)
            description = f"options (description = {literal(table.comment)})"
            yield f"alter table {self.table_name(load, table.name)}\nset {description}"
        for table in tables:
            names = ", ".join(map(self.quoted, table.primary_key))
            yield f"alter table {self.table_name(load, table.name)}\nadd primary key ({names}) not enforced"
        for table in tables:
            keys = [self._foreign_key(load, table, key) for key in table.foreign_keys if key.parent != table.name]
            if keys:
                yield f"alter table {self.table_name(load, table.name)}\n" + ",\n".join(keys)

    def list_of(self, item: str) -> str:
        """Return the type of lists of a type."""
        return f"array<{item}>"

    def item_type(self, kind: ColumnType) -> str:
        """Return the type of a column, or of the values of its lists."""
        digits, places = _NUMERIC
        is_wide = kind.precision - kind.scale > digits or kind.scale > places
        return ("big" if is_wide else "") + super().item_type(kind)

    def _load(self, load: Load, table: LoadedTable) -> str:
        columns = listed(
            f"{self.quoted(column.name)} {self.column_type(column)}"
            f" options (description = {literal(self.comment(column))})"
            for column in table.columns
        )
        uris = ",\n".join(f"{INDENT * 2}{literal(f'{load.root}/{file}')}" for file in table.files)
        return (
            f"load data overwrite {self.table_name(load, table.name)} (\n{columns}\n)\n"
            f"from files (\n{INDENT}format = 'PARQUET',\n{INDENT}enable_list_inference = true,\n"
            f"{INDENT}decimal_target_types = ['NUMERIC', 'BIGNUMERIC'],\n{INDENT}uris = [\n{uris}\n{INDENT}]\n)"
        )

    def _foreign_key(self, load: Load, table: LoadedTable, key: ForeignKey) -> str:
        name = self.quoted(f"{table.name}_{key.column}")
        parent = f"{self.table_name(load, key.parent)} ({self.quoted(key.parent_column)})"
        return (
            f"add constraint {name} foreign key ({self.quoted(key.column)})\n{INDENT}references {parent} not enforced"
        )
