"""semantic/metricflow.yml: the definitions for MetricFlow (dbt-semantic-interfaces) over a snapshot's DuckDB file.

Every measure is as of the day of the snapshot, which is the time that it is aggregated by; dates of studies are no time
of the holdings. An entity is named as the column that refers; where the key that it refers to has another name, the
other table has the entity, too. Percentages are derived metrics, because a ratio of MetricFlow is a fraction.
"""

from __future__ import annotations

from typing import Any

import yaml

from warehouse.citation.model import SYNTHETIC_NOTE
from warehouse.description.model import Description
from warehouse.metrics.exported import CALENDAR, Export, ExportedTable, exported
from warehouse.metrics.expressions import dimensions_in, placed
from warehouse.metrics.model import Measure, Metric, Ratio, SemanticModel

_DAY = "snapshot_day"
_SCHEMA = "main"


def render(description: Description, model: SemanticModel) -> str | None:
    """Return the file, one YAML document a definition; None where the snapshot answers no metric."""
    export = exported(description, model)
    if not export.metrics:
        return None
    documents: list[dict[str, Any]] = [_configuration(export)]
    documents += [{"semantic_model": _semantic_model(table, export)} for table in export.tables]
    documents += [{"metric": _metric(metric, export)} for metric in export.metrics]
    citation = description.citation
    head = f"# Metrics of the snapshot {citation.snapshot_id}, for MetricFlow over its warehouse.duckdb.\n"
    if citation.synthetic:
        head += f"# {SYNTHETIC_NOTE}\n"
    text = yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True, width=10_000, explicit_start=True)
    return head + text


def _configuration(export: Export) -> dict[str, Any]:
    spine = {
        "node_relation": {"alias": CALENDAR, "schema_name": _SCHEMA},
        "primary_column": {"name": "date_day", "time_granularity": "day"},
    }
    return {"project_configuration": {"time_spines": [spine] if export.has_calendar else []}}


def _semantic_model(table: ExportedTable, export: Export) -> dict[str, Any]:
    day = f"cast('{export.description.citation.published_on.isoformat()}' as date)"
    is_measured = bool(table.measures)
    time = {"name": _DAY, "type": "time", "expr": day, "type_params": {"time_granularity": "day"}}
    dimensions = [
        {
            "name": dimension.name,
            "label": dimension.label,
            "description": dimension.description,
            "type": "categorical",
            "expr": dimension.expression,
        }
        for dimension in table.dimensions
    ]
    return {
        "name": table.table.name,
        "description": table.table.text,
        "node_relation": {"alias": table.table.name, "schema_name": _SCHEMA},
        **({"defaults": {"agg_time_dimension": _DAY}} if is_measured else {}),
        "entities": _entities(table, export),
        "dimensions": [time, *dimensions] if is_measured else dimensions,
        "measures": [_measure(measure) for measure in table.measures],
    }


def _entities(table: ExportedTable, export: Export) -> list[dict[str, str]]:
    """Return the keys of a table: its own, those that it refers to, and the names by which others refer to its own.

    A key that is named as that of another table, and that nothing refers to, is named after the table.
    """
    roles = {join.column for other in export.tables for join in other.joins if join.parent == table.table.name}
    is_shared = sum(other.key == table.key for other in export.tables) > 1
    own = f"{table.table.name}_row" if is_shared and table.key not in roles else table.key
    entities = {own: {"name": own, "type": "primary", "expr": table.key}}
    for column in sorted(roles):
        entities.setdefault(column, {"name": column, "type": "unique", "expr": table.key})
    for join in table.joins:
        entities.setdefault(join.column, {"name": join.column, "type": "foreign", "expr": join.column})
    return list(entities.values())


def _measure(measure: Measure) -> dict[str, Any]:
    """Return a measure; a filter over its own columns is a part of it, one over dimensions is one of the metric."""
    value = measure.expression or "1"
    if measure.filter is not None and not dimensions_in(measure.filter):
        value = f"case when {measure.filter} then {value} end"
    return {"name": measure.name, "agg": measure.aggregate, "expr": value}


def _metric(metric: Metric, export: Export) -> dict[str, Any]:
    described = {"name": metric.name, "label": metric.label, "description": metric.description}
    meta: dict[str, Any] = {"unit": metric.unit, "per": list(metric.per)}
    if isinstance(metric, Ratio):
        parts = [{"name": name} for name in (metric.numerator, metric.denominator)]
        expression = f"100.0 * {metric.numerator} / nullif({metric.denominator}, 0)"
        kind: dict[str, Any] = {"type": "derived", "type_params": {"expr": expression, "metrics": parts}}
    else:
        meta["additive"] = metric.additive if metric.additive == "all" else list(metric.additive)
        kind = {"type": "simple", "type_params": {"measure": metric.name}}
        if dimensions_in(metric.filter):
            kind["filter"] = _filter(metric, export)
    return {**described, **kind, "config": {"meta": meta}}


def _filter(measure: Measure, export: Export) -> str:
    entity = export.model.entity(measure.entity)

    def dimension(name: str) -> str:
        found = export.model.dimension(name)
        *before, last = [join.column for join in export.star.path(entity, found)]
        way = f", entity_path={before}" if before else ""
        return f"{{{{ Dimension('{last}__{name}'{way}) }}}}"

    return placed(measure.filter or "", (), str, dimension)
