"""The definitions of `dbt/semantic`: entities, dimensions and metrics, checked against each other."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from warehouse.build.digests import DBT_PROJECT
from warehouse.errors import UsageError
from warehouse.yaml_text import load_yaml

FOLDER = DBT_PROJECT / "semantic"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Sentence = Annotated[str, StringConstraints(pattern=r"^[A-Z].*\.$")]
Sql = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Aggregate = Literal["count", "count_distinct", "sum", "max"]
Unit = Literal[
    "series", "studies", "patients", "collections", "instances", "bytes", "files", "records", "cells", "days"
]


class _Definition(BaseModel):
    # Lists of YAML become tuples; nothing else is converted.
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    label: str


class Entity(_Definition):
    """What metrics count: the rows of one table of the star.

    Beside what the keys of the table lead to, it has what the entities have that the keys in `through` lead to.
    """

    table: str
    through: tuple[str, ...] = ()


class Dimension(_Definition):
    """What metrics are grouped and chosen by: an expression (SQL) over the columns of one table.

    Entities refer to the table by the column `key`; None: by the name of its primary key.
    """

    description: Sentence
    table: str
    expression: Sql
    key: str | None = None


class Measure(_Definition):
    """A metric that aggregates the rows of one entity.

    `expression` is SQL over the columns of the entity's table; a `count` has none and counts rows. `filter` (SQL)
    chooses rows; in braces it names dimensions. The metric is always grouped by `per`. `additive` names the dimensions
    over which groups add up to the whole.
    """

    description: Sentence
    unit: Unit
    entity: Name
    aggregate: Aggregate
    expression: Sql | None = None
    filter: Sql | None = None
    additive: Literal["all"] | tuple[Name, ...]
    per: tuple[Name, ...]

    @model_validator(mode="after")
    def _is_sound(self) -> Measure:
        if (self.aggregate == "count") != (self.expression is None):
            raise ValueError(f"{self.name}: a count has no expression, and every other aggregate has one")
        if self.additive == "all" and self.aggregate not in ("count", "sum"):
            raise ValueError(f"{self.name}: a {self.aggregate} does not add up over every dimension")
        return self


class Ratio(_Definition):
    """A metric that is one measure in percent of another; null where that is zero or null. It adds up over nothing."""

    description: Sentence
    unit: Literal["percent"]
    numerator: Name
    denominator: Name
    per: tuple[Name, ...]


Metric = Measure | Ratio

_Defined = TypeVar("_Defined", Entity, Dimension, Measure, Metric)


class SemanticModel(BaseModel):
    """All definitions, in their order in the files."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entities: tuple[Entity, ...]
    dimensions: tuple[Dimension, ...]
    metrics: tuple[Metric, ...]

    @model_validator(mode="after")
    def _holds_together(self) -> SemanticModel:
        names = [definition.name for definition in (*self.dimensions, *self.metrics)]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"these names are given twice: {', '.join(repeated)}")
        known = {dimension.name for dimension in self.dimensions}
        entities = {entity.name for entity in self.entities}
        for metric in self.metrics:
            if unknown := {*metric.per} - known:
                raise ValueError(f"{metric.name} is per {', '.join(sorted(unknown))}, which is no dimension")
            if isinstance(metric, Measure):
                if metric.entity not in entities:
                    raise ValueError(f"{metric.name} counts {metric.entity}, which is no entity")
                if metric.additive != "all" and (unknown := {*metric.additive} - known):
                    raise ValueError(f"{metric.name} adds up over {', '.join(sorted(unknown))}, which is no dimension")
            elif unknown := {metric.numerator, metric.denominator} - self._measures.keys():
                raise ValueError(f"{metric.name} is made of {', '.join(sorted(unknown))}, which is no measure")
            elif any(measure.per != metric.per for measure in self.parts(metric)):
                raise ValueError(f"{metric.name} is per other dimensions than the measures that it is made of")
        return self

    @cached_property
    def _measures(self) -> Mapping[str, Measure]:
        return {metric.name: metric for metric in self.metrics if isinstance(metric, Measure)}

    def metric(self, name: str) -> Metric:
        """Return a metric by its name.

        Raises:
            UsageError: there is none; it says which may be meant.
        """
        return _named(self.metrics, name, "metric", "`icw metrics` lists them.")

    def dimension(self, name: str) -> Dimension:
        """Return a dimension by its name.

        Raises:
            UsageError: there is none; it says which may be meant.
        """
        return _named(self.dimensions, name, "dimension", "`icw metrics NAME` lists those of a metric.")

    def entity(self, name: str) -> Entity:
        """Return an entity by its name, which a measure gives."""
        return next(entity for entity in self.entities if entity.name == name)

    def parts(self, metric: Metric) -> tuple[Measure, ...]:
        """Return the measures that a metric is made of: itself, or numerator and denominator."""
        if isinstance(metric, Measure):
            return (metric,)
        return self._measures[metric.numerator], self._measures[metric.denominator]


def _named(definitions: Iterable[_Defined], name: str, kind: str, advice: str) -> _Defined:
    by_name = {definition.name: definition for definition in definitions}
    if name in by_name:
        return by_name[name]
    similar = " or ".join(difflib.get_close_matches(name.lower(), sorted(by_name)))
    raise UsageError(f"There is no {kind} {name!r}. {f'Did you mean {similar}?' if similar else advice}")


@cache
def semantic_model() -> SemanticModel:
    """Read the definitions of the project."""
    return parse_semantic_model([path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.yml"))])


def parse_semantic_model(documents: Iterable[str]) -> SemanticModel:
    """Read definitions from YAML documents, each a part of them.

    Raises:
        yaml.YAMLError, pydantic.ValidationError: they are no definitions, or do not hold together.
    """
    merged: dict[str, object] = {}
    for document in documents:
        merged |= load_yaml(document)
    return SemanticModel.model_validate(merged)
