"""What descriptions for other tools have in common: the metrics that a snapshot answers, and the tables they need."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.description.model import DescribedTable, Description
from warehouse.errors import UsageError
from warehouse.metrics.compiler import Question, compiled
from warehouse.metrics.expressions import names_in
from warehouse.metrics.joins import Join, Star, dimensions_of
from warehouse.metrics.model import Dimension, Measure, Metric, SemanticModel

METRICFLOW_FILE = "semantic/metricflow.yml"
OSI_FILE = "semantic/osi.json"

CALENDAR = "dim_date"
"""The table with a row a day, and its key."""


@dataclass(frozen=True)
class ExportedTable:
    """A table with the dimensions that are its own, the measures over its rows, and the joins that these need."""

    table: DescribedTable
    key: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[Measure, ...]
    joins: tuple[Join, ...]


@dataclass(frozen=True)
class Export:
    """The definitions as far as a snapshot has what they are made of."""

    description: Description
    star: Star
    model: SemanticModel
    tables: tuple[ExportedTable, ...]
    metrics: tuple[Metric, ...]

    @property
    def has_calendar(self) -> bool:
        """Whether the snapshot has the table of days."""
        return any(table.name == CALENDAR for table in self.description.tables)


def exported(description: Description, model: SemanticModel) -> Export:
    """Return what is exported of a snapshot; no metric where it has none of the tables."""
    star = Star(description.tables, model)
    metrics = tuple(metric for metric in model.metrics if is_answered(metric, star, model))
    measures = [metric for metric in metrics if isinstance(metric, Measure)]
    joins: dict[str, dict[Join, None]] = {}
    dimensions: dict[str, dict[Dimension, None]] = {}
    for measure in measures:
        entity = model.entity(measure.entity)
        joins.setdefault(entity.table, {})
        for dimension in dimensions_of(measure, star, model):
            table = entity.table
            dimensions.setdefault(dimension.table, {})[dimension] = None
            for join in star.path(entity, dimension):
                joins.setdefault(table, {})[join] = None
                joins.setdefault(join.parent, {})
                table = join.parent
    tables = tuple(
        ExportedTable(
            table=table,
            key=table.primary_key[0],
            dimensions=tuple(found for found in model.dimensions if found in dimensions.get(table.name, {})),
            measures=tuple(found for found in measures if model.entity(found.entity).table == table.name),
            joins=tuple(joins[table.name]),
        )
        for table in description.tables
        if table.name in joins
    )
    return Export(description, star, model, tables, metrics)


def is_answered(metric: Metric, star: Star, model: SemanticModel) -> bool:
    """Return whether a snapshot has the tables, columns and references that a metric is made of."""
    try:
        compiled(Question(metric), star, model)
    except UsageError:
        return False
    return all(
        names_in(measure.expression) <= star.columns(model.entity(measure.entity).table)
        for measure in model.parts(metric)
    )
