"""Columns and types that are not those of the contract."""

from __future__ import annotations

from tests.bench.drift.defect import WHOLE, Defect

FAMILY = "schema"


def _of(name: str, source: str, dataset: str, query: str, manifest: dict[str, object] | None = None) -> Defect:
    return Defect(
        name,
        FAMILY,
        source,
        dataset,
        {dataset: query},
        sizes=WHOLE,
        manifest={} if manifest is None else {dataset: manifest},
    )


_INDEX = "night.idc_index"

DEFECTS = (
    _of("a column of the key gone", "idc", "idc_index", f'select * exclude ("SeriesInstanceUID") from {_INDEX}'),
    _of("a column gone", "idc", "idc_index", f"select * exclude (license_short_name) from {_INDEX}"),
    _of("a column renamed", "idc", "idc_index", f'select * rename ("Modality" as modality_code) from {_INDEX}'),
    _of(
        "a number as text",
        "idc",
        "idc_index",
        f'select * replace ("instanceCount" || \' files\' as "instanceCount") from {_INDEX}',
    ),
    _of(
        "a decimal comma",
        "idc",
        "idc_index",
        f"select * replace (replace(\"series_size_MB\"::varchar, '.', ',') as \"series_size_MB\") from {_INDEX}",
    ),
    _of(
        "a column without a value",
        "idc",
        "idc_index",
        f'select * replace (null::varchar as "PatientAge") from {_INDEX}',
    ),
    _of("a new column", "idc", "idc_index", f"select *, 1 as surprise from {_INDEX}"),
    _of(
        "two columns exchanged",
        "idc",
        "idc_index",
        'select * replace ("StudyDescription" as "SeriesDescription", "SeriesDescription" as "StudyDescription")'
        f" from {_INDEX}",
    ),
    _of(
        "patient and study ids exchanged",
        "idc",
        "idc_index",
        f'select * replace ("StudyInstanceUID" as "PatientID", "PatientID" as "StudyInstanceUID") from {_INDEX}',
    ),
    _of(
        "a list as one text",
        "midrc",
        "imaging_study",
        "select * replace (array_to_string(case_ids, ';') as case_ids) from night.imaging_study",
    ),
    _of(
        "a date as a number",
        "bih",
        "dataset",
        "select * replace (epoch(try_cast(metadata_source_date as date))::bigint as metadata_source_date)"
        " from night.dataset",
    ),
    _of("a field of the portal gone", "midrc", "data_file", "select * exclude (md5sum) from night.data_file"),
    _of(
        "a field of the hub without a value",
        "bih",
        "imaging_series",
        'select * replace (null::varchar as "Modality") from night.imaging_series',
    ),
    _of("a manifest that counts other rows", "midrc", "data_file", "from night.data_file", {"rows": 1}),
    _of(
        "a load of another version",
        "idc",
        "prior_versions_index",
        "from night.prior_versions_index",
        {"upstream_version": "24.2.2"},
    ),
    _of("an empty file", "bih", "imaging_series", "from night.imaging_series where false"),
)
