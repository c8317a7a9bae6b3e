"""How an entity joins with the table of a dimension: by the keys and references that the tables declare.

Every join leads from a column that refers to a key to the one row that has it, so that none multiplies rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from warehouse.description.model import DescribedTable
from warehouse.errors import UsageError
from warehouse.metrics.model import Dimension, Entity, Metric, SemanticModel


@dataclass(frozen=True)
class Join:
    """A table that is joined: `column` of the table before refers to the key `parent_column` of `parent`."""

    column: str
    parent: str
    parent_column: str


Path = tuple[Join, ...]
"""The joins from an entity's table to another; none where that is the entity's own."""


class Star:
    """The tables of a star with the ways between them."""

    def __init__(self, tables: Iterable[DescribedTable], model: SemanticModel) -> None:
        self._tables: Mapping[str, DescribedTable] = {table.name: table for table in tables}
        self._model = model

    def columns(self, table: str) -> frozenset[str]:
        """Return the names of the columns of a table.

        Raises:
            UsageError: the snapshot has no such table.
        """
        if table not in self._tables:
            raise UsageError(
                f"The snapshot has no table {table}, which the metric reads: it is older than the metric. Ask a newer "
                "one (`icw snapshots` lists them)."
            )
        return frozenset(column.name for column in self._tables[table].columns)

    def key(self, table: str) -> str | None:
        """Return the primary key of a table that has one of one column."""
        primary_key = self._tables[table].primary_key if table in self._tables else ()
        return primary_key[0] if len(primary_key) == 1 else None

    def references(self, table: str) -> Mapping[str, Join]:
        """Return the joins that lead from a table to one row of another, by the column that refers."""
        if table not in self._tables:
            return {}
        joins = (
            Join(column.name, column.references.table, column.references.column)
            for column in self._tables[table].columns
            if column.references is not None
        )
        return {join.column: join for join in joins if self.key(join.parent) == join.parent_column}

    def path(self, entity: Entity, dimension: Dimension) -> Path:
        """Return the joins from an entity to the table of a dimension.

        Raises:
            UsageError: no such way leads there, or every way would count a row several times.
        """
        self.columns(entity.table)
        found = self._path(entity.table, entity.through, dimension)
        if found is None:
            raise UsageError(self._refusal(entity, dimension))
        return found

    def dimensions(self, entity: Entity) -> tuple[Dimension, ...]:
        """Return the dimensions that an entity has, in their order."""
        return tuple(
            dimension
            for dimension in self._model.dimensions
            if self._path(entity.table, entity.through, dimension) is not None
        )

    def _path(self, table: str, through: Iterable[str], dimension: Dimension) -> Path | None:
        key = dimension.key or self.key(dimension.table)
        if dimension.table == table and key == self.key(table):
            return ()
        references = self.references(table)
        passed = [references[column] for column in through if column in references]
        # What an entity goes through comes before its other keys: a segmentation has the modality of what it segments.
        for join in passed:
            if join.parent == dimension.table and key == join.parent_column:
                return (join,)
        if key is not None and key in references and references[key].parent == dimension.table:
            return (references[key],)
        beyond = ((join, self._path(join.parent, (), dimension)) for join in passed)
        return next(((join, *path) for join, path in beyond if path is not None), None)

    def _refusal(self, entity: Entity, dimension: Dimension) -> str:
        reached = {join.parent for join in self.references(entity.table).values()} | {entity.table}
        between = sorted(
            name
            for name in self._tables
            if name.startswith("bridge_")
            and {entity.table, dimension.table} <= {join.parent for join in self.references(name).values()} | {name}
        )
        why = f"one row of {entity.table} has no single {dimension.name}"
        if between:
            why += f": {', '.join(between)} has several for one, and a join with it would count rows several times"
        elif dimension.table in reached:
            why += " by that key"
        names = ", ".join(known.name for known in self.dimensions(entity))
        return f"{dimension.name} cannot group what counts {entity.table}: {why}. It can be grouped by {names}."


def dimensions_of(metric: Metric, star: Star, model: SemanticModel) -> tuple[Dimension, ...]:
    """Return the dimensions that a metric can be grouped by: those of all that it counts."""
    of_parts = [star.dimensions(model.entity(measure.entity)) for measure in model.parts(metric)]
    return tuple(dimension for dimension in of_parts[0] if all(dimension in others for others in of_parts))
