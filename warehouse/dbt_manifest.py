"""What dbt's manifest.json says about the star: its tables, their columns, their keys and their references.

The YAML files beside the models are the one place where the star is described; dbt writes them, resolved, into the
manifest of each build. The audit checks the tables against it without trusting the run of dbt's own tests, and the
publish takes names, order and descriptions from it. Nothing in here opens a database or imports dbt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import BuildFailed

STAR_SCHEMA = "star"


@dataclass(frozen=True)
class DeclaredTable:
    """A table that the project declares in the schema `star`, as its YAML has it.

    `primary_key`, `order_by` (columns) and `grain` (a phrase) are its `config.meta`, empty where that lacks them;
    `columns` maps the name of each described column to its description.
    """

    name: str
    description: str
    grain: str
    primary_key: tuple[str, ...]
    order_by: tuple[str, ...]
    columns: Mapping[str, str]


@dataclass(frozen=True)
class Reference:
    """A foreign key of a star table: `table.column` holds values of `parent.parent_column`, or null.

    `parent` is `schema.table`. `condition` (SQL) restricts the rows that must refer, as the dbt test's `where` does.
    `must_hold` is false for a dbt test of severity `warn`.
    """

    table: str
    column: str
    parent: str
    parent_column: str
    condition: str | None
    must_hold: bool


@dataclass(frozen=True)
class StarDescription:
    """The declared tables and references of the star, each sorted by name."""

    tables: tuple[DeclaredTable, ...]
    references: tuple[Reference, ...]


def read_star_description(manifest: Path) -> StarDescription:
    """Read the declared tables and `relationships` tests of the schema `star` from a manifest.json of dbt (v12).

    Raises:
        BuildFailed: the manifest is missing or is not one.
    """
    try:
        nodes: dict[str, dict[str, Any]] = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
        models = {
            name: node
            for name, node in nodes.items()
            if node["resource_type"] == "model" and node["schema"] == STAR_SCHEMA
        }
        tables = [_table(node) for node in models.values()]
        references = [_reference(node, nodes) for node in nodes.values() if _is_reference_of(node, models)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildFailed(
            f"dbt's manifest {manifest} cannot be read ({type(error).__name__}: {error}), so the keys of the star are "
            "unknown and nothing can be audited or published. Remove the build's folder and run the refresh again."
        ) from error
    return StarDescription(
        tables=tuple(sorted(tables, key=lambda table: table.name)),
        references=tuple(sorted(references, key=lambda found: (found.table, found.column, found.parent))),
    )


def _table(node: Mapping[str, Any]) -> DeclaredTable:
    meta = node["config"].get("meta") or {}
    return DeclaredTable(
        name=node["alias"],
        description=_one_line(node["description"]),
        grain=_one_line(meta.get("grain") or ""),
        primary_key=tuple(meta.get("primary_key") or ()),
        order_by=tuple(meta.get("order_by") or ()),
        columns={column["name"]: _one_line(column["description"]) for column in node["columns"].values()},
    )


def _is_reference_of(node: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> bool:
    is_test = node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "relationships"
    return is_test and node["attached_node"] in models


def _reference(node: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> Reference:
    child = node["attached_node"]
    # A test depends on both tables; one that refers to its own table depends on that alone.
    parent = nodes[next((name for name in node["depends_on"]["nodes"] if name != child), child)]
    arguments = node["test_metadata"]["kwargs"]
    return Reference(
        table=nodes[child]["alias"],
        column=arguments["column_name"],
        parent=f"{parent['schema']}.{parent['alias']}",
        parent_column=arguments["field"],
        condition=node["config"]["where"],
        must_hold=node["config"]["severity"].lower() != "warn",
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())
