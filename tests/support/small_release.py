"""A small release in the layout of the IDC index, without faults, landed and built as real ones are."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from tests.support.sample_build import PASSED
from tests.support.shared import made_once
from warehouse.build import Build, open_build, prepare, run_models
from warehouse.contracts import load_contract
from warehouse.files import sha256_of
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish

VERSION = "25.0.5"

# 1,200 CT, 600 MR and 600 SR series of 120 patients, one study each, in three collections. As in the real index, MR
# may lack a body part and structured reports always do; the tumours of one collection are in several regions.
IDC_INDEX = """
    select
        'collection_' || (i % 3) as collection_id,
        case when i >= 1800 then 'measured_reports' end as analysis_result_id,
        'patient-' || (i % 120) as "PatientID",
        '1.2.840.1.' || i as "SeriesInstanceUID",
        '1.2.840.2.' || (i % 120) as "StudyInstanceUID",
        case when i >= 1800 then '10.5281/zenodo.1' else '10.7937/collection-' || (i % 3) end as "source_DOI",
        '0' || (40 + i % 120 % 50) || 'Y' as "PatientAge",
        case when i % 120 < 60 then 'F' else 'M' end as "PatientSex",
        '2019-05-01' as "StudyDate",
        'CHEST' as "StudyDescription",
        case when i < 1200 then 'LUNG' end as "BodyPartExamined",
        case when i < 1200 then 'CT' when i < 1800 then 'MR' else 'SR' end as "Modality",
        '1.2.840.10008.5.1.4.1.1.' || case when i < 1200 then '2' when i < 1800 then '4' else '88.22' end
            as "SOPClassUID",
        case when i < 1200 then 'CT Image Storage' when i < 1800 then 'MR Image Storage' else 'Enhanced SR Storage' end
            as sop_class_name,
        '1.2.840.10008.1.2.1' as "TransferSyntaxUID",
        'Explicit VR Little Endian' as transfer_syntax_name,
        'MONOCHROME2' as "PhotometricInterpretation",
        '1' as "PixelRepresentation",
        'SIEMENS' as "Manufacturer",
        'Sensation 64' as "ManufacturerModelName",
        '2019-05-01' as "SeriesDate",
        'axial' as "SeriesDescription",
        cast(i as varchar) as "SeriesNumber",
        cast(1 + i % 7 as bigint) as "instanceCount",
        case when i % 3 = 0 and i < 1800 then 'CC BY-NC 3.0' else 'CC BY 4.0' end as license_short_name,
        cast(case when i between 2 and 9 then 18 else 23 end as bigint) as series_init_idc_version,
        cast(23 as bigint) as series_revised_idc_version,
        case when i % 3 = 0 and i < 1800 then 'idc-open-data-cr' else 'idc-open-data' end as aws_bucket,
        '00000000-0000-4000-8000-' || lpad(cast(i as varchar), 12, '0') as crdc_series_uuid,
        's3://' || aws_bucket || '/' || crdc_series_uuid || '/*' as series_aws_url,
        0.100001 * (1000 + i) as "series_size_MB"
    from range(2400) as numbers(i)
"""

FILES: Mapping[str, str] = {
    "idc_index": IDC_INDEX,
    "prior_versions_index": """
        select
            case when i < 2 then 'withdrawn' else 'collection_' || (i % 3) end as collection_id,
            case when i < 2 then 'withdrawn-' else 'patient-' end || i as "PatientID",
            case when i < 2 then '1.2.840.8.' else '1.2.840.1.' end || i as "SeriesInstanceUID",
            case when i < 2 then '1.2.840.9.' else '1.2.840.2.' end || i as "StudyInstanceUID",
            'CT' as "Modality",
            'public-datasets-idc' as gcs_bucket,
            'old-' || i as crdc_series_uuid,
            0.5 as "series_size_MB",
            's3://idc-open-data/old-' || i || '/*' as series_aws_url,
            'idc-open-data' as aws_bucket,
            cast(18 as bigint) as min_idc_version,
            cast(22 as bigint) as max_idc_version,
            'public-datasets-idc' as gcs_bucket_1
        from range(10) as numbers(i)
    """,
    "collections_index": """
        select
            'Collection ' || i as collection_name,
            'collection_' || i as collection_id,
            'Lung' as cancer_types,
            case i when 0 then 'Chest' when 1 then 'prostate gland' else 'Lung, abdomen' end as tumor_locations,
            cast(40 as bigint) as subjects,
            'Human' as species,
            [
                {
                    'source_doi': '10.7937/collection-' || i,
                    'license': {'license_short_name': case i when 0 then 'CC BY-NC 3.0' else 'CC BY 4.0' end},
                    'citation': 'Someone, 2023. doi.org/10.7937/collection-' || i
                },
                {
                    'source_doi': '10.5281/zenodo.1',
                    'license': {'license_short_name': 'CC BY 4.0'},
                    'citation': 'Someone, 2024. doi.org/10.5281/zenodo.1'
                }
            ] as sources,
            'Clinical' as supporting_data,
            'community' as program_id,
            'Completed' as status,
            '2024-01-01' as updated,
            'Collection number ' || i || '.' as description
        from range(3) as numbers(i)
    """,
    "analysis_results_index": """
        select
            'measured_reports' as analysis_result_id,
            'Measured reports' as analysis_result_title,
            '10.5281/zenodo.1' as "source_DOI",
            'https://doi.org/10.5281/zenodo.1' as source_url,
            cast(120 as bigint) as subjects,
            'collection_0, collection_1, collection_2' as collections,
            'SR' as modalities,
            '2024-01-01' as updated,
            'https://creativecommons.org/licenses/by/4.0/' as license_url,
            'Creative Commons Attribution 4.0 International License' as license_long_name,
            'CC BY 4.0' as license_short_name,
            'Reports.' as description,
            'Someone, 2024. doi.org/10.5281/zenodo.1' as citation,
            {'data_contributor': 'someone'} as provenance
    """,
    "version_metadata_index": """
        select
            cast(i as bigint) as idc_version,
            case when i = 1 then '2024-01-01' else '2026-09-' || lpad(cast(1 + i as varchar), 2, '0') end
                as version_timestamp
        from range(1, 26) as numbers(i)
    """,
    "seg_index": """
        select
            '1.2.840.1.' || i as "SeriesInstanceUID",
            'BINARY' as "SegmentationType",
            cast(1 as bigint) as total_segments,
            'AUTOMATIC' as "AlgorithmType",
            'model' as "AlgorithmName",
            '1.2.840.1.7' as "segmented_SeriesInstanceUID",
            ['Tissue'] as "SegmentedPropertyCategory_CodeMeanings",
            ['Lung'] as "SegmentedPropertyType_CodeMeanings",
            ['Chest'] as "AnatomicRegion_CodeMeanings"
        from range(5) as numbers(i)
    """,
}


def land(home: Path, files: Mapping[str, str] = FILES, version: str = VERSION) -> tuple[Landing, Release]:
    """Land Parquet files that the queries in `files` fill; the other datasets of the contract are absent."""
    landing = Landing(home)
    folder = landing.staging_for("idc", version)
    staged: dict[str, Path] = {}
    loads: list[Load] = []
    for dataset in load_contract("idc").datasets:
        fetched: dict[str, object] = {"channel": "bucket", "url": "https://idc.example/", "fetched_at": FETCHED_AT}
        origin = {"source": "idc", "dataset": dataset, "upstream_version": version, **fetched}
        if dataset not in files:
            loads.append(Load.model_validate({**origin, "status": "absent"}))
            continue
        path = folder / f"{dataset}.parquet"
        content, rows = _file(files[dataset])
        path.write_bytes(content)
        entry = LandedObject(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)
        staged[entry.sha256] = path
        landed = {"status": "landed", "objects": (entry,), "rows": rows, "bytes": entry.bytes}
        loads.append(Load.model_validate({**origin, **landed}))
    release = Release(source="idc", version=version, channel="bucket", loads=tuple(loads))
    return landing, landing.commit(release, staged)


@functools.lru_cache(maxsize=64)
def _file(query: str) -> tuple[bytes, int]:
    """Return what a query gives as a Parquet file, and its rows; most tests land the same ones."""
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        path = Path(folder) / "file.parquet"
        connection.execute(f"copy ({query}) to '{path}' (format parquet)")
        ((rows,),) = connection.execute(f"select count(*) from '{path}'").fetchall()
        return path.read_bytes(), rows


def built_once(factory: pytest.TempPathFactory) -> Build:
    """Return the build of the release as it is, made by dbt once for a run of the tests; nobody may change it."""

    def make(home: Path) -> None:
        landing, release = land(home)
        run_models(prepare(home, landing, [release], Settings(home=home)), Settings(home=home))

    return open_build(made_once(factory, "small-release", make))


def published_once(factory: pytest.TempPathFactory) -> Snapshot:
    """Return the snapshot of that build, published once for a run of the tests; nobody may change it."""

    def make(home: Path) -> None:
        publish(built_once(factory), [PASSED], home, {})

    return snapshot(made_once(factory, "small-snapshot", make), None)


FETCHED_AT = datetime(2026, 10, 1, tzinfo=UTC)


def with_load(release: Release, dataset: str, **changes: object) -> Release:
    """Return the release with one load altered, as a defect of the extraction would leave it."""
    loads = tuple(load.model_copy(update=changes) if load.dataset == dataset else load for load in release.loads)
    return release.model_copy(update={"loads": loads})
