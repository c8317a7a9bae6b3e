"""Reading keys and references from dbt's manifest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from warehouse.build import Build
from warehouse.errors import BuildFailed
from warehouse.quality.dbt_manifest import Reference, StarTable, read_star_description


def _model(name: str, schema: str = "star", **meta: object) -> dict[str, object]:
    return {"resource_type": "model", "schema": schema, "alias": name, "config": {"meta": meta}}


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
        "model.p.fct": _model("fct", primary_key=["key"]),
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
    assert star.tables == (StarTable("dim", ()), StarTable("fct", ("key",)))
    assert star.references == (
        Reference("dim", "parent_key", "star.dim", "key", None, True),
        Reference("fct", "parent_key", "seeds.terms", "key", "kind = 'x'", False),
        Reference("fct", "parent_key", "star.dim", "key", None, True),
    )


def test_the_manifest_of_a_real_build_declares_every_key(sound_build: Build) -> None:
    star = read_star_description(sound_build.dbt_target / "manifest.json")
    assert {table.name: table.primary_key for table in star.tables if table.name in ("fct_series", "dim_study")} == {
        "fct_series": ("series_key",),
        "dim_study": ("study_key",),
    }
    assert all(table.primary_key for table in star.tables)
    assert {"fct_series.study_key", "dim_patient.collection_key"} <= {
        f"{reference.table}.{reference.column}" for reference in star.references
    }


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"nodes": {"model.p.a": {"resource_type": "model"}}}'])
def test_what_is_no_manifest_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(content)
    with pytest.raises(BuildFailed, match=r"dbt's manifest .* cannot be read"):
        read_star_description(path)
