"""Reading tables, keys and references from dbt's manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from warehouse.build import parse_project
from warehouse.dbt_manifest import DeclaredTable, Reference, read_star_description
from warehouse.errors import BuildFailed
from warehouse.snapshots.star import star_tables


def _model(name: str, schema: str = "star", **meta: object) -> dict[str, object]:
    columns = {"key": {"name": "key", "description": "Surrogate\nkey."}}
    return {
        "resource_type": "model",
        "schema": schema,
        "alias": name,
        "description": f"The table\n{name}.",
        "columns": columns,
        "config": {"meta": meta},
    }


def _test(child: str, parent: str, where: str | None = None, severity: str = "ERROR") -> dict[str, object]:
    return {
        "resource_type": "test",
        "schema": "dbt_test__audit",
        "attached_node": child,
        "depends_on": {"nodes": [parent, child] if parent != child else [child]},
        "config": {"where": where, "severity": severity},
        "test_metadata": {"name": "relationships", "kwargs": {"column_name": "parent_key", "field": "key"}},
    }


def test_keys_and_references_of_the_star_are_read(tmp_path: Path) -> None:
    nodes = {
        "model.p.fct": _model("fct", primary_key=["key"], grain="one  row", order_by=["kind"]),
        "model.p.dim": _model("dim"),
        "model.p.stg": _model("stg", schema="staging", primary_key=["id"]),
        "seed.p.terms": {"resource_type": "seed", "schema": "seeds", "alias": "terms"},
        "test.1": _test("model.p.fct", "model.p.dim"),
        "test.2": _test("model.p.fct", "seed.p.terms", "kind = 'x'", "warn"),
        "test.3": _test("model.p.dim", "model.p.dim"),
        "test.4": _test("model.p.stg", "model.p.dim"),
        "test.5": {"resource_type": "test", "test_metadata": None, "attached_node": None},
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


def test_the_project_declares_every_key_and_describes_every_table_and_column(tmp_path: Path) -> None:
    manifest = parse_project(tmp_path)
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
