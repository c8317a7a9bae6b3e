"""What dbt's manifest.json says about the star: its tables, their columns, their keys and their references.

The YAML files beside the models are the one place where the star is described; dbt writes them, resolved, into the
manifest of the project. The audit judges what their tests declare (dbt itself runs none of them, which would take it
longer than the models), and the publish takes names, order and descriptions from it. Nothing in here opens a database
or imports dbt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from warehouse.errors import BuildFailed

STAR_SCHEMA = "star"

RuleKind = Literal["unique", "not_null", "accepted_values"]

# The tests of dbt that say something of columns of one model, and what they say.
_COLUMN_RULES: Mapping[str, RuleKind] = {
    "unique": "unique",
    "unique_key": "unique",
    "not_null": "not_null",
    "accepted_values": "accepted_values",
}


@dataclass(frozen=True)
class DeclaredTable:
    """A table that the project declares in the schema `star`, as its YAML has it.

    `primary_key`, `order_by` (columns), `grain` (a phrase) and `parts_by` (a column) are its `config.meta`, empty where
    that lacks them; `columns` maps the name of each described column to its description.
    """

    name: str
    description: str
    grain: str
    primary_key: tuple[str, ...]
    order_by: tuple[str, ...]
    columns: Mapping[str, str]
    parts_by: str = ""


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
class ColumnRule:
    """What is declared of columns of one model, which is `relation` (`schema.table`); a column may be SQL.

    It is a test of dbt, or a constraint of the model's contract, which no engine is asked to hold.

    `unique`: no two rows have the same values in `columns`; of a single column, nulls do not count. `not_null`: the
    column has a value. `accepted_values`: the column has one of `accepted`, or none. `condition` (SQL) restricts the
    rows, as the dbt test's `where` does. `must_hold` is false for a dbt test of severity `warn`.
    """

    kind: RuleKind
    relation: str
    columns: tuple[str, ...]
    accepted: tuple[str, ...]
    condition: str | None
    must_hold: bool


@dataclass(frozen=True)
class StarDescription:
    """The declared tables and references of the star, and what is declared of columns; each sorted by name."""

    tables: tuple[DeclaredTable, ...]
    references: tuple[Reference, ...]
    column_rules: tuple[ColumnRule, ...]


def read_star_description(manifest: Path) -> StarDescription:
    """Read the tables of the schema `star`, and the tests and constraints of all models, from a manifest.json (v12).

    Raises:
        BuildFailed: the manifest is missing or is not one, or declares a test that the audit does not know.
    """
    try:
        nodes: dict[str, dict[str, Any]] = msgspec.json.decode(manifest.read_bytes())["nodes"]
        models = {name: node for name, node in nodes.items() if node["resource_type"] == "model"}
        tables = [_table(node) for node in models.values() if _is_of_star(node)]
        tests = [node for node in nodes.values() if _is_judged(node, nodes)]
        references = [_reference(node, nodes) for node in tests if _test_name(node) == "relationships"]
        rules = {_column_rule(node, models) for node in tests if _test_name(node) != "relationships"}
        rules |= {rule for node in models.values() for rule in _constraints(node)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BuildFailed(
            f"dbt's manifest {manifest} cannot be read ({type(error).__name__}: {error}), so the keys of the star are "
            "unknown and nothing can be audited or published. Remove the build's folder and run the refresh again."
        ) from error
    return StarDescription(
        tables=tuple(sorted(tables, key=lambda table: table.name)),
        references=tuple(sorted(references, key=lambda found: (found.table, found.column, found.parent))),
        column_rules=tuple(sorted(rules, key=lambda rule: (rule.relation, rule.kind, rule.columns))),
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
        parts_by=str(meta.get("parts_by") or ""),
    )


def _is_judged(node: Mapping[str, Any], nodes: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether the audit judges what a node declares: the tests of models. Those of seeds are run by dbt.

    Raises:
        BuildFailed: it is a test that neither of them would judge.
    """
    if node["resource_type"] != "test":
        return False
    attached = nodes.get(node["attached_node"] or "")
    kind, name = (None, node["name"]) if attached is None else (attached["resource_type"], _test_name(node))
    known = name in _COLUMN_RULES or (name == "relationships" and attached is not None and _is_of_star(attached))
    if kind == "seed" or (kind == "model" and known):
        return kind == "model"
    raise BuildFailed(
        f"The project declares a test {name!r}{' of ' + attached['name'] if attached else ''} that nobody would judge: "
        f"dbt runs the tests of seeds alone, and the audit knows {', '.join(_COLUMN_RULES)} of a model and "
        "relationships of a model of the star (warehouse/dbt_manifest.py). Express it as one of these, or as a rule of "
        "the audit (warehouse/quality/)."
    )


def _is_of_star(node: Mapping[str, Any]) -> bool:
    return node["schema"] == STAR_SCHEMA


def _test_name(node: Mapping[str, Any]) -> str:
    return str((node["test_metadata"] or {}).get("name", node["name"]))


def _column_rule(node: Mapping[str, Any], models: Mapping[str, Mapping[str, Any]]) -> ColumnRule:
    model, name, arguments = models[node["attached_node"]], _test_name(node), node["test_metadata"]["kwargs"]
    return ColumnRule(
        kind=_COLUMN_RULES[name],
        relation=f"{model['schema']}.{model['alias']}",
        columns=tuple(arguments["columns"] if name == "unique_key" else [arguments["column_name"]]),
        accepted=tuple(str(value) for value in arguments.get("values", ())),
        condition=node["config"]["where"],
        must_hold=node["config"]["severity"].lower() != "warn",
    )


def _constraints(node: Mapping[str, Any]) -> Iterator[ColumnRule]:
    """Return what the contract of a model says of its columns beside their types.

    Raises:
        BuildFailed: it says something that nobody would judge.
    """
    declared = [(name, constraint) for name, column in node["columns"].items() for constraint in column["constraints"]]
    for name, constraint in [*declared, *(("", constraint) for constraint in node["constraints"])]:
        if constraint["type"] != "not_null" or constraint.get("expression"):
            raise BuildFailed(
                f"The contract of {node['name']} holds a constraint {constraint['type']!r} that nobody would judge: "
                "the audit knows not_null (warehouse/dbt_manifest.py). Express it as a test of the column."
            )
        yield ColumnRule("not_null", f"{node['schema']}.{node['alias']}", (name,), (), None, True)


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
