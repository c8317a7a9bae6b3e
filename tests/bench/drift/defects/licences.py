"""Licences that are swapped, lost, respelled, or contradict each other."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import WHOLE, Defect, altered, group

FAMILY = "licences"


def _of(name: str, source: str, dataset: str, column: str, value: str, **more: Any) -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered({column: value}, f'"{dataset}"')}, **more)


_SWAPPED = "case license_short_name when 'CC BY 4.0' then 'CC BY 3.0' else 'CC BY 4.0' end"
_INDEX = "license_short_name"

DEFECTS = (
    _of("licences swapped", "idc", "idc_index", _INDEX, _SWAPPED),
    _of(
        "the licence of one collection changed",
        "idc",
        "idc_index",
        _INDEX,
        "'CC BY-NC 4.0'",
        unit="collection_id",
        within=group("collection_id", 6),
        sizes=WHOLE,
    ),
    _of(
        "free use of what is not for commerce",
        "idc",
        "idc_index",
        _INDEX,
        "'CC BY 4.0'",
        within="contains(license_short_name, 'NC')",
    ),
    _of("licences null", "idc", "idc_index", _INDEX, "null"),
    _of(
        "licences respelled",
        "idc",
        "idc_index",
        _INDEX,
        "replace(license_short_name, 'CC BY', 'CC-BY')",
        within="contains(license_short_name, 'CC BY')",
    ),
    _of("an unknown licence", "idc", "idc_index", _INDEX, "'CC BY 9.9'"),
    _of(
        "licence and address of analysis results disagree",
        "idc",
        "analysis_results_index",
        "license_url",
        "'https://creativecommons.org/publicdomain/zero/1.0/'",
        sizes=(0.1, 0.25),
    ),
    _of("licences of analysis results swapped", "idc", "analysis_results_index", _INDEX, _SWAPPED, sizes=(0.1, 0.25)),
    _of(
        "licences of collections' sources changed",
        "idc",
        "collections_index",
        "sources",
        "list_transform(sources, lambda x: struct_update(x, license := struct_update(x.license,"
        " license_short_name := 'CC0 1.0')))",
        sizes=(0.05, 0.25),
    ),
    _of(
        "licences of files changed",
        "midrc",
        "data_file",
        "license",
        "['CC BY 4.0']",
        within="license[1] <> 'CC BY 4.0'",
    ),
    _of("licences of cases lost", "midrc", "case", "license", "[]", within="len(license) > 0"),
    _of(
        "licences of hub datasets swapped", "bih", "dataset", "license", "'CC BY 3.0'", within="license <> 'CC BY 3.0'"
    ),
    _of("licences of hub series changed", "bih", "imaging_series", "license", "['CC0 1.0']"),
)
