"""The description files of a snapshot: valid by the field's own validators, and true to the files beside them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import mlcroissant
import pyarrow.parquet as pq
import pytest
from frictionless import Package

from tests.support.cited_snapshots import SERIES
from warehouse.description.croissant import data_type
from warehouse.description.data_package import field_type
from warehouse.description.model import ColumnReference, reference
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.described import cited, description_of, write_descriptions
from warehouse.snapshots.verification import SUMS

DESCRIPTIONS = ("datapackage.json", "croissant.json", "ro-crate-metadata.json")


def read(snapshot: Snapshot, name: str) -> dict[str, Any]:
    return json.loads((snapshot.folder / name).read_text(encoding="utf-8"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def series_files(found: Snapshot) -> tuple[Path, ...]:
    """The files of fct_series: one of a real snapshot, those of two sources of the made-up one."""
    table = found.table("fct_series")
    assert table is not None
    return found.files_of(table)


def test_the_data_package_is_valid_and_opens(either: Snapshot) -> None:
    assert list(Package.metadata_validate(read(either, "datapackage.json"))) == []
    package = Package(str(either.folder / "datapackage.json"))
    tables = {resource["name"]: resource["table"] for resource in read(either, "datapackage.json")["resources"]}
    assert sorted(package.resource_names) == sorted(tables)
    assert sorted(set(tables.values())) == sorted(table.name for table in either.manifest.tables)
    resources = [package.get_table_resource(name) for name, table in tables.items() if table == "fct_series"]
    rows = [row for resource in resources for row in resource.read_rows()]
    assert len(rows) == SERIES
    assert {row["source_id"] for row in rows} == {"idc", "midrc"}


def test_the_data_package_has_each_table_with_its_bytes_and_keys(real: Snapshot) -> None:
    resources = {entry["name"]: entry for entry in read(real, "datapackage.json")["resources"]}
    for table in real.manifest.tables:
        resource, (path,) = resources[table.name], real.files_of(table)
        assert resource["path"] == f"tables/{path.name}"
        assert resource["bytes"] == path.stat().st_size
        assert resource["hash"] == f"sha256:{digest(path)}"
        assert [field["name"] for field in resource["schema"]["fields"]] == pq.read_schema(path).names
        assert resource["schema"]["primaryKey"] == list(table.primary_key)
    assert resources["fct_series"]["schema"]["foreignKeys"] == [
        {"fields": ["collection_key"], "reference": {"resource": "dim_collection", "fields": ["collection_key"]}},
        {"fields": ["license_key"], "reference": {"resource": "dim_license", "fields": ["license_key"]}},
    ]


def test_the_croissant_is_valid_and_loads_tables(either: Snapshot) -> None:
    dataset = mlcroissant.Dataset(jsonld=str(either.folder / "croissant.json"))
    assert not dataset.metadata.issues.errors
    # An id is no version of semver, of which Croissant thinks; it is the one that identifies the snapshot.
    assert all("MAJOR.MINOR.PATCH" in str(warning) for warning in dataset.metadata.issues.warnings)
    loaded = list(dataset.records(record_set="fct_series"))
    expected = pq.read_table(list(series_files(either))).to_pylist()
    assert [row["fct_series/series_key"] for row in loaded] == [row["series_key"] for row in expected]
    assert [row["fct_series/source_id"].decode() for row in loaded] == [row["source_id"] for row in expected]
    assert [row["fct_series/is_even"] for row in loaded] == [row["is_even"] for row in expected]


def test_the_croissant_has_the_digest_of_each_file(real: Snapshot) -> None:
    files = read(real, "croissant.json")["distribution"]
    assert len(files) == len(real.manifest.tables)
    assert all(entry["sha256"] == digest(real.folder / entry["contentUrl"]) for entry in files)


def test_a_table_in_parts_is_described_with_each_of_its_files(synthetic: Snapshot) -> None:
    paths = ["tables/fct_series/idc.parquet", "tables/fct_series/midrc.parquet"]
    assert [path.relative_to(synthetic.folder).as_posix() for path in series_files(synthetic)] == paths
    resources = {entry["name"]: entry for entry in read(synthetic, "datapackage.json")["resources"]}
    assert "fct_series" not in resources
    for path in paths:
        resource = resources[f"fct_series.{Path(path).stem}"]
        assert (resource["path"], resource["table"]) == (path, "fct_series")
        assert resource["hash"] == f"sha256:{digest(synthetic.folder / path)}"
        assert resource["bytes"] == (synthetic.folder / path).stat().st_size
        assert resource["rows"] == pq.read_metadata(synthetic.folder / path).num_rows
    distribution = {entry["@id"]: entry for entry in read(synthetic, "croissant.json")["distribution"]}
    assert distribution["tables/fct_series"]["includes"] == paths
    assert [distribution[path]["sha256"] for path in paths] == [digest(synthetic.folder / path) for path in paths]


def test_the_crate_lists_every_file_with_its_digest(either: Snapshot) -> None:
    graph = {entity["@id"]: entity for entity in read(either, "ro-crate-metadata.json")["@graph"]}
    listed = {part["@id"] for part in graph["./"]["hasPart"]}
    present = {path.relative_to(either.folder).as_posix() for path in either.folder.rglob("*") if path.is_file()}
    assert listed == present - {"ro-crate-metadata.json", SUMS}
    for name in listed:
        assert graph[name]["sha256"] == digest(either.folder / name)
        assert graph[name]["contentSize"] == str((either.folder / name).stat().st_size)
    referred = [
        entry["@id"]
        for entity in graph.values()
        for value in entity.values()
        for entry in (value if isinstance(value, list) else [value])
        if isinstance(entry, dict)
    ]
    assert {name for name in referred if not name.startswith("https://w3id.org/")} <= set(graph)


@pytest.mark.parametrize("name", [*DESCRIPTIONS, "licences.json"])
def test_made_up_data_is_called_so(real: Snapshot, synthetic: Snapshot, name: str) -> None:
    text = (synthetic.folder / name).read_text(encoding="utf-8")
    assert "SYNTHETIC: Imaging Commons Warehouse, snapshot synthetic-" in text
    assert "Nothing in it may be reported as a fact" in text
    assert "SYNTHETIC" not in (real.folder / name).read_text(encoding="utf-8")


def test_the_files_are_a_function_of_the_snapshot(real: Snapshot, tmp_path: Path) -> None:
    lines = (real.folder / SUMS).read_text(encoding="utf-8").splitlines()
    digests = {name: value for value, _, name in (line.partition("  ") for line in lines)}
    before = {name: value for name, value in digests.items() if name not in DESCRIPTIONS}
    for name in before:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(real.folder / name)
    written = write_descriptions(tmp_path, real.manifest, cited(real), before)
    assert written == {name: digests[name] for name in DESCRIPTIONS}
    described = description_of(real.folder, real.manifest, cited(real), digests)
    assert len(described.tables) + len(described.files) == len(digests)


@pytest.mark.parametrize(
    ("duckdb_type", "in_package", "in_croissant"),
    [
        ("BIGINT", "integer", "cr:Int64"),
        ("UTINYINT", "integer", "cr:UInt8"),
        ("HUGEINT", "integer", "sc:Integer"),
        ("DECIMAL(28,6)", "number", "sc:Float"),
        ("DOUBLE", "number", "cr:Float64"),
        ("VARCHAR", "string", "sc:Text"),
        ("DATE", "date", "sc:Date"),
        ("TIMESTAMP", "datetime", "sc:DateTime"),
        ("BOOLEAN", "boolean", "sc:Boolean"),
        ("INTERVAL", "any", "sc:Text"),
    ],
)
def test_types_are_told_in_the_words_of_each_standard(duckdb_type: str, in_package: str, in_croissant: str) -> None:
    assert (field_type(duckdb_type), data_type(duckdb_type)) == (in_package, in_croissant)
    assert field_type(f"{duckdb_type}[]") == "array"


def test_a_reference_is_one_column_or_none() -> None:
    assert reference("dim_source.source_key") == ColumnReference("dim_source", "source_key")
    assert reference("dim_patient.patient_key or dim_study.study_key") is None
    assert reference(None) is None
