"""The page of the gaps: each comparison of two systems with its causes and the collections behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.site.answers import Unanswered, ask
from warehouse.site.figures import is_comparable
from warehouse.snapshots.catalog import Snapshot

GAP_QUERIES = ("gaps", "gap_causes", "gap_collections")
"""The names of the queries that tell the comparisons, their causes and their collections."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Gap:
    """One comparison, with its causes and, by side, the collections with the most records that the other side lacks.

    Where one side is made up and the other real (`is_sample`), the figures say nothing and are not shown.
    """

    row: Row
    causes: tuple[Row, ...]
    collections: tuple[Row, ...]
    is_sample: bool

    @property
    def id(self) -> str:
        """The identifier of the comparison (`left-right:entity`)."""
        return str(self.row["comparison_id"])

    @property
    def is_told(self) -> bool:
        """Whether there is something to say of it beside its figures."""
        return not self.is_sample and bool(self.row["gap"] or self.causes)

    @property
    def anchor(self) -> str:
        """The identifier as a name within a page."""
        return "gap-" + self.id.replace(":", "-").replace("_", "-")


@dataclass(frozen=True)
class Gaps:
    """All comparisons, and the queries that they come from; `lacking` says what the snapshot does not answer."""

    found: tuple[Gap, ...]
    queries: tuple[tuple[str, str], ...]
    lacking: tuple[str, ...]


def gaps(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> Gaps:
    """Return the comparisons of a snapshot."""
    answers = [ask(connection, snapshot, name) for name in GAP_QUERIES]
    compared, causes, collections = (
        [] if isinstance(answer, Unanswered) else list(answer.records()) for answer in answers
    )
    return Gaps(
        found=tuple(
            Gap(
                row=row,
                causes=_of(causes, row),
                collections=_of(collections, row),
                is_sample=not is_comparable(snapshot, row),
            )
            for row in compared
        ),
        queries=tuple((answer.name, answer.sql) for answer in answers),
        lacking=tuple(answer.reason for answer in answers if isinstance(answer, Unanswered)),
    )


def _of(rows: list[dict[str, Any]], comparison: Row) -> tuple[Row, ...]:
    return tuple(row for row in rows if row["comparison_id"] == comparison["comparison_id"])
