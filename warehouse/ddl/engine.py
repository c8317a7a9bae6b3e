"""What every engine has in common: how names and texts are quoted, the lines of columns, the check of a load."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from warehouse.ddl.model import Base, ColumnType, Load, LoadedColumn, LoadedTable

INDENT = "    "

# All engines read these in a text between single quotes, where a line that ends would end the text for some.
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class Engine(ABC):
    """One engine: the statements that load a snapshot into it.

    `schemes` are the kinds of address that it reads (`locations`), `types` its names of types. `run` says what runs a
    script, `{script}` standing for its file, and `notes` what a person must know before. A comment of a column may have
    `longest_comment` bytes; None: any number.
    """

    title: ClassVar[str]
    schemes: ClassVar[tuple[str, ...]]
    types: ClassVar[Mapping[Base, str]]
    run: ClassVar[str]
    longest_comment: ClassVar[int | None] = None

    @abstractmethod
    def notes(self, load: Load) -> Iterable[str]:
        """Return sentences for the person who runs the script."""

    @abstractmethod
    def statements(self, load: Load) -> Iterator[str]:
        """Return the statements in their order, without the semicolons: a table is there before it is referred to."""

    @abstractmethod
    def list_of(self, item: str) -> str:
        """Return the type of lists of a type."""

    def item_type(self, kind: ColumnType) -> str:
        """Return the type of a column, or of the values of its lists."""
        name = self.types[kind.base]
        return f"{name}({kind.precision}, {kind.scale})" if kind.base == "DECIMAL" else name

    def column_type(self, column: LoadedColumn) -> str:
        """Return the type of a column."""
        item = self.item_type(column.type)
        return self.list_of(item) if column.type.is_list else item

    def quoted(self, name: str) -> str:
        """Return a name as an identifier, whatever words the engine reserves."""
        return f"`{name}`"

    def queried(self, name: str) -> str:
        """Return a name as an identifier in a query, which may be quoted otherwise than in a definition."""
        return self.quoted(name)

    def comment(self, column: LoadedColumn) -> str:
        """Return the comment of a column, shortened where the engine refuses long ones."""
        if self.longest_comment is None or len(column.comment.encode()) <= self.longest_comment:
            return column.comment
        ending = " ..."
        kept = column.comment.encode()[: self.longest_comment - len(ending)].decode(errors="ignore")
        return kept.rsplit(" ", 1)[0] + ending

    def table_name(self, load: Load, table: str) -> str:
        """Return the name of a table in a definition, with its schema."""
        return f"{self.quoted(load.schema)}.{self.quoted(table)}"

    def check(self, load: Load) -> str:
        """Return the query that ends a script: a row for each table of which not just the published rows are there."""
        expected = [
            f"select {literal(table.name)} as table_name, {table.rows} as row_count" for table in load.contents.tables
        ]
        loaded = [
            f"select {literal(table.name)} as table_name from {self.queried(load.schema)}.{self.queried(table.name)}"
            for table in load.contents.tables
        ]
        return "\n".join(
            (
                "with",
                f"{INDENT}published_counts as (",
                _union(expected, 2),
                f"{INDENT}),",
                "",
                f"{INDENT}loaded_counts as (",
                f"{INDENT * 2}select",
                f"{INDENT * 3}table_name,",
                f"{INDENT * 3}count(*) as row_count",
                f"{INDENT * 2}from (",
                _union(loaded, 3),
                f"{INDENT * 2}) as loaded_rows",
                f"{INDENT * 2}group by table_name",
                f"{INDENT})",
                "",
                "select",
                f"{INDENT}published_counts.table_name,",
                f"{INDENT}published_counts.row_count as published_rows,",
                f"{INDENT}coalesce(loaded_counts.row_count, 0) as loaded_rows",
                "from published_counts",
                "left join loaded_counts on published_counts.table_name = loaded_counts.table_name",
                "where published_counts.row_count <> coalesce(loaded_counts.row_count, 0)",
                "order by published_counts.table_name",
            )
        )


def literal(text: str) -> str:
    """Return a text as a string of an engine: all of them read a backslash as the beginning of an escape."""
    return f"'{text.translate(_ESCAPES)}'"


def listed(lines: Iterable[str]) -> str:
    """Return lines with commas between them, each indented."""
    return ",\n".join(f"{INDENT}{line}" for line in lines)


def properties(table: LoadedTable, shortened: Iterable[LoadedColumn] = ()) -> str:
    """Return the keys of a table as properties, for an engine that has none, and the whole of shortened comments."""
    named = {
        "primary_key": ", ".join(table.primary_key),
        **{f"foreign_key.{key.column}": f"{key.parent}.{key.parent_column}" for key in table.foreign_keys},
        **{f"comment.{column.name}": column.comment for column in shortened},
    }
    return listed(f"{literal(name)} = {literal(text)}" for name, text in named.items())


def _union(queries: Iterable[str], depth: int) -> str:
    indent = INDENT * depth
    return f"\n{indent}union all\n".join(f"{indent}{query}" for query in queries)
