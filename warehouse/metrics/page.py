"""The tables of the page of the metrics, `dbt/semantic/README.md`, written from the definitions: `make metrics`."""

from __future__ import annotations

import re

from warehouse.files import write_atomically
from warehouse.metrics.dbt_macros import expression
from warehouse.metrics.model import FOLDER, Measure, Metric, SemanticModel, semantic_model

PAGE = FOLDER / "README.md"

_GENERATED = re.compile(r"(<!-- (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def renewed(text: str, model: SemanticModel) -> str:
    """Return the page with its tables made anew."""
    tables = {"metrics": _metrics(model), "dimensions": _dimensions(model), "entities": _entities(model)}
    return _GENERATED.sub(lambda found: found[1] + tables[found[2]] + found[3], text)


def _metrics(model: SemanticModel) -> str:
    rows = [
        f"| `{metric.name}` | {metric.unit} | {_code(metric.per)} | {_adds_up(metric)} | {_made_of(metric, model)} "
        f"| {metric.description} |"
        for metric in model.metrics
    ]
    return _table("| metric | unit | per | adds up over | SQL, over | what |", rows)


def _made_of(metric: Metric, model: SemanticModel) -> str:
    if isinstance(metric, Measure):
        return f"`{expression(metric, model)}`, `{model.entity(metric.entity).table}`"
    return f"`{metric.numerator}` in percent of `{metric.denominator}`"


def _adds_up(metric: Metric) -> str:
    if not isinstance(metric, Measure):
        return "nothing"
    return "all" if metric.additive == "all" else _code(metric.additive) or "nothing"


def _dimensions(model: SemanticModel) -> str:
    rows = [
        f"| `{dimension.name}` | `{dimension.table}` | `{dimension.expression}` | {dimension.description} |"
        for dimension in model.dimensions
    ]
    return _table("| dimension | table | SQL | what |", rows)


def _entities(model: SemanticModel) -> str:
    rows = [f"| {entity.name} | `{entity.table}` | {_code(entity.through) or '-'} |" for entity in model.entities]
    return _table("| entity | table | goes through |", rows)


def _code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: str, rows: list[str]) -> str:
    return "\n".join([head, "|---" * (head.count("|") - 1) + "|", *rows]) + "\n"


if __name__ == "__main__":
    write_atomically(PAGE, renewed(PAGE.read_text(encoding="utf-8"), semantic_model()))
