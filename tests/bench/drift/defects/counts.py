"""Counts that are not those of what they count."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import WHOLE, Defect, altered, group

FAMILY = "counts"


def _of(name: str, source: str, dataset: str, column: str, value: str, **more: Any) -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered({column: value}, f'"{dataset}"')}, **more)


_INSTANCES = '"instanceCount"'

DEFECTS = (
    _of(
        "instances doubled in one collection",
        "idc",
        "idc_index",
        "instanceCount",
        f"2 * {_INSTANCES}",
        within=group("collection_id", 6),
    ),
    _of("one instance too many", "idc", "idc_index", "instanceCount", f"{_INSTANCES} + 1"),
    _of("no instance", "idc", "idc_index", "instanceCount", "0"),
    _of("instances null", "idc", "idc_index", "instanceCount", "null"),
    _of("a wrapped count of instances", "idc", "idc_index", "instanceCount", f"{_INSTANCES} - 65536"),
    _of(
        "subjects of collections misstated", "idc", "collections_index", "subjects", "subjects + 3", sizes=(0.05, 0.25)
    ),
    _of("subjects of collections of 0", "idc", "collections_index", "subjects", "0", sizes=(0.05, 0.25)),
    _of(
        "subjects of analysis results misstated",
        "idc",
        "analysis_results_index",
        "subjects",
        "subjects * 2",
        sizes=(0.1, 0.25),
    ),
    _of("studies of cases miscounted", "midrc", "case", "_imaging_studies_count", "_imaging_studies_count + 1"),
    _of(
        "studies of cases counted as 0",
        "midrc",
        "case",
        "_imaging_studies_count",
        "0",
        within="_imaging_studies_count > 0",
    ),
    _of(
        "files of cases counted as 0", "midrc", "case", "_ct_series_file_count", "0", within="_ct_series_file_count > 0"
    ),
    _of("negative counts of files", "midrc", "imaging_study", "_cr_series_file_count", "-1"),
    _of("instances of files of 0", "midrc", "data_file", "number_of_instances", "0", within="number_of_instances > 0"),
    _of(
        "instances of files doubled",
        "midrc",
        "data_file",
        "number_of_instances",
        "2 * number_of_instances",
        within="number_of_instances > 0",
    ),
    _of(
        "Indexd counts half of its files",
        "midrc",
        "indexd_stats",
        "file_count",
        "file_count // 2",
        unit="'all'",
        sizes=WHOLE,
    ),
)
