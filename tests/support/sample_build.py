"""A small build with the layout of a real one: a DuckDB file with the schema `star`, dbt's manifest, a release."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from warehouse.build import Build
from warehouse.landing import LandedObject, Load, Release
from warehouse.quality.verdicts import Verdict

PASSED = Verdict(
    suite="star.keys",
    expectation="Every series has a key of its own.",
    severity="error",
    passed=True,
    observed="0 of 500 rows share a key",
    subject="fct_series",
)
FAILED = Verdict(
    suite="landed.counts",
    expectation="The star has as many series as the landed file.",
    severity="error",
    passed=False,
    observed="499 series, 500 landed",
    subject="fct_series",
)
WARNING = Verdict(
    suite="star.values",
    expectation="At most 1 % of the series have no body part.",
    severity="warning",
    passed=False,
    observed="34 %",
    subject="fct_series",
)

COLLECTION_COLUMNS = {
    "collection_key": "Surrogate key.",
    "collection_id": "The collection's own name; it's unique within \"IDC\".",
}
SERIES_COLUMNS = {
    "series_key": "Surrogate key (source and SeriesInstanceUID).",
    "collection_key": "Key of the collection.",
    "series_instance_uid": "DICOM SeriesInstanceUID.",
    "modality": "DICOM Modality; null if unknown.",
    "study_date": "Date of the study.",
    "instance_count": "Instances in the series.",
    "size_bytes": "Size of the series in bytes.",
}


def make_build(
    folder: Path,
    *,
    series: int = 500,
    version: str = "23.5.0",
    shuffle: str = "a",
    synthetic: bool = False,
    digest: str | None = None,
) -> Build:
    """Write a build of `series` series. `shuffle` changes the order in which the rows lie in the build's file."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with duckdb.connect(str(folder / "build.duckdb")) as connection:
        connection.execute("create schema star; create schema staging")
        connection.execute("create view staging.stg_idc__idc_index as select 1 as ignored")
        connection.execute(
            f"""
            create table star.dim_collection as
            select (md5_number_lower('c' || i) >> 1)::bigint as collection_key, 'collection ' || i as collection_id
            from range(7) t(i) order by md5(i || '{shuffle}')
            """
        )
        # The columns lie in another order than the one in which they are described.
        connection.execute(
            f"""
            create table star.fct_series as
            select
                '1.2.840.' || i || '.{version}' as series_instance_uid,
                (md5_number_lower('s' || i) >> 1)::bigint as series_key,
                (md5_number_lower('c' || i % 7) >> 1)::bigint as collection_key,
                case i % 5 when 0 then null when 1 then 'CT' when 2 then 'MR' else 'SEG' end as modality,
                date '2001-01-01' + (i % 900)::integer as study_date,
                1 + i % 300 as instance_count,
                525_000 * (1 + i % 300) as size_bytes
            from range({series}) t(i) order by md5(i || '{shuffle}')
            """
        )
    write_dbt_manifest(
        folder / "manifest.json",
        model("dim_collection", COLLECTION_COLUMNS, primary_key=["collection_key"], grain="one collection"),
        model(
            "fct_series",
            SERIES_COLUMNS,
            primary_key=["series_key"],
            grain="one DICOM series",
            order_by=["collection_key"],
        ),
        model("stg_idc__idc_index", {"ignored": "Nothing."}, schema="staging"),
        relationships_test("fct_series", "collection_key", "dim_collection", "collection_key"),
    )
    return Build(
        folder=folder,
        database=folder / "build.duckdb",
        releases=(release(version, synthetic=synthetic),),
        models=(),
        input_digest=digest or hashlib.sha256(f"{series} {version} {synthetic}".encode()).hexdigest(),
    )


def reopen(folder: Path) -> Build:
    """The build that `make_build` left in a folder, for a process that did not make it."""
    return Build(folder, folder / "build.duckdb", (release("23.5.0"),), (), "0" * 64)


def release(version: str, *, synthetic: bool = False) -> Release:
    """A landed release with one dataset that is there and one that is not."""
    index = LandedObject(
        name="idc_index.parquet", sha256=hashlib.sha256(version.encode()).hexdigest(), bytes=74_097_726
    )
    common: dict[str, Any] = {
        "source": "idc",
        "upstream_version": version,
        "channel": "bucket",
        "fetched_at": datetime(2026, 11, 20, 3, 30, tzinfo=UTC),
        "synthetic": synthetic,
    }
    address = f"https://storage.example.org/{version}/release_artifacts"
    landed = Load(
        dataset="idc_index",
        status="landed",
        url=f"{address}/idc_index.parquet",
        objects=(index,),
        rows=500,
        bytes=index.bytes,
        proof={"sidecar": index.sha256},
        **common,
    )
    absent = Load(dataset="sm_index", status="absent", url=f"{address}/sm_index.parquet", **common)
    return Release(source="idc", version=version, channel="bucket", loads=(landed, absent))


def model(
    name: str,
    columns: dict[str, str],
    *,
    primary_key: list[str] | None = None,
    grain: str | None = None,
    order_by: list[str] | None = None,
    schema: str = "star",
    parts_by: str | None = None,
) -> dict[str, Any]:
    """One model as dbt 1.11 describes it."""
    meta = {"primary_key": primary_key, "grain": grain, "order_by": order_by, "parts_by": parts_by}
    return {
        "unique_id": f"model.imaging_commons.{name}",
        "resource_type": "model",
        "name": name,
        "alias": name,
        "schema": schema,
        "description": f"The table {name},\nit's described | here.",
        "constraints": [],
        "config": {"materialized": "table", "meta": {key: value for key, value in meta.items() if value is not None}},
        "depends_on": {"nodes": []},
        "columns": {
            key: {"name": key, "description": text, "data_type": "x", "constraints": []}
            for key, text in columns.items()
        },
    }


def relationships_test(table: str, column: str, to: str, field: str) -> dict[str, Any]:
    """One relationships test as dbt 1.11 describes it."""
    return {
        "unique_id": f"test.imaging_commons.relationships_{table}_{column}",
        "resource_type": "test",
        "name": f"relationships_{table}_{column}",
        "schema": "dbt_test__audit",
        "column_name": column,
        "attached_node": f"model.imaging_commons.{table}",
        "depends_on": {"nodes": [f"model.imaging_commons.{to}", f"model.imaging_commons.{table}"]},
        "config": {"where": None, "severity": "ERROR"},
        "test_metadata": {
            "name": "relationships",
            "kwargs": {"to": f"ref('{to}')", "field": field, "column_name": column},
        },
    }


def write_dbt_manifest(path: Path, *nodes: dict[str, Any]) -> None:
    """Write the part of dbt's manifest that a publish reads."""
    content = {"nodes": {node["unique_id"]: node for node in nodes}, "sources": {}}
    path.write_text(json.dumps(content), encoding="utf-8")


def redescribe(build: Build, *nodes: dict[str, Any]) -> Build:
    """Replace dbt's description of a build."""
    write_dbt_manifest(build.manifest, *nodes)
    return build


def tree(folder: Path) -> set[str]:
    """Everything below a folder, as relative names; links are not followed."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}
