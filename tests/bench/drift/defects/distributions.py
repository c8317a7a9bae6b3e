"""Values that are possible one by one, and wrong in number."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import Defect, altered

FAMILY = "distributions"


def _of(name: str, source: str, dataset: str, column: str, value: str, **more: Any) -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered({column: value}, f'"{dataset}"')}, **more)


DEFECTS = (
    _of("all patients female", "idc", "idc_index", "PatientSex", "'F'", within="\"PatientSex\" = 'M'"),
    _of(
        "every body part a chest",
        "idc",
        "idc_index",
        "BodyPartExamined",
        "'CHEST'",
        within="\"BodyPartExamined\" <> 'CHEST'",
    ),
    _of(
        "one manufacturer for all",
        "idc",
        "idc_index",
        "Manufacturer",
        "'SIEMENS'",
        within="\"Manufacturer\" <> 'SIEMENS'",
    ),
    _of(
        "ages rounded to tens",
        "idc",
        "idc_index",
        "PatientAge",
        "left(\"PatientAge\", 2) || '0Y'",
        within="\"PatientAge\" like '0%Y' and \"PatientAge\" not like '%0Y'",
    ),
    _of(
        "ages shuffled",
        "idc",
        "idc_index",
        "PatientAge",
        'lag("PatientAge", 1, \'061Y\') over (partition by hit order by md5("SeriesInstanceUID"))',
        within="\"PatientAge\" like '0%Y'",
    ),
    _of(
        "status of cases collapsed to one value",
        "midrc",
        "case",
        "covid19_positive",
        "'No'",
        within="covid19_positive <> 'No'",
    ),
    _of(
        "results of tests turned round",
        "midrc",
        "measurement",
        "test_result_text",
        "case test_result_text when 'Negative' then 'Positive' else 'Negative' end",
        within="test_result_text in ('Negative', 'Positive')",
    ),
    _of("races collapsed to one value", "midrc", "case", "race", "'White'", within="race <> 'White'"),
    _of(
        "views of all files the same",
        "midrc",
        "data_file",
        "view_position",
        "['AP']",
        within="view_position[1] <> 'AP'",
    ),
    _of("a default for every age", "midrc", "case", "age_at_index", "65", within="age_at_index <> 65"),
    _of(
        "a default for every slice thickness",
        "midrc",
        "data_file",
        "slice_thickness",
        "[1.0]",
        within="len(slice_thickness) > 0 and slice_thickness[1] <> 1.0",
    ),
    _of(
        "body parts of the hub collapsed to one value",
        "bih",
        "imaging_series",
        "BodyPartExamined",
        "'CHEST'",
        within="\"BodyPartExamined\" <> 'CHEST'",
    ),
    _of(
        "ages of the hub rounded to tens",
        "bih",
        "imaging_study",
        "PatientAge",
        'round("PatientAge", -1)',
        within='"PatientAge" % 10 <> 0',
    ),
    _of(
        "scores collapsed to one value",
        "midrc",
        "annotation",
        "midrc_mRALE_score",
        "0",
        within='"midrc_mRALE_score" > 0',
        # Some twenty annotations of the sandbox have a score.
        sizes=(0.25, 1.0),
    ),
)
