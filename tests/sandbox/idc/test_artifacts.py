from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pyarrow.parquet as pq
import pytest
import requests
import yaml

from tests.sandbox.conftest import SCALE, SEED
from warehouse import contracts
from warehouse.sandbox.idc.specialised import RELATIONS, release_files, synthesise_indices
from warehouse.sandbox.server import Sandbox
from warehouse.sandbox.server.faults import Fault

# A release in small: patients with CT, MR, PT and SM series, and what is derived from them.
_IDC_INDEX = """
SELECT CASE WHEN p % 2 = 0 THEN 'tcga_luad' ELSE 'nlst' END AS collection_id, 'PATIENT' || p AS PatientID,
  '1.2.' || p || '.' || (i // 4) AS StudyInstanceUID, '1.2.' || p || '.' || i || '.9' AS SeriesInstanceUID,
  (['CT', 'MR', 'SEG', 'RTSTRUCT', 'SM', 'ANN', 'PT', 'SEG'])[1 + i % 8] AS Modality,
  CASE WHEN i % 3 = 0 THEN 'an analysis' END AS analysis_result_id, 1 + i AS instanceCount,
  (i + 1) * 1.5 AS series_size_MB, 's3://bucket/' || p || '/' || i AS series_aws_url,
  DATE '2020-01-01' + i::INTEGER AS StudyDate, 'study' AS StudyDescription
FROM range(12) p(p), range(16) i(i)
"""
_SCHEMA = {
    "columns": [
        {"name": "SeriesInstanceUID", "type": "STRING", "mode": "NULLABLE"},
        {"name": "total_segments", "type": "INTEGER", "mode": "NULLABLE"},
        {"name": "segmented_SeriesInstanceUID", "type": "STRING", "mode": "NULLABLE"},
        {"name": "SegmentedPropertyType_CodeMeanings", "type": "STRING", "mode": "REPEATED"},
        {"name": "unheard_of", "type": "FLOAT", "mode": "NULLABLE"},
    ]
}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("release")
    index, schema = folder / "idc_index.parquet", folder / "seg_index_schema.json"
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"COPY ({_IDC_INDEX}) TO '{index}' (FORMAT parquet)")
    schema.write_text(json.dumps(_SCHEMA), encoding="utf-8")
    return release_files({index.name: index, schema.name: schema}, folder / "specialised")


@pytest.fixture
def bucket(population: Path, release: dict[str, Path]) -> Iterator[Sandbox]:
    older = {"idc_index.parquet": release["idc_index.parquet"]}
    with Sandbox(population, SCALE, SEED, idc_files={"25.0.5": release, "9.1.0": older}) as sandbox:
        yield sandbox


def contract() -> dict:
    return yaml.safe_load((Path(contracts.__file__).parent / "idc.yml").read_text(encoding="utf-8"))["datasets"]


def test_every_index_that_no_wheel_carries_is_synthetic_and_marked_so(release: dict[str, Path]) -> None:
    wanted = {name for name, dataset in contract().items() if dataset.get("measured") is False}
    assert wanted == set(RELATIONS)
    for name in wanted:
        parquet = pq.ParquetFile(release[f"{name}.parquet"])
        assert parquet.metadata.metadata[b"synthetic"] == b"true"
        assert parquet.metadata.num_rows > 0, name


def test_a_schema_decides_the_columns_and_the_contract_names_them_otherwise(release: dict[str, Path]) -> None:
    for name, dataset in contract().items():
        if name not in RELATIONS:
            continue
        schema = pq.read_schema(release[f"{name}.parquet"])
        columns = [column["name"] for column in dataset["columns"]]
        if name == "seg_index":
            columns = [column["name"] for column in _SCHEMA["columns"]]
            assert str(schema.field("unheard_of").type) == "double"
        assert schema.names == columns, name


def test_keys_are_unique_and_rows_are_about_real_series(release: dict[str, Path]) -> None:
    series = f"SELECT SeriesInstanceUID FROM read_parquet('{release['idc_index.parquet']}')"
    with duckdb.connect(":memory:") as connection:
        for name, dataset in contract().items():
            if name not in RELATIONS:
                continue
            table = f"read_parquet('{release[f'{name}.parquet']}')"
            key = ", ".join(f'"{column}"' for column in dataset["key"])
            rows, keys = connection.execute(
                f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT {key} FROM {table})) FROM {table}"
            ).fetchall()[0]
            assert rows == keys, name
            if "SeriesInstanceUID" in {column["name"] for column in dataset["columns"]}:
                alien = f"SELECT SeriesInstanceUID FROM {table} EXCEPT {series}"
                assert connection.execute(alien).fetchall() == [], name


@pytest.mark.parametrize(
    ("index", "column", "derived", "images"),
    [
        ("seg_index", "segmented_SeriesInstanceUID", "SEG", ("CT", "MR", "PT")),
        ("ann_index", "referenced_SeriesInstanceUID", "ANN", ("SM",)),
        ("rtstruct_index", "referenced_SeriesInstanceUID", "RTSTRUCT", ("CT", "MR", "PT")),
    ],
)
def test_derived_series_refer_to_images_of_the_same_patient(
    release: dict[str, Path], index: str, column: str, derived: str, images: tuple[str, ...]
) -> None:
    idc_index = f"read_parquet('{release['idc_index.parquet']}')"
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(
            f"""SELECT own.PatientID = image.PatientID, own.Modality, image.Modality, count(*)
            FROM read_parquet('{release[f"{index}.parquet"]}') d
            JOIN {idc_index} own USING (SeriesInstanceUID)
            LEFT JOIN {idc_index} image ON image.SeriesInstanceUID = d."{column}" GROUP BY ALL"""
        ).fetchall()
    assert {row[0] for row in found} == {True}
    assert {row[1] for row in found} == {derived}
    assert {row[2] for row in found} <= set(images)
    assert sum(row[3] for row in found) == 12 * 16 // 8 * (2 if derived == "SEG" else 1)


def test_the_same_release_gives_the_same_bytes(release: dict[str, Path], tmp_path: Path) -> None:
    again = synthesise_indices(release["idc_index.parquet"], {}, tmp_path)
    for name in ("ct_index.parquet", "ann_group_index.parquet", "clinical_index.parquet"):
        assert again[name].read_bytes() == release[name].read_bytes()


def test_files_sidecars_and_the_current_release(bucket: Sandbox, release: dict[str, Path]) -> None:
    for version in ("25.0.5", "current"):
        base = f"{bucket.idc_url}/{version}/release_artifacts"
        for name, path in release.items():
            assert requests.get(f"{base}/{name}", timeout=9).content == path.read_bytes()
            if name.endswith(".parquet"):
                sidecar = requests.get(f"{base}/{name}.sha256", timeout=9).text
                assert sidecar == f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}\n"
    assert {tuple(entry.kinds) for entry in bucket.requests.entries("idc")} == {("artifact",), ("sidecar",)}


def test_what_is_not_there_is_404_in_the_words_of_the_store(bucket: Sandbox) -> None:
    for path in ("9.1.0/release_artifacts/seg_index.parquet", "8.0.0/release_artifacts/idc_index.parquet", "current/x"):
        response = requests.get(f"{bucket.idc_url}/{path}", timeout=9)
        assert response.status_code == 404
        assert "NoSuchKey" in response.text


@pytest.mark.parametrize(
    ("wanted", "start", "stop"), [("bytes=0-9", 0, 10), ("bytes=5-", 5, None), ("bytes=-7", -7, None)]
)
def test_ranges(bucket: Sandbox, release: dict[str, Path], wanted: str, start: int, stop: int | None) -> None:
    url = f"{bucket.idc_url}/current/release_artifacts/ct_index.parquet"
    response = requests.get(url, headers={"Range": wanted}, timeout=9)
    content = release["ct_index.parquet"].read_bytes()
    assert response.status_code == 206
    assert response.content == content[start:stop]
    assert response.headers["Content-Range"].endswith(f"/{len(content)}")
    beyond = requests.get(url, headers={"Range": f"bytes={len(content)}-"}, timeout=9)
    assert beyond.status_code == 416
    assert requests.head(url, timeout=9).headers["Content-Length"] == str(len(content))


@pytest.mark.parametrize("name", ["ct_index.parquet", "ct_index.parquet.sha256"])
def test_bytes_can_be_corrupted_without_changing_the_length(bucket: Sandbox, name: str) -> None:
    url = f"{bucket.idc_url}/current/release_artifacts/{name}"
    good = requests.get(url, timeout=9).content
    bucket.faults.add(Fault(kind="corrupt", place="sidecar" if name.endswith("256") else "artifact", service="idc"))
    bad = requests.get(url, timeout=9).content
    assert len(bad) == len(good)
    assert sum(1 for left, right in zip(good, bad, strict=True) if left != right) == 1
    assert requests.get(url, timeout=9).content == good


def test_the_versions_can_be_listed(bucket: Sandbox) -> None:
    for prefix, versions in (("25.", ["25.0.5"]), ("", ["25.0.5", "9.1.0", "current"]), ("7.", [])):
        query = {"delimiter": "/", "prefix": prefix}
        root = ElementTree.fromstring(requests.get(bucket.idc_url, params=query, timeout=9).content)
        assert [element.text for element in root.findall("{*}CommonPrefixes/{*}Prefix")] == [f"{v}/" for v in versions]
    assert {tuple(entry.kinds) for entry in bucket.requests.entries("idc")} == {("listing",)}


def test_an_artifact_can_be_missing_for_a_while(bucket: Sandbox) -> None:
    url = f"{bucket.idc_url}/current/release_artifacts/ct_index.parquet"
    bucket.faults.add(Fault(kind="not_found", place="artifact", service="idc"))
    assert [requests.get(url, timeout=9).status_code for _ in range(2)] == [404, 200]


def receive(response: requests.Response, received: bytearray) -> None:
    for chunk in response.iter_content(64):
        received.extend(chunk)


def test_a_broken_transfer_can_be_taken_up_again(bucket: Sandbox, release: dict[str, Path]) -> None:
    url = f"{bucket.idc_url}/current/release_artifacts/tcia_idc_subset.parquet"
    bucket.faults.add(Fault(kind="truncated_body", place="artifact", service="idc"))
    received = bytearray()
    broken = requests.exceptions.ChunkedEncodingError
    with requests.get(url, stream=True, timeout=9) as response, pytest.raises(broken):
        receive(response, received)
    assert received
    rest = requests.get(url, headers={"Range": f"bytes={len(received)}-"}, timeout=9).content
    assert bytes(received) + rest == release["tcia_idc_subset.parquet"].read_bytes()
