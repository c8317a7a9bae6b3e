"""Write the expressions of metrics and dimensions as macros of dbt, dbt/macros/metrics.sql: `make metrics`.

A mart takes them from there, so that it cannot count otherwise than `icw metrics` does. The file is committed, so that
the dbt project is whole without this package; a test holds it current.
"""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.build.digests import DBT_PROJECT
from warehouse.files import write_atomically
from warehouse.metrics.expressions import aggregate, counted, percent, placed
from warehouse.metrics.model import Measure, Metric, SemanticModel, semantic_model

MACROS_FILE = DBT_PROJECT / "macros" / "metrics.sql"

_HEAD = """\
{#
    Generated from dbt/semantic by `make metrics` (python -m warehouse.metrics.dbt_macros): change the definitions.

    metric: the aggregate (SQL) of a metric over a relation with the columns of its table. What its filter has in braces
    must be a column of that name there.
    dimension: the expression (SQL) of a dimension over the columns of its table.
#}
"""


def expression(metric: Metric, model: SemanticModel) -> str:
    """Return the one SQL expression of a metric; dimensions of its filters are columns of their names."""
    if isinstance(metric, Measure):
        value = placed(counted(metric), (), str, str)
        return aggregate(metric, value)
    numerator, denominator = (expression(measure, model) for measure in model.parts(metric))
    return percent(numerator, denominator)


def dbt_macros(model: SemanticModel) -> str:
    """Return the text of metrics.sql: a macro that returns the expression of each metric, and one for dimensions."""
    metrics = {metric.name: expression(metric, model) for metric in model.metrics if _is_of_one_entity(metric, model)}
    dimensions = {dimension.name: dimension.expression for dimension in model.dimensions}
    return f"{_HEAD}{_macro('metric', metrics)}\n{_macro('dimension', dimensions)}"


def _is_of_one_entity(metric: Metric, model: SemanticModel) -> bool:
    return len({measure.entity for measure in model.parts(metric)}) == 1


def _macro(name: str, expressions: Mapping[str, str]) -> str:
    lines = "".join(f"        '{key}': \"{' '.join(sql.split())}\",\n" for key, sql in expressions.items())
    return (
        f"{{% macro {name}(name) -%}}\n    {{%- set expressions = {{\n{lines}    }} -%}}\n"
        "    {%- if name not in expressions -%}\n"
        f"        {{%- do exceptions.raise_compiler_error('There is no {name} ' ~ name ~ ' in dbt/semantic.') -%}}\n"
        "    {%- endif -%}\n"
        "    {{ return(expressions[name]) }}\n"
        "{%- endmacro %}\n"
    )


if __name__ == "__main__":
    write_atomically(MACROS_FILE, dbt_macros(semantic_model()))
