"""Spark SQL: external tables over the files, defined anew, with keys as properties: tables of Parquet have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from warehouse.ddl.engine import literal, properties
from warehouse.ddl.external_tables import ExternalTables
from warehouse.ddl.locations import PATH
from warehouse.ddl.model import Base, Load, LoadedTable


class Spark(ExternalTables):
    """Spark 3.4 and newer, or what speaks its SQL, reads any store that it is configured for."""

    title: ClassVar[str] = "Spark"
    schemes: ClassVar[tuple[str, ...]] = ("s3", "s3a", "gs", "abfss", "hdfs", PATH)
    types: ClassVar[Mapping[Base, str]] = {**ExternalTables.types, "TIMESTAMP": "timestamp_ntz"}
    run: ClassVar[str] = "spark-sql -f {script}"

    def notes(self, load: Load) -> Iterable[str]:
        """Return sentences for the person who runs the script."""
        return (
            "Tables are external: dropping one leaves its files where they are. Keys are properties of the tables.",
            "Nothing is copied: the tables are there for as long as the files are.",
        )

    def definition(self, load: Load, table: LoadedTable) -> str:
        """Return the statement that defines a table over its files."""
        return (
            f"create table {self.table_name(load, table.name)} (\n{self.columns(table)}\n)\nusing parquet\n"
            f"comment {literal(table.comment)}\ntblproperties (\n{properties(table)}\n)\n"
            f"location {literal(f'{load.root}/{table.folder or table.files[0]}')}"
        )
