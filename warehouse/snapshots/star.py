"""Read from dbt's `manifest.json` which tables a snapshot publishes, and how the project describes them.

The yml files beside the models are the only description of the star: names, grain, keys, columns, types. Nothing in
here opens a database or imports dbt.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warehouse.errors import BuildFailed

STAR_SCHEMA = "star"

_REFERENCE = re.compile(r"""ref\(\s*['"]([^'"]+)['"]\s*\)""")


@dataclass(frozen=True)
class StarColumn:
    """One documented column. `references` is the key that a relationships test ties it to, as table.column."""

    name: str
    description: str
    references: str | None


@dataclass(frozen=True)
class StarTable:
    """One documented table of the star. `order_by` is a total order: it holds every column of the primary key."""

    name: str
    description: str
    grain: str
    primary_key: tuple[str, ...]
    order_by: tuple[str, ...]
    columns: tuple[StarColumn, ...]


def star_tables(dbt_manifest: Path) -> tuple[StarTable, ...]:
    """Return the tables of the star that the dbt project describes, by name.

    A model of schema `star` needs `config.meta.primary_key` (columns) and `config.meta.grain` (a phrase); with
    `config.meta.order_by` (columns) its rows are stored in that order, and the primary key only breaks the ties.

    Raises:
        BuildFailed: dbt's manifest is missing or cannot be read, or a model is not described as it must be.
    """
    try:
        content = json.loads(dbt_manifest.read_text(encoding="utf-8"))
        nodes: Mapping[str, Mapping[str, Any]] = content["nodes"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BuildFailed(
            f"dbt's description of the project, {dbt_manifest}, cannot be read ({type(error).__name__}: {error}). "
            "Build again: dbt writes it."
        ) from None
    references = _references(nodes)
    models = [
        (node_id, node)
        for node_id, node in nodes.items()
        if node["resource_type"] == "model" and node["schema"] == STAR_SCHEMA
    ]
    if not models:
        raise BuildFailed(
            f"{dbt_manifest} describes no model in the schema {STAR_SCHEMA}: there is nothing to publish."
        )
    tables = [_table(node, references[node_id]) for node_id, node in models]
    return tuple(sorted(tables, key=lambda table: table.name))


def _table(node: Mapping[str, Any], references: Mapping[str, str]) -> StarTable:
    name = node.get("alias") or node["name"]
    columns = tuple(
        StarColumn(
            name=column["name"], description=_one_line(column["description"]), references=references.get(column["name"])
        )
        for column in node["columns"].values()
    )
    meta: Mapping[str, Any] = node["config"].get("meta") or {}
    primary_key: tuple[str, ...] = tuple(meta.get("primary_key") or ())
    grain = _one_line(meta.get("grain") or "")
    described = {column.name for column in columns}
    order_by: tuple[str, ...] = tuple(meta.get("order_by") or ())
    unknown = [column for column in (*primary_key, *order_by) if column not in described]
    if not primary_key or not grain or unknown:
        fault = f"names columns that are not described ({', '.join(unknown)})" if unknown else "lacks a value"
        raise BuildFailed(
            f"The model {name} cannot be published: its config.meta {fault}. "
            "It needs primary_key (a list of its columns) and grain (a phrase) in the yml file beside the model."
        )
    return StarTable(
        name=name,
        description=_one_line(node["description"]),
        grain=grain,
        primary_key=primary_key,
        order_by=tuple(dict.fromkeys((*order_by, *primary_key))),
        columns=columns,
    )


def _references(nodes: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Mapping[str, str]]:
    """Map the id of a model to what its relationships tests say: column -> table.column."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for node in nodes.values():
        test = node.get("test_metadata") or {}
        if node["resource_type"] != "test" or test.get("name") != "relationships":
            continue
        target = _REFERENCE.search(str(test["kwargs"].get("to", "")))
        if target is not None and node.get("column_name") and node.get("attached_node"):
            found[node["attached_node"]][node["column_name"]] = f"{target[1]}.{test['kwargs']['field']}"
    return found


def _one_line(text: str) -> str:
    return " ".join(text.split())
