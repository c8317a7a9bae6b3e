"""Sizes and other quantities in another unit, or wrong."""

from __future__ import annotations

from typing import Any

from tests.bench.drift.defect import WHOLE, Defect, altered, group

FAMILY = "sizes and units"


def _size(
    name: str, value: str, within: str = "true", unit: str = "", sizes: tuple[float, ...] | None = None
) -> Defect:
    changes = {"idc_index": altered({"series_size_MB": value}, "idc_index")}
    more: dict[str, Any] = {} if sizes is None else {"sizes": sizes}
    return Defect(name, FAMILY, "idc", "idc_index", changes, within=within, unit=unit, **more)


def _portal(name: str, source: str, dataset: str, column: str, value: str, within: str = "true") -> Defect:
    return Defect(name, FAMILY, source, dataset, {dataset: altered({column: value}, dataset)}, within=within)


_SIZE = '"series_size_MB"'

DEFECTS = (
    _size("sizes doubled in one collection", f"2 * {_SIZE}", group("collection_id", 7)),
    _size("MiB for MB", f"{_SIZE} / 1.048576"),
    _size("MiB for MB everywhere", f"{_SIZE} / 1.048576", sizes=WHOLE),
    _size("MiB for MB in one collection", f"{_SIZE} / 1.048576", group("collection_id", 3)),
    _size("GB for MB in one collection", f"{_SIZE} / 1000", group("collection_id", 2)),
    _size("bytes for MB", f"{_SIZE} * 1e6"),
    _size("sizes of 0", "0"),
    _size("negative sizes", f"-{_SIZE}"),
    _size("sizes null", "null"),
    _size("sizes not numbers", "'nan'::double"),
    _size("sizes rounded to whole MB", f"round({_SIZE})", f"{_SIZE} <> round({_SIZE})"),
    _size("sizes of the neighbouring series", f"lag({_SIZE}, 1, 1.5) over (order by md5(crdc_series_uuid))"),
    Defect(
        "sizes of prior revisions doubled",
        FAMILY,
        "idc",
        "prior_versions_index",
        {"prior_versions_index": altered({"series_size_MB": f"2 * {_SIZE}"}, "prior_versions_index")},
    ),
    _portal("file sizes in KB", "midrc", "data_file", "file_size", "file_size // 1000"),
    _portal("file sizes of 0", "midrc", "data_file", "file_size", "0"),
    _portal("file sizes null", "midrc", "data_file", "file_size", "null"),
    _portal(
        "file sizes doubled in one dataset",
        "midrc",
        "data_file",
        "file_size",
        "2 * file_size",
        group("dataset_submitter_id[1]", 3),
    ),
    _portal("all file sizes the same", "midrc", "data_file", "file_size", "524288"),
    _portal("negative file sizes", "midrc", "radiology_report", "file_size", "-file_size"),
    _portal(
        "slice thickness in cm",
        "midrc",
        "data_file",
        "slice_thickness",
        "list_transform(slice_thickness, lambda x: x / 10)",
        "len(slice_thickness) > 0",
    ),
    _portal("ages in months", "midrc", "case", "age_at_index", "12 * age_at_index", "age_at_index > 8"),
    _portal("ages of the hub in days", "bih", "imaging_study", "PatientAge", '365 * "PatientAge"', '"PatientAge" > 0'),
    Defect(
        "Indexd's bytes in KB",
        FAMILY,
        "midrc",
        "indexd_stats",
        {"indexd_stats": altered({"total_file_size": "total_file_size // 1024"}, "indexd_stats")},
        unit="'all'",
        sizes=WHOLE,
    ),
)
