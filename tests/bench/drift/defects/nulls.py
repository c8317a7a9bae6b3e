"""Values that are missing, and placeholders passed off as values."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import Defect, altered

FAMILY = "nulls and placeholders"


def _of(name: str, source: str, dataset: str, column: str, value: str, **more: Any) -> Defect:
    more = {"within": f'"{column}" is not null', **more}
    return Defect(name, FAMILY, source, dataset, {dataset: altered({column: value}, f'"{dataset}"')}, **more)


def _idc(name: str, column: str, value: str, within: str | None = None) -> Defect:
    more = {} if within is None else {"within": within}
    return _of(name, "idc", "idc_index", column, value, **more)


CREEPING = (0.05, 0.25)

DEFECTS = (
    _idc("body parts null", "BodyPartExamined", "null"),
    _idc(
        "manufacturers of one modality null",
        "Manufacturer",
        "null",
        '"Manufacturer" is not null and "Modality" = \'MR\'',
    ),
    _idc("sexes null", "PatientSex", "null"),
    _idc("modalities null", "Modality", "null"),
    _idc("collections null", "collection_id", "null"),
    _idc("addresses null", "series_aws_url", "null"),
    _idc("texts 'nan'", "SeriesDescription", "'nan'"),
    _idc("texts 'None'", "ManufacturerModelName", "'None'"),
    _idc("dates 'NaT'", "SeriesDate", "'NaT'"),
    _idc("texts 'N/A'", "StudyDescription", "'N/A'"),
    _idc("empty texts", "BodyPartExamined", "''"),
    _idc("patients 'unknown'", "PatientID", "'unknown'"),
    _idc("ages of placeholder", "PatientAge", "'000Y'", "\"PatientAge\" <> '000Y'"),
    _idc("years '0000'", "StudyDate", "'0000-00-00'"),
    _of("species null", "idc", "collections_index", "species", "null", sizes=(0.05, 0.25)),
    _of("sexes of cases null", "midrc", "case", "sex", "null"),
    _of("projects null", "midrc", "data_file", "project_id", "null"),
    _of("modalities of files null", "midrc", "data_file", "modality", "null"),
    _of("UIDs of studies empty", "midrc", "imaging_study", "study_uid", "''"),
    _of("texts 'null'", "midrc", "measurement", "test_method", "'null'"),
    _of("file names of '-'", "midrc", "data_file", "file_name", "'-'"),
    _of("lists with an empty text", "midrc", "case", "dataset_submitter_id", "['']"),
    _of("lists emptied", "midrc", "imaging_study", "case_ids", "[]"),
    _of("ages of -9999", "midrc", "case", "age_at_index", "-9999"),
    _of("titles of hub datasets null", "bih", "dataset", "full_name", "null"),
    _of("body parts of the hub 'UNKNOWN'", "bih", "imaging_series", "BodyPartExamined", "'UNKNOWN'"),
    _of("manufacturers of the hub null", "bih", "imaging_series", "Manufacturer", "null"),
    _of(
        "a null rate that creeps up over the nights: LOINC codes",
        "midrc",
        "imaging_study",
        "loinc_code",
        "null",
        sizes=CREEPING,
        creeping=True,
    ),
    _of(
        "a null rate that creeps up over the nights: manufacturers",
        "midrc",
        "data_file",
        "manufacturer",
        "null",
        sizes=CREEPING,
        creeping=True,
    ),
    _of(
        "a null rate that creeps up over the nights: hub body parts",
        "bih",
        "imaging_series",
        "BodyPartExamined",
        "null",
        sizes=CREEPING,
        creeping=True,
    ),
)
