"""Entity diagrams of the star in mermaid, made from dbt's manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.dbt_manifest import STAR_SCHEMA, DeclaredTable, Reference, read_star_description

# Almost every table refers to these; their lines would hide the others.
SHOWN_APART = ("dim_source", "dim_release")


@dataclass(frozen=True)
class Model:
    """The content of the diagrams: tables, references, the type of each column, and the columns that are never null.

    The key of a column is (table, column).
    """

    tables: Mapping[str, DeclaredTable]
    references: tuple[Reference, ...]
    types: Mapping[tuple[str, str], str]
    not_null: frozenset[tuple[str, str]]


def read_model(manifest: Path) -> Model:
    """Read the declared tables from dbt's manifest of the project.

    Raises:
        BuildFailed: the manifest is missing, or it is not one of this project.
    """
    star = read_star_description(manifest)
    nodes: dict[str, dict[str, Any]] = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    return Model(
        tables={table.name: table for table in star.tables},
        references=star.references,
        types={(node["name"], name): of["data_type"] for node in models for name, of in node["columns"].items()},
        not_null=frozenset(_not_null(models)),
    )


def _not_null(models: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the columns that have a not-null constraint in the contract of their table."""
    for node in models:
        for name, column in node["columns"].items():
            if any(constraint["type"] == "not_null" for constraint in column["constraints"]):
                yield node["name"], name


def diagram(names: Sequence[str], model: Model) -> str:
    """Return an entity diagram of these tables with their keys; other tables that they refer to have no columns."""
    references = [found for found in model.references if found.table in names and _is_drawn(found, names)]
    boxes = (_box(model.tables[name], references, model) for name in names)
    lines = (_line(found, model) for found in references)
    parts = ("erDiagram", "    direction LR", *(part for box in boxes for part in box), *lines)
    return "".join(f"{part}\n" for part in parts)


def _is_drawn(found: Reference, names: Sequence[str]) -> bool:
    """Whether both tables are published, and the parent is drawn with the other tables."""
    schema, parent = found.parent.split(".")
    return schema == STAR_SCHEMA and (parent in names or parent not in SHOWN_APART)


def _box(table: DeclaredTable, references: Sequence[Reference], model: Model) -> Iterator[str]:
    foreign = {found.column for found in references if found.table == table.name}
    yield f"    {table.name} {{"
    for column in table.columns:
        kinds = [kind for kind, keys in (("PK", table.primary_key), ("FK", foreign)) if column in keys]
        if kinds:
            yield f"        {model.types[table.name, column]} {column} {', '.join(kinds)}"
    yield "    }"


def _line(found: Reference, model: Model) -> str:
    parent = found.parent.split(".")[1]
    one = "||" if (found.table, found.column) in model.not_null and found.condition is None else "|o"
    many = "o|" if model.tables[found.table].primary_key == (found.column,) else "o{"
    return f"    {parent} {one}--{many} {found.table} : {found.column}"
