"""The two descriptions of metrics in a snapshot are valid, whole, and say what the definitions say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast

import jsonschema
import pytest
import yaml

from tests.support.cited_snapshots import synthetic
from warehouse.metrics.exported import METRICFLOW_FILE, OSI_FILE
from warehouse.metrics.joins import Star
from warehouse.metrics.model import SemanticModel
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.exporting import export
from warehouse.snapshots.importing import import_snapshot

__all__ = ["synthetic"]

SCHEMA = json.loads(Path(__file__).with_name("schemas").joinpath("osi-0.1.1.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def osi(published: Snapshot) -> dict[str, Any]:
    (found,) = json.loads((published.folder / OSI_FILE).read_text(encoding="utf-8"))["semantic_model"]
    return found


def test_metricflow_takes_every_metric(published: Snapshot, model: SemanticModel) -> None:
    from dbt_semantic_interfaces.parsing.dir_to_model import parse_yaml_files_to_validation_ready_semantic_manifest
    from dbt_semantic_interfaces.parsing.objects import YamlConfigFile
    from dbt_semantic_interfaces.validations.semantic_manifest_validator import SemanticManifestValidator

    text = (published.folder / METRICFLOW_FILE).read_text(encoding="utf-8")
    file = YamlConfigFile(filepath=METRICFLOW_FILE, contents=text, url=None)
    manifest = parse_yaml_files_to_validation_ready_semantic_manifest([file]).semantic_manifest
    found = cast(Any, SemanticManifestValidator)().validate_semantic_manifest(manifest)
    assert [issue.message for issue in (*found.errors, *found.future_errors, *found.warnings)] == []
    assert [metric.name for metric in manifest.metrics] == [metric.name for metric in model.metrics]
    (spine,) = manifest.project_configuration.time_spines
    assert spine.node_relation.alias == "dim_date"


def test_the_measures_of_metricflow_run(published: Snapshot) -> None:
    text = (published.folder / METRICFLOW_FILE).read_text(encoding="utf-8")
    tables = [document["semantic_model"] for document in yaml.safe_load_all(text) if "semantic_model" in document]
    with query.connect(published) as connection:
        for table in tables:
            parts = [*table["dimensions"], *table["measures"], *table["entities"]]
            relation = f"{table['node_relation']['schema_name']}.{table['node_relation']['alias']}"
            connection.execute(f"select {', '.join(part['expr'] for part in parts)} from {relation} limit 1")


def test_the_open_form_is_valid(published: Snapshot, osi: dict[str, Any], model: SemanticModel) -> None:
    content = json.loads((published.folder / OSI_FILE).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(SCHEMA).validate(content)
    assert [metric["name"] for metric in osi["metrics"]] == [metric.name for metric in model.metrics]
    facts = json.loads(osi["custom_extensions"][0]["data"])
    assert facts == {
        "snapshot_id": published.id,
        "tables_digest": published.manifest.tables_digest,
        "synthetic": published.manifest.synthetic,
    }


def test_its_relationships_are_those_of_the_tables(osi: dict[str, Any], star: Star) -> None:
    names = [dataset["name"] for dataset in osi["datasets"]]
    assert len(names) == len(set(names))
    for relationship in osi["relationships"]:
        (column,), (parent_column,) = relationship["from_columns"], relationship["to_columns"]
        join = star.references(relationship["from"])[column]
        assert (join.parent, join.parent_column) == (relationship["to"], parent_column)
        assert {relationship["from"], relationship["to"]} <= {*names}


def test_a_measure_of_one_table_gives_the_number_of_the_metric(published: Snapshot, osi: dict[str, Any]) -> None:
    expressions = {metric["name"]: metric["expression"]["dialects"][0]["expression"] for metric in osi["metrics"]}
    with query.connect(published) as connection:
        ((patients, people),) = connection.execute(
            f"select {expressions['patients']}, {expressions['people']} from dim_patient where source_id = 'idc'"
        ).fetchall()
        assert connection.execute(
            "select count(*), count(*) filter (where is_human) from dim_patient where source_id = 'idc'"
        ).fetchall() == [(patients, people)]


def test_both_are_in_the_digests_and_survive_a_journey(published: Snapshot, tmp_path: Path) -> None:
    sums = dict(line.split("  ")[::-1] for line in (published.folder / "SHA256SUMS").read_text().splitlines())
    for name in (METRICFLOW_FILE, OSI_FILE):
        assert sums[name] == hashlib.sha256((published.folder / name).read_bytes()).hexdigest()
    export(published, tmp_path / "served")
    import_snapshot(tmp_path / "home", tmp_path / "served")
    arrived = snapshot(tmp_path / "home", published.id)
    for name in (METRICFLOW_FILE, OSI_FILE):
        assert (arrived.folder / name).read_bytes() == (published.folder / name).read_bytes()


def test_made_up_data_is_marked_and_what_no_table_answers_is_left_out(synthetic: Snapshot) -> None:
    """A snapshot without the keys by which metrics are grouped describes none."""
    assert synthetic.manifest.synthetic
    assert not (synthetic.folder / "semantic").exists()
