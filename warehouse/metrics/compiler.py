"""The SQL of a metric: one query over the star, with the joins that its dimensions need."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from warehouse.errors import UsageError
from warehouse.metrics.expressions import aggregate, counted, dimensions_in, percent, placed
from warehouse.metrics.joins import Join, Star
from warehouse.metrics.model import Measure, Metric, Ratio, SemanticModel
from warehouse.sql_text import quoted


@dataclass(frozen=True)
class Question:
    """A metric, what it is grouped by besides its own `per`, and which rows are meant (SQL over dimensions)."""

    metric: Metric
    by: tuple[str, ...] = ()
    where: str | None = None

    @property
    def groups(self) -> tuple[str, ...]:
        """The names of the dimensions that the answer has, each once."""
        return tuple(dict.fromkeys((*self.metric.per, *self.by)))


def compiled(question: Question, star: Star, model: SemanticModel) -> str:
    """Return one SELECT: a row for each group, with the metric; of a ratio with its two parts before it.

    Rows are in the order of the groups, unknown ones last.

    Raises:
        UsageError: a dimension is unknown or cannot group the metric without counting rows several times, or the choice
            of rows is no one condition over dimensions.
    """
    for name in question.by:
        model.dimension(name)
    chosen_by = _dimensions_of(question, model)
    metric, groups = question.metric, question.groups
    if isinstance(metric, Measure) or len({measure.entity for measure in model.parts(metric)}) == 1:
        rows = _rows(question, chosen_by, model.parts(metric), star, model)
        return f"with counted as (\n\n{_indented(rows)}\n\n)\n\n{_grouped(question, model.parts(metric), metric)}"
    parts = [
        f"{side} as (\n\n{_indented(_of_one_entity(question, chosen_by, measure, star, model))}\n\n)"
        for side, measure in zip(("numerator", "denominator"), model.parts(metric), strict=True)
    ]
    return f"with {', '.join(parts)}\n\n{_joined(metric, groups)}"


def _dimensions_of(question: Question, model: SemanticModel) -> tuple[str, ...]:
    """Return the dimensions that the choice of rows names.

    Raises:
        UsageError: it is not exactly one SQL expression, or names none.
    """
    if question.where is None:
        return ()
    import duckdb

    try:
        question.where.encode("utf-8")
        duckdb.SQLExpression(question.where)
    except (duckdb.Error, UnicodeEncodeError) as error:
        raise UsageError(
            f"The condition of --where is not one SQL expression ({' '.join(str(error).splitlines()[0].split())}). "
            "Write it over dimensions: --where \"modality = 'CT' and source = 'idc'\"."
        ) from None
    words = {word.lower() for word in _identifiers(question.where)}
    named = tuple(dimension.name for dimension in model.dimensions if dimension.name in words)
    if not named:
        raise UsageError(
            "The condition of --where names no dimension, so it would choose all rows or none. "
            "`icw metrics NAME` lists the dimensions of a metric."
        )
    return named


def _identifiers(text: str) -> Iterable[str]:
    """Yield what DuckDB takes for names in a text; keywords among them, which may be names, too."""
    import duckdb

    marks = [*duckdb.tokenize(text), (len(text), None)]
    for (start, kind), (end, _) in itertools.pairwise(marks):
        if kind in (duckdb.token_type.identifier, duckdb.token_type.keyword):
            yield text[start:end].strip().strip('"')


def _rows(
    question: Question, chosen_by: Sequence[str], measures: Sequence[Measure], star: Star, model: SemanticModel
) -> str:
    """Return the rows of one entity with their dimensions and the values that the measures aggregate."""
    entity = model.entity(measures[0].entity)
    columns = star.columns(entity.table)
    filtered_by = [name for measure in measures for name in dimensions_in(measure.filter)]
    joins: dict[tuple[Join, ...], str] = {(): entity.table}

    def dimension(name: str) -> str:
        found = model.dimension(name)
        path = star.path(entity, found)
        for length in range(1, len(path) + 1):
            joins.setdefault(path[:length], f"joined_{len(joins)}")
        of_table = star.columns(found.table)
        return placed(found.expression, of_table, lambda column: f"{joins[path]}.{quoted(column)}", dimension)

    def own(column: str) -> str:
        return f"{entity.table}.{quoted(column)}"

    named = dict.fromkeys((*question.groups, *chosen_by))
    lines = [f"{dimension(name)} as {quoted(name)}" for name in named]
    for name in filtered_by:
        dimension(name)
    lines += [
        f"{placed(counted(measure), columns, own, dimension)} as {value}"
        for measure, value in _values(measures).items()
    ]
    tables = [f"from {entity.table}"]
    for path, alias in joins.items():
        if path:
            join, before = path[-1], joins[path[:-1]]
            tables.append(
                f"left join {join.parent} as {alias}\n"
                f"    on {before}.{quoted(join.column)} = {alias}.{quoted(join.parent_column)}"
            )
    return "select\n" + ",\n".join(f"    {line}" for line in lines) + "\n" + "\n".join(tables)


def _values(measures: Sequence[Measure]) -> dict[Measure, str]:
    """Return the column that holds what each measure aggregates: no name of a metric, which a condition cannot mean."""
    return {measure: f"value_{number}" for number, measure in enumerate(measures, start=1)}


def _grouped(question: Question, measures: Sequence[Measure], metric: Metric) -> str:
    groups = [quoted(name) for name in question.groups]
    aggregates = {measure.name: aggregate(measure, value) for measure, value in _values(measures).items()}
    values = [f"{sql} as {quoted(name)}" for name, sql in aggregates.items()]
    if isinstance(metric, Ratio):
        values.append(f"{percent(*aggregates.values())} as {quoted(metric.name)}")
    # On a line of its own, so that a comment at its end takes nothing else with it.
    where = "" if question.where is None else f"where (\n{question.where}\n)\n"
    select = ",\n".join(f"    {line}" for line in (*groups, *values))
    grouping = ",\n".join(f"    {group}" for group in groups)
    return f"select\n{select}\nfrom counted\n{where}group by\n{grouping}\n{_ordered(groups)}"


def _ordered(groups: Sequence[str]) -> str:
    return "order by\n" + ",\n".join(f"    {group} nulls last" for group in groups)


def _of_one_entity(
    question: Question, chosen_by: Sequence[str], measure: Measure, star: Star, model: SemanticModel
) -> str:
    rows = _rows(question, chosen_by, [measure], star, model)
    part = Question(measure, question.by, question.where)
    grouped = _grouped(part, [measure], measure).partition("\norder by")[0]
    return f"with counted as (\n\n{_indented(rows)}\n\n)\n\n{grouped}"


def _joined(metric: Ratio, groups: Sequence[str]) -> str:
    """Join the parts of a ratio that count different things.

    A group of which nothing is counted above the line is zero, but for those whose `per` has nothing counted at all: of
    these nobody tells it.
    """
    part, whole = quoted(metric.numerator), quoted(metric.denominator)
    told = ", ".join(f"denominator.{quoted(name)}" for name in metric.per)
    above = (
        f"case when max(numerator.{part}) over (partition by {told}) is not null then coalesce(numerator.{part}, 0) end"
    )
    lines = [f"denominator.{quoted(name)}" for name in groups]
    values = [
        f"{above} as {part}",
        f"denominator.{whole}",
        f"{percent(above, f'denominator.{whole}')} as {quoted(metric.name)}",
    ]
    on = "\n    and ".join(
        f"denominator.{quoted(name)} is not distinct from numerator.{quoted(name)}" for name in groups
    )
    select = ",\n".join(f"    {line}" for line in (*lines, *values))
    return f"select\n{select}\nfrom denominator\nleft join numerator\n    on {on}\n{_ordered(lines)}"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines())
