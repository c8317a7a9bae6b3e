"""What is measured of a column, decided by its type and name alone: the same column is always measured alike.

A column of texts or of lists of texts has values and pattern classes, one of numbers a sum and quantiles. Names decide
what rows are grouped by (the collection, dataset, repository, licence and modality of a row), and what is added up for
each group (sizes and counts).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from duckdb import DuckDBPyConnection

from warehouse.sql_text import quoted, stated

Kind = Literal["text", "whole", "decimal", "fraction", "boolean", "date", "timestamp", "record", "other"]

_INTEGERS = frozenset(
    {"tinyint", "smallint", "integer", "bigint", "hugeint", "utinyint", "usmallint", "uinteger", "ubigint", "uhugeint"}
)
_KINDS: dict[str, Kind] = {
    "varchar": "text",
    "double": "fraction",
    "float": "fraction",
    "decimal": "decimal",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
    "json": "record",
}

# A sum of fractions depends on the order in which threads add them, one of decimals does not. Six places: bytes in MB.
_ADDED = "decimal(30, 6)"

_GROUP = re.compile(
    r"(?:.*_)?(?:collection(?:_id)?|analysis_result_id|dataset(?:_id|_submitter_id)?|commons_name|repository(?:_id)?"
    r"|source_id|licen[sc]e(?:_id|_short_name)?|modality(?:_id|_code)?)",
    re.IGNORECASE,
)
_MODALITY = re.compile(r"modality", re.IGNORECASE)
_OF_SEVERAL = re.compile(r"(?:.*_)?modality", re.IGNORECASE)
_CATEGORY = re.compile(r"(?:.*_)?(?:category|type)", re.IGNORECASE)
# Hashes of natural keys, which stand beside them: only whether there is one says anything.
_SURROGATE = "_key"
_ADDITIVE = frozenset({"size", "sizes", "bytes", "count", "counts", "instances"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True)
class MeasuredColumn:
    """A column of a relation: its name, and what its values (of a list, its elements) are."""

    name: str
    kind: Kind
    is_list: bool

    @property
    def sql(self) -> str:
        """The column as an SQL identifier."""
        return quoted(self.name)

    @property
    def is_number(self) -> bool:
        """Whether a sum and quantiles of it mean something."""
        return not self.is_list and self.kind in ("whole", "decimal", "fraction")

    @property
    def filled_rows(self) -> str:
        """Count (SQL) the rows that have something there. Blank text, no number and a list without any are nothing.

        What begins with a visible ASCII character need not be trimmed to see that it is not blank.
        """
        if self.is_list:
            # Most lists begin with something, and then need not be looked through.
            first = stated(f"{self.sql}[1]") if self.kind == "text" else f"{self.sql}[1] is not null"
            return _rows_where(f"case when {first} then true else len({self.elements}) > 0 end")
        match self.kind:
            case "text":
                return _rows_where(stated(self.sql))
            case "fraction":
                return _rows_where(f"not isnan({self.sql})")
            case "record":
                return _rows_where(f"cast({self.sql} as varchar) not in ('null', '[]', '{{}}')")
            case _:
                return self._rows_with_any

    @property
    def _rows_with_any(self) -> str:
        # To count a column takes a tenth of the time of counting where it is not null: its values are not read.
        return f"count({self.sql})"

    @property
    def present_rows(self) -> str:
        """The same (SQL) where no value is blank, and no list holds nothing else."""
        if self.is_list:
            return _rows_where(f"len({self.sql}) > 0")
        return self._rows_with_any if self.kind == "text" else self.filled_rows

    @property
    def elements(self) -> str:
        """The elements of a list that are something (SQL), each as often as it is there."""
        is_something = stated("element") if self.kind == "text" else "element is not null"
        return f"list_filter({self.sql}, lambda element: {is_something})"

    @property
    def different(self) -> str:
        """The different elements of a list (SQL), each once, and null where it has none but null; most have one."""
        several = f"list_distinct({self.sql})"
        return f"case when len({self.sql}) <= 1 then {self.sql} when len({several}) = 0 then [null] else {several} end"

    @property
    def compared(self) -> str:
        """What tells values apart (SQL): the column, and of fractions one zero and no value for what is no number."""
        return f"case when not isnan({self.sql}) then {self.sql} + 0.0 end" if self.kind == "fraction" else self.sql

    @property
    def added(self) -> str | None:
        """What to add up (SQL): the number, or how many elements a list has; None where that means nothing.

        A number that is not finite or is beyond 10^24 is not added.
        """
        if self.is_list:
            return f"len({self.sql})"
        match self.kind:
            case "record":
                return f"json_array_length({self.sql})"
            case "whole":
                return self.sql
            case "decimal" | "fraction":
                return f"try_cast({self.sql} as {_ADDED})"
            case _:
                return None

    @property
    def ordered(self) -> str | None:
        """What to take quantiles of (SQL): a finite number, days since 1970 of a date, seconds of a time; else None."""
        if self.is_list:
            return None
        match self.kind:
            case "whole" | "decimal":
                return self.sql
            case "fraction":
                return f"case when isfinite({self.sql}) then {self.sql} end"
            case "date":
                return f"case when isfinite({self.sql}) then date_diff('day', date '1970-01-01', {self.sql}) end"
            case "timestamp":
                return f"case when isfinite({self.sql}) then epoch({self.sql}) end"
            case _:
                return None

    @property
    def has_values(self) -> bool:
        """Whether its values are counted one by one."""
        return self.kind in ("text", "boolean", "whole")

    @property
    def is_group(self) -> bool:
        """Whether rows are grouped by it."""
        return self.kind == "text" and _GROUP.fullmatch(self.name) is not None

    @property
    def is_additive(self) -> bool:
        """Whether it is a size or a count, which is added up for each group."""
        return self.is_number and not _ADDITIVE.isdisjoint(word.lower() for word in _WORD.findall(self.name))


def columns_of(connection: DuckDBPyConnection, relation: str) -> list[MeasuredColumn]:
    """Return the columns of a relation (SQL), in their order."""
    found = connection.sql(f"select * from {relation}")
    columns: list[MeasuredColumn] = []
    for name, kind in zip(found.columns, found.types, strict=True):
        is_list = kind.id == "list"
        element = str(kind.children[0][1]) if is_list else str(kind)
        kind_of = _kind(element)
        if kind_of == "whole" and name.endswith(_SURROGATE):
            kind_of = "other"
        columns.append(MeasuredColumn(name, kind_of, is_list))
    return columns


def modality_of(
    columns: Sequence[MeasuredColumn], key: Collection[str], *, or_category: bool = True
) -> MeasuredColumn | None:
    """Return the column by which it differs what else a row has: its modality, or else its category or type."""
    candidates = [column for column in columns if column.kind == "text" and tuple(key) != (column.name,)]
    for pattern in (_MODALITY, _OF_SEVERAL, *([_CATEGORY] if or_category else [])):
        found = [column for column in candidates if pattern.fullmatch(column.name)]
        if found:
            return found[0]
    return None


def _rows_where(condition: str) -> str:
    return f"count(case when {condition} then 1 end)"


def _kind(sql_type: str) -> Kind:
    word = sql_type.lower().partition("(")[0]
    return "whole" if word in _INTEGERS else _KINDS.get(word, "other")
