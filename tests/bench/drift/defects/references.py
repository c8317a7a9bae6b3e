"""References that lead nowhere or to something else."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import Defect, altered

FAMILY = "references"


def _of(name: str, source: str, dataset: str, columns: dict[str, str], **more: Any) -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered(columns, f'"{dataset}"')}, **more)


DEFECTS = (
    _of("series of a collection that nothing describes", "idc", "idc_index", {"collection_id": "'no_such_collection'"}),
    _of(
        "series of an analysis result that nothing describes",
        "idc",
        "idc_index",
        {"analysis_result_id": "'no_such_result'"},
    ),
    _of("source DOIs that nothing describes", "idc", "idc_index", {"source_DOI": "'10.7937/no.such.source'"}),
    _of(
        "addresses of other series",
        "idc",
        "idc_index",
        {"series_aws_url": "'s3://' || aws_bucket || '/' || md5(crdc_series_uuid)::uuid::varchar || '/*'"},
    ),
    _of(
        "buckets that are not those of the addresses",
        "idc",
        "idc_index",
        {"aws_bucket": "'idc-open-data-cr'"},
        within="aws_bucket <> 'idc-open-data-cr'",
    ),
    _of(
        "addresses of another bucket",
        "idc",
        "idc_index",
        {"series_aws_url": "replace(series_aws_url, 's3://idc-open-data/', 's3://idc-dev-data/')"},
        within="contains(series_aws_url, 's3://idc-open-data/')",
    ),
    _of("addresses cut", "idc", "idc_index", {"series_aws_url": "left(series_aws_url, 30)"}),
    _of(
        "analysis results of collections that are not there",
        "idc",
        "analysis_results_index",
        {"collections": "collections || ', no_such_collection'"},
        sizes=(0.1, 0.25),
    ),
    Defect(
        "revisions both current and prior",
        FAMILY,
        "idc",
        "idc_index",
        {
            "prior_versions_index": "from night.prior_versions_index union all by name select collection_id,"
            ' "PatientID", "SeriesInstanceUID", "StudyInstanceUID", "Modality", \'idc-open\' as gcs_bucket,'
            ' crdc_series_uuid, "series_size_MB", series_aws_url, aws_bucket, 20 as min_idc_version,'
            " 25 as max_idc_version from night.idc_index where hit"
        },
    ),
    _of("studies of cases that are not there", "midrc", "imaging_study", {"case_ids": "['no-such-case']"}),
    _of(
        "files of studies that are not there",
        "midrc",
        "data_file",
        {"_imaging_study_id": "['00000000-0000-0000-0000-000000000000']"},
        within="len(_imaging_study_id) > 0",
    ),
    _of("measurements of cases that are not there", "midrc", "measurement", {"case_ids": "['no-such-case']"}),
    _of("annotations of cases that are not there", "midrc", "annotation", {"case_ids": "['no-such-case']"}),
    _of(
        "reports of studies that are not there",
        "midrc",
        "radiology_report",
        {"imaging_study_submitter_id": "['no-such-study']"},
    ),
    _of("subjects of the hub of no collection", "bih", "subject", {"collection_id": "['no-such-collection']"}),
    _of("studies of the hub of subjects that are not there", "bih", "imaging_study", {"subject_id": "['nobody']"}),
    _of("series of the hub of studies that are not there", "bih", "imaging_series", {"StudyInstanceUID": "['1.2.3']"}),
)
