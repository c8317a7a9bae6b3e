"""Dates, years, ages and days that are shifted, impossible or written in another way."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import WHOLE, Defect, altered, group

FAMILY = "dates"


def _of(name: str, source: str, dataset: str, column: str, value: str, **more: Any) -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered({column: value}, f'"{dataset}"')}, **more)


def _shifted(column: str, years: int) -> str:
    return f"strftime(try_cast(\"{column}\" as date) + interval ({years}) year, '%Y-%m-%d')"


_DATED = 'try_cast("StudyDate" as date) is not null'
_SERIES_DATED = 'try_cast("SeriesDate" as date) is not null'

DEFECTS = (
    _of("study dates moved by ten years", "idc", "idc_index", "StudyDate", _shifted("StudyDate", 10), within=_DATED),
    _of(
        "study dates of one collection moved by a year",
        "idc",
        "idc_index",
        "StudyDate",
        _shifted("StudyDate", -1),
        within=f"{_DATED} and {group('collection_id', 2)}",
    ),
    _of("study dates in the future", "idc", "idc_index", "StudyDate", "'2049-05-01'"),
    _of("study dates of the epoch", "idc", "idc_index", "StudyDate", "'1970-01-01'"),
    _of(
        "study dates in another form", "idc", "idc_index", "StudyDate", "replace(\"StudyDate\", '-', '')", within=_DATED
    ),
    _of(
        "months and days swapped",
        "idc",
        "idc_index",
        "StudyDate",
        'left("StudyDate", 5) || right("StudyDate", 2) || substr("StudyDate", 5, 3)',
        within=_DATED,
    ),
    _of("study dates as moments", "idc", "idc_index", "StudyDate", "\"StudyDate\" || ' 00:00:00'", within=_DATED),
    _of("study dates null", "idc", "idc_index", "StudyDate", "null", within=_DATED),
    _of("two dates for a study", "idc", "idc_index", "StudyDate", _shifted("StudyDate", 3), within=_DATED),
    _of(
        "series dates before their studies",
        "idc",
        "idc_index",
        "SeriesDate",
        _shifted("SeriesDate", -30),
        within=_SERIES_DATED,
    ),
    _of("ages of 200 years", "idc", "idc_index", "PatientAge", "'200Y'"),
    _of(
        "ages as numbers",
        "idc",
        "idc_index",
        "PatientAge",
        "ltrim(replace(\"PatientAge\", 'Y', ''), '0')",
        within="\"PatientAge\" like '0__Y' and \"PatientAge\" <> '000Y'",
    ),
    _of("collections updated in the future", "idc", "collections_index", "updated", "'2071-01-01'", sizes=(0.05, 0.25)),
    _of(
        "a release that is dated before the one before it",
        "idc",
        "version_metadata_index",
        "version_timestamp",
        "'2019-01-01'",
        within="idc_version = (select max(idc_version) from located)",
        sizes=WHOLE,
    ),
    _of("series that IDC will have", "idc", "idc_index", "series_init_idc_version", "99"),
    _of(
        "series revised before they were there",
        "idc",
        "idc_index",
        "series_revised_idc_version",
        "1",
        within="series_init_idc_version > 1",
    ),
    _of(
        "prior revisions that end before they begin",
        "idc",
        "prior_versions_index",
        "max_idc_version",
        "min_idc_version - 1",
    ),
    _of(
        "study years moved by a century",
        "midrc",
        "imaging_study",
        "study_year",
        "study_year - 100",
        within="study_year is not null",
    ),
    _of(
        "study years moved by two",
        "midrc",
        "imaging_study",
        "study_year",
        "study_year + 2",
        within="study_year is not null",
    ),
    _of(
        "days to studies with the other sign",
        "midrc",
        "imaging_study",
        "days_to_study",
        "-days_to_study",
        within="days_to_study <> 0",
    ),
    _of(
        "ages at imaging moved by ten years",
        "midrc",
        "imaging_study",
        "age_at_imaging",
        "age_at_imaging + 10",
        within="age_at_imaging is not null",
    ),
    _of("negative ages", "midrc", "case", "age_at_index", "-1", within="age_at_index is not null"),
    _of(
        "days of tests in seconds",
        "midrc",
        "measurement",
        "test_days_from_index",
        "test_days_from_index * 86400",
        within="test_days_from_index <> 0",
    ),
    _of("metadata of the hub from the future", "bih", "dataset", "metadata_source_date", "'2062-01-31'"),
    _of(
        "metadata dates in another form",
        "bih",
        "dataset",
        "metadata_source_date",
        "strftime(try_cast(metadata_source_date as date), '%m/%d/%Y')",
        within="try_cast(metadata_source_date as date) is not null",
    ),
)
