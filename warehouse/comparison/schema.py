"""The tables of two snapshots held against each other, by their manifests alone: what can be compared, and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.snapshots.manifest import TableEntry
from warehouse.sql_text import quoted

_INTEGERS = frozenset(
    {
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"),
        *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"),
    }
)


@dataclass(frozen=True)
class TypeChange:
    """A column that both snapshots have, with another type (DuckDB's)."""

    column: str
    before: str
    after: str


@dataclass(frozen=True)
class TablePair:
    """One table as both snapshots describe it.

    `added_columns` and `removed_columns` are those that only the later or only the earlier one has: they change no row.
    `not_comparable` says in a sentence why rows cannot be told apart by key; None where they can.
    """

    before: TableEntry
    after: TableEntry
    added_columns: tuple[str, ...]
    removed_columns: tuple[str, ...]
    type_changes: tuple[TypeChange, ...]
    not_comparable: str | None

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.after.name

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that a row is known by, in the order of the later snapshot."""
        return self.after.primary_key

    @property
    def compared(self) -> tuple[str, ...]:
        """The columns outside of the key that both have, in the order of the later snapshot."""
        before = {column.name for column in self.before.columns} - set(self.key)
        return tuple(column.name for column in self.after.columns if column.name in before)

    @property
    def is_identical(self) -> bool:
        """Whether both are the same bytes, and described as the same rows by the same key."""
        return (
            self.before.parquet_sha256 == self.after.parquet_sha256
            and self.before.rows == self.after.rows
            and not self.has_another_schema
        )

    @property
    def shared(self) -> frozenset[str]:
        """The digests (SHA-256, hex) of the files that both have: parts whose rows are the same in both."""
        return frozenset(file.sha256 for file in self.before.files) & frozenset(
            file.sha256 for file in self.after.files
        )

    @property
    def has_another_schema(self) -> bool:
        """Whether columns, their types or the key differ."""
        key_differs = self.before.primary_key != self.after.primary_key
        return bool(self.added_columns or self.removed_columns or self.type_changes or key_differs)

    def expression(self, side: str, column: str) -> str:
        """Return the SQL of a column as it is compared, of a relation named `side`.

        A column of another type than before is compared by its text: no cast of one type to the other is without loss
        for every value. Integers of another width are compared as integers.
        """
        name = quoted(column)
        changed = next((change for change in self.type_changes if change.column == column), None)
        if changed is None or {changed.before, changed.after} <= _INTEGERS:
            return f"{side}.{name}"
        return f"cast({side}.{name} as varchar)"


@dataclass(frozen=True)
class TablePairs:
    """The tables of two snapshots: those of both, and those that only one of them has, each by name."""

    common: tuple[TablePair, ...]
    added: tuple[TableEntry, ...]
    removed: tuple[TableEntry, ...]


def paired(before: Sequence[TableEntry], after: Sequence[TableEntry]) -> TablePairs:
    """Return the tables of two snapshots beside each other."""
    earlier, later = ({table.name: table for table in tables} for tables in (before, after))
    return TablePairs(
        common=tuple(_pair(earlier[name], later[name]) for name in sorted(earlier.keys() & later.keys())),
        added=tuple(later[name] for name in sorted(later.keys() - earlier.keys())),
        removed=tuple(earlier[name] for name in sorted(earlier.keys() - later.keys())),
    )


def _pair(before: TableEntry, after: TableEntry) -> TablePair:
    earlier, later = ({column.name: column.type for column in table.columns} for table in (before, after))
    type_changes = tuple(
        TypeChange(name, earlier[name], later[name])
        for name in later
        if name in earlier and earlier[name] != later[name]
    )
    return TablePair(
        before=before,
        after=after,
        added_columns=tuple(name for name in later if name not in earlier),
        removed_columns=tuple(name for name in earlier if name not in later),
        type_changes=type_changes,
        not_comparable=_why_not_comparable(before, after, type_changes),
    )


def _why_not_comparable(before: TableEntry, after: TableEntry, type_changes: Sequence[TypeChange]) -> str | None:
    if not before.primary_key or not after.primary_key:
        return f"{after.name} has no primary key, so its rows cannot be told apart: only their number is compared."
    if set(before.primary_key) != set(after.primary_key):
        return (
            f"The primary key of {after.name} was ({', '.join(before.primary_key)}) and is "
            f"({', '.join(after.primary_key)}): its rows cannot be compared by key, only their number is."
        )
    for change in type_changes:
        if change.column in after.primary_key and not {change.before, change.after} <= _INTEGERS:
            return (
                f"The key column {change.column} of {after.name} was {change.before} and is {change.after}: its rows "
                "cannot be compared by key, only their number is."
            )
    return None
