"""Reading tables, keys and references from dbt's manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from warehouse.build.project import Project
from warehouse.dbt_manifest import ColumnRule, DeclaredTable, Reference, read_star_description
from warehouse.errors import BuildFailed
from warehouse.snapshots.star import star_tables


def _model(name: str, schema: str = "star", **meta: object) -> dict[str, object]:
    columns = {"key": {"name": "key", "description": "Surrogate\nkey.", "constraints": []}}
    return {
        "resource_type": "model",
        "name": name,
        "schema": schema,
        "alias": name,
        "description": f"The table\n{name}.",
        "columns": columns,
        "constraints": [],
        "config": {"meta": meta},
    }


def _test(child: str, parent: str, where: str | None = None, severity: str = "ERROR") -> dict[str, object]:
    return {
        "resource_type": "test",
        "name": "relationships",
        "attached_node": child,
        "depends_on": {"nodes": [parent, child] if parent != child else [child]},
        "config": {"where": where, "severity": severity},
        "test_metadata": {"name": "relationships", "kwargs": {"column_name": "parent_key", "field": "key"}},
    }


def _rule(
    attached: str | None, name: str, arguments: dict[str, object], where: str | None = None, severity: str = "ERROR"
) -> dict[str, object]:
    return {
        "resource_type": "test",
        "name": name,
        "attached_node": attached,
        "config": {"where": where, "severity": severity},
        "test_metadata": {"name": name, "kwargs": arguments},
    }


def test_keys_and_references_of_the_star_are_read(tmp_path: Path) -> None:
    nodes = {
        "model.p.fct": _model("fct", primary_key=["key"], grain="one  row", order_by=["kind"]),
        "model.p.dim": _model("dim"),
        "model.p.stg": _model("stg", schema="staging", primary_key=["id"]),
        "seed.p.terms": {"resource_type": "seed", "name": "terms", "schema": "seeds", "alias": "terms"},
        "test.1": _test("model.p.fct", "model.p.dim"),
        "test.2": _test("model.p.fct", "seed.p.terms", "kind = 'x'", "warn"),
        "test.3": _test("model.p.dim", "model.p.dim"),
        "test.4": _rule("model.p.stg", "unique_key", {"columns": ["id", "version"]}),
        "test.5": _rule("model.p.fct", "unique", {"column_name": "key"}, severity="warn"),
        "test.6": _rule("model.p.fct", "not_null", {"column_name": "name"}, where="kind = 'x'"),
        "test.7": _rule("model.p.dim", "accepted_values", {"column_name": "kind", "values": ["a", "b"]}),
        "test.8": _rule("seed.p.terms", "unique", {"column_name": "term"}),
    }
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": nodes}))
    star = read_star_description(path)
    columns = {"key": "Surrogate key."}
    assert star.tables == (
        DeclaredTable("dim", "The table dim.", "", (), (), columns),
        DeclaredTable("fct", "The table fct.", "one row", ("key",), ("kind",), columns),
    )
    assert star.references == (
        Reference("dim", "parent_key", "star.dim", "key", None, True),
        Reference("fct", "parent_key", "seeds.terms", "key", "kind = 'x'", False),
        Reference("fct", "parent_key", "star.dim", "key", None, True),
    )
    assert star.column_rules == (
        ColumnRule("unique", "staging.stg", ("id", "version"), (), None, True),
        ColumnRule("accepted_values", "star.dim", ("kind",), ("a", "b"), None, True),
        ColumnRule("not_null", "star.fct", ("name",), (), "kind = 'x'", True),
        ColumnRule("unique", "star.fct", ("key",), (), None, False),
    )


@pytest.mark.parametrize(
    ("attached", "name"),
    [("model.p.fct", "expect_wonders"), ("model.p.stg", "relationships"), (None, "a_query_in_the_folder_of_tests")],
)
def test_a_test_that_nobody_would_judge_is_refused(tmp_path: Path, attached: str | None, name: str) -> None:
    nodes = {"model.p.fct": _model("fct"), "model.p.stg": _model("stg", schema="staging")}
    rule = _rule(attached, name, {"column_name": "key"})
    if attached is None:
        rule["test_metadata"] = None
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": nodes | {"test.1": rule}}))
    with pytest.raises(BuildFailed, match=f"{name}.* nobody would judge"):
        read_star_description(path)


def test_what_the_contract_says_of_a_column_is_judged_like_a_test(tmp_path: Path) -> None:
    model = _model("fct")
    model["columns"]["key"]["constraints"] = [{"type": "not_null", "expression": None}]  # type: ignore[index]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": {"model.p.fct": model}}))
    assert read_star_description(path).column_rules == (ColumnRule("not_null", "star.fct", ("key",), (), None, True),)


@pytest.mark.parametrize("place", ["column", "model"])
def test_a_constraint_that_nobody_would_judge_is_refused(tmp_path: Path, place: str) -> None:
    model, constraint = _model("fct"), {"type": "check", "expression": "key > 0"}
    held = model if place == "model" else model["columns"]["key"]  # type: ignore[index]
    held["constraints"] = [constraint]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"nodes": {"model.p.fct": model}}))
    with pytest.raises(BuildFailed, match="constraint 'check' that nobody would judge"):
        read_star_description(path)


def test_the_project_declares_every_key_and_describes_every_table_and_column(project: Project) -> None:
    manifest = project.manifest
    assert len(star_tables(manifest)) > 60
    star = read_star_description(manifest)
    assert {table.name: table.primary_key for table in star.tables if table.name in ("fct_series", "dim_study")} == {
        "fct_series": ("series_key",),
        "dim_study": ("study_key",),
    }
    assert all(table.primary_key for table in star.tables)
    assert {"fct_series.study_key", "dim_patient.collection_key"} <= {
        f"{reference.table}.{reference.column}" for reference in star.references
    }


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"nodes": []}', '{"nodes": {"model.p.a": {"resource_type": "model"}}}']
)
def test_what_is_no_manifest_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content)
    with pytest.raises(BuildFailed, match=r"dbt's manifest .* cannot be read"):
        read_star_description(path)
