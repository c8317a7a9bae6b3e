"""Documents of a small portal: two MIDRC types out of six, with dirty values as real records have them."""

from __future__ import annotations

import random
from typing import Any

from tests.support.guppy.answers import Type

DIRT = [
    "plain",
    'quo"ted, with comma',
    "línea\nnueva\ttab",
    "\u0000control\u0007",
    "日本語 🫁",
    "x" * 5000,
    "no data",
    "",
]


def cases(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return case documents with missing values, empty lists, several datasets and nested records."""
    draw = random.Random(seed)
    docs = []
    for number in range(count):
        doc: dict[str, Any] = {
            "_case_id": f"{draw.getrandbits(64):016x}-{number}",
            "project_id": draw.choice(["Open-A1", "Open-R1"]),
            "submitter_id": f"case_{number}",
            "sex": draw.choice(["Female", "Male", "no data", None]),
            "age_at_index": draw.choice([None, draw.randint(0, 89), draw.random() * 89]),
            "_imaging_studies_count": draw.randint(0, 9),
            "dataset_submitter_id": draw.choice([[], ["D1"], ["D1", "D2"], None]),
            "surprise": draw.choice(DIRT),
            "is_open": draw.choice([True, False, None]),
            "imaging_studies": draw.choice(
                [
                    None,
                    [],
                    [
                        {"study_uid": f"1.2.{number}", "study_modality": ["CT", "SR"], "study_year": 2020},
                        {"study_uid": None},
                    ],
                ]
            ),
        }
        docs.append({name: value for name, value in doc.items() if value is not None})
    draw.shuffle(docs)
    return docs


CASE_FIELDS: dict[str, Any] = {
    "_case_id": "keyword",
    "project_id": "keyword",
    "submitter_id": "keyword",
    "sex": "keyword",
    "age_at_index": "float",
    "_imaging_studies_count": "long",
    "dataset_submitter_id": "keyword",
    "surprise": "keyword",
    "is_open": "boolean",
    "imaging_studies": {"study_uid": "keyword", "study_modality": "keyword", "study_year": "long"},
}
MEASUREMENT_FIELDS: dict[str, Any] = {
    "_measurement_id": "keyword",
    "submitter_id": "keyword",
    "test_days_from_index": "long",
    "test_name": "keyword",
}


def measurements(count: int) -> list[dict[str, Any]]:
    """Return measurement documents."""
    return [
        {
            "_measurement_id": f"m{number:06d}",
            "submitter_id": f"measurement_{number}",
            "test_days_from_index": number % 37,
            "test_name": "COVID-19",
        }
        for number in range(count)
    ]


def portal_types(case_count: int = 130, measurement_count: int = 40) -> dict[str, Type]:
    """Return the two types with their documents."""
    return {
        "case": Type(dict(CASE_FIELDS), {"dataset_submitter_id", "study_modality"}, cases(case_count)),
        "measurement": Type(dict(MEASUREMENT_FIELDS), set(), measurements(measurement_count)),
    }
