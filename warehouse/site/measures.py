"""The measures of `dbt/semantic` that a snapshot answers: what each is, the query made of that, and its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from warehouse.metrics.compiler import Question, compiled
from warehouse.metrics.exported import is_answered
from warehouse.metrics.joins import Star
from warehouse.metrics.model import Measure, Metric, semantic_model
from warehouse.site.answers import Answer, Cell, ask_query
from warehouse.site.figures import csv_address
from warehouse.site.wording import cell, number, size
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.described import described_tables


@dataclass(frozen=True)
class Value:
    """The value of a measure in one group: what the group is, and the value as a person reads it."""

    group: str
    text: str


@dataclass(frozen=True)
class ShownMeasure:
    """A measure as the page shows it; `values` has its groups, of a share the share alone."""

    metric: Metric
    adds_up: str
    sql: str
    values: tuple[Value, ...]
    absent: tuple[str, ...]
    csv: str

    @property
    def per(self) -> str:
        """What it is always grouped by."""
        return ", ".join(map(_dimension, self.metric.per))


def measures(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> tuple[ShownMeasure, ...]:
    """Return the measures of which a snapshot has the tables, in their order."""
    model = semantic_model()
    star = Star(described_tables(snapshot.manifest), model)
    return tuple(
        shown
        for metric in model.metrics
        if is_answered(metric, star, model)
        for shown in _shown(connection, snapshot, metric, compiled(Question(metric), star, model))
    )


def _shown(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, metric: Metric, sql: str
) -> Iterator[ShownMeasure]:
    answer = ask_query(connection, snapshot, metric.name, sql)
    if isinstance(answer, Answer):
        yield ShownMeasure(
            metric=metric,
            adds_up=_adds_up(metric),
            sql=answer.sql,
            values=tuple(_value(metric, answer, row) for row in answer.rows),
            absent=answer.absent,
            csv=csv_address(answer),
        )


def _value(metric: Metric, answer: Answer, row: tuple[Cell, ...]) -> Value:
    groups = zip(answer.columns, row[: len(metric.per)], strict=False)
    named = (cell("source_id" if column == "source" else column, group) for column, group in groups)
    value = row[-1]
    if metric.unit == "bytes":
        text = size(None if value is None else int(value))
    elif metric.unit == "percent":
        text = number(value) if value is None else f"{value:,.2f} %"
    else:
        text = number(value)
    return Value(", ".join(named), text)


def _adds_up(metric: Metric) -> str:
    if not isinstance(metric, Measure) or not metric.additive:
        return "nothing: ask the whole by itself"
    return "every dimension" if metric.additive == "all" else ", ".join(map(_dimension, metric.additive))


def _dimension(name: str) -> str:
    return name.replace("_", " ")
