"""What a table holds, to be read on a screen."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.snapshots.manifest import ColumnEntry, TableEntry


@dataclass(frozen=True, repr=False)
class TableDescription:
    """A table as the manifest describes it; shown, it is a text with a line for each column."""

    entry: TableEntry

    @property
    def columns(self) -> tuple[ColumnEntry, ...]:
        """The columns in their order."""
        return self.entry.columns

    def __repr__(self) -> str:
        entry = self.entry
        name_width = max(len(column.name) for column in entry.columns)
        type_width = max(len(column.type) for column in entry.columns)
        return "\n".join(
            [
                f"{entry.name}: {entry.description}",
                f"one row is {entry.grain}; {entry.rows:,} rows; key: {', '.join(entry.primary_key)}",
                "",
                *(
                    f"{column.name:{name_width}}  {column.type:{type_width}}  {' '.join(column.description.split())}"
                    for column in entry.columns
                ),
            ]
        )
