"""Identifiers that are cut, respelled, made anew or no identifiers."""

from __future__ import annotations

from tests.bench.drift.defect import Defect, altered, group

FAMILY = "identifiers"


def _of(name: str, source: str, dataset: str, column: str, value: str, within: str = "true") -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered({column: value}, f'"{dataset}"')}, within=within)


def _idc(name: str, column: str, value: str, within: str = "true") -> Defect:
    return _of(name, "idc", "idc_index", column, value, within)


DEFECTS = (
    _idc("study UIDs cut", "StudyInstanceUID", 'left("StudyInstanceUID", 30)'),
    _idc("series UIDs as numbers", "SeriesInstanceUID", "'1.36145141E+' || length(\"SeriesInstanceUID\")"),
    _idc("series UIDs with a blank", "SeriesInstanceUID", "\"SeriesInstanceUID\" || ' '"),
    _idc(
        "series UIDs with a leading zero",
        "SeriesInstanceUID",
        "replace(\"SeriesInstanceUID\", '.1', '.01')",
        "contains(\"SeriesInstanceUID\", '.1')",
    ),
    _idc("series UIDs null", "SeriesInstanceUID", "null"),
    _idc("patient ids in lower case", "PatientID", 'lower("PatientID")', 'lower("PatientID") <> "PatientID"'),
    _idc("patient ids cut", "PatientID", 'left("PatientID", 4)', 'length("PatientID") > 4'),
    _idc("patient ids null", "PatientID", "null"),
    _idc("addresses of series made anew", "crdc_series_uuid", "md5(crdc_series_uuid)::uuid::varchar"),
    _idc("series uuids in upper case", "crdc_series_uuid", "upper(crdc_series_uuid)"),
    _idc("series uuids cut", "crdc_series_uuid", "left(crdc_series_uuid, 20)"),
    Defect(
        "a collection renamed",
        FAMILY,
        "idc",
        "idc_index",
        {"idc_index": altered({"collection_id": "replace(upper(collection_id), '_', '-')"}, "idc_index")},
        unit="collection_id",
        within=group("collection_id", 9),
        sizes=(1.0,),
    ),
    _idc(
        "collections spelled in two ways",
        "collection_id",
        "replace(collection_id, '_', '-')",
        "contains(collection_id, '_')",
    ),
    _idc("source DOIs as addresses", "source_DOI", "'https://doi.org/' || \"source_DOI\""),
    _idc("source DOIs cut", "source_DOI", "split_part(\"source_DOI\", '/', 1)"),
    _of("checksums cut", "midrc", "data_file", "md5sum", "left(md5sum, 16)", "md5sum is not null"),
    _of("checksums changed", "midrc", "data_file", "md5sum", "md5(md5sum)", "md5sum is not null"),
    _of(
        "object ids without their prefix",
        "midrc",
        "data_file",
        "object_id",
        "split_part(object_id, '/', 2)",
        "object_id is not null",
    ),
    _of("submitter ids null", "midrc", "case", "submitter_id", "null"),
    _of("record ids null", "midrc", "measurement", "_measurement_id", "null"),
    _of("record ids made anew", "midrc", "imaging_study", "_imaging_study_id", "md5(_imaging_study_id)::uuid::varchar"),
    _of("study UIDs of the portal as numbers", "midrc", "imaging_study", "study_uid", "'1.2826E+12'"),
    _of("series UIDs of the hub cut", "bih", "imaging_series", "SeriesInstanceUID", 'left("SeriesInstanceUID", 20)'),
    _of("one series UID for many", "bih", "imaging_series", "SeriesInstanceUID", "'2.25.1'"),
)
