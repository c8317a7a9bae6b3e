"""semantic/osi.json: the definitions in the form of Open Semantic Interchange 0.1.1 (now Apache Ossie).

A metric there is one expression over tables that the relationships join. What it is counted per, and over what it adds
up, the form has no words for: it stands in the instructions and in the extension `COMMON` of each metric.
"""

from __future__ import annotations

import json

from pydantic import JsonValue

from warehouse.description.model import Description
from warehouse.metrics.exported import Export, ExportedTable, exported
from warehouse.metrics.expressions import aggregate, names_in, placed
from warehouse.metrics.joins import Join
from warehouse.metrics.model import Measure, Metric, SemanticModel

_VERSION = "0.1.1"
_DIALECT = "ANSI_SQL"
_PLACE = "warehouse.main"


def render(description: Description, model: SemanticModel) -> str | None:
    """Return the file; None where the snapshot answers no metric."""
    export = exported(description, model)
    if not export.metrics:
        return None
    citation = description.citation
    facts: dict[str, JsonValue] = {
        "snapshot_id": citation.snapshot_id,
        "tables_digest": citation.tables_digest,
        "synthetic": citation.synthetic,
    }
    content: dict[str, JsonValue] = {
        "version": _VERSION,
        "semantic_model": [
            {
                "name": "imaging_commons_warehouse",
                "description": description.text,
                "ai_context": {
                    "instructions": "Group every metric by the dimensions that it is `per` (its extension COMMON): its "
                    "values over these mean nothing together. Add groups up only over the dimensions that it names as "
                    "additive. A null is not zero: nobody tells it."
                },
                "datasets": [_dataset(table) for table in export.tables],
                "relationships": [_relationship(table, join) for table in export.tables for join in table.joins],
                "metrics": [_metric(metric, export) for metric in export.metrics],
                "custom_extensions": [_extension(facts)],
            }
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _dataset(table: ExportedTable) -> JsonValue:
    keys = [table.key, *(join.column for join in table.joins)]
    counted = sorted(name for measure in table.measures for name in names_in(measure.expression))
    descriptions = {column.name: column.description for column in table.table.columns}
    dimensions: dict[str, JsonValue] = {
        dimension.name: {
            "name": dimension.name,
            "expression": _expression(dimension.expression),
            "dimension": {"is_time": False},
            "label": dimension.label,
            "description": dimension.description,
        }
        for dimension in table.dimensions
    }
    columns: dict[str, JsonValue] = {
        name: {"name": name, "expression": _expression(name), "description": descriptions[name]}
        for name in (*keys, *counted)
        if name not in dimensions
    }
    return {
        "name": table.table.name,
        "source": f"{_PLACE}.{table.table.name}",
        "primary_key": list(table.table.primary_key),
        "description": table.table.text,
        "fields": [*columns.values(), *dimensions.values()],
    }


def _relationship(table: ExportedTable, join: Join) -> JsonValue:
    return {
        "name": f"{table.table.name}.{join.column}",
        "from": table.table.name,
        "to": join.parent,
        "from_columns": [join.column],
        "to_columns": [join.parent_column],
    }


def _metric(metric: Metric, export: Export) -> JsonValue:
    parts = [_aggregate(measure, export) for measure in export.model.parts(metric)]
    expression = parts[0] if isinstance(metric, Measure) else f"100.0 * {parts[0]} / nullif({parts[1]}, 0)"
    additive = metric.additive if isinstance(metric, Measure) else ()
    facts: dict[str, JsonValue] = {
        "label": metric.label,
        "unit": metric.unit,
        "per": list(metric.per),
        "additive": "all" if additive == "all" else list(additive),
    }
    return {
        "name": metric.name,
        "expression": _expression(expression),
        "description": metric.description,
        "custom_extensions": [_extension(facts)],
    }


def _aggregate(measure: Measure, export: Export) -> str:
    """Return the aggregate with each column behind the name of its table; a row is counted by its key."""
    table = export.model.entity(measure.entity).table
    columns = export.star.columns(table)

    def own(column: str) -> str:
        return f"{table}.{column}"

    def dimension(name: str) -> str:
        found = export.model.dimension(name)
        return placed(
            found.expression, export.star.columns(found.table), lambda column: f"{found.table}.{column}", dimension
        )

    value = placed(measure.expression or export.star.key(table) or "", columns, own, dimension)
    if measure.filter is not None:
        value = f"case when {placed(measure.filter, columns, own, dimension)} then {value} end"
    return aggregate(measure, value)


def _expression(sql: str) -> JsonValue:
    return {"dialects": [{"dialect": _DIALECT, "expression": " ".join(sql.split())}]}


def _extension(facts: dict[str, JsonValue]) -> JsonValue:
    return {"vendor_name": "COMMON", "data": json.dumps(facts)}
