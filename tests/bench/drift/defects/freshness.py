"""Old data passed off as new, and an upstream that stands still."""

from __future__ import annotations

from tests.bench.drift.defect import WHOLE, Defect, altered, group

FAMILY = "freshness and the hub"


def _older(source: str, dataset: str, within: str, key: str) -> str:
    """Return the query in which the hit records are those of the release before, and new ones are gone."""
    return (
        f'select * exclude (hit) from night."{dataset}" where not hit union all by name'
        f' select * from before."{dataset}" where {key} in (select unit from chosen)'
    )


DEFECTS = (
    Defect(
        "last release under a new number",
        FAMILY,
        "idc",
        "idc_index",
        {name: f"from before.{name}" for name in ("idc_index", "prior_versions_index", "collections_index")},
        unit="'all'",
        sizes=WHOLE,
    ),
    Defect(
        "one collection as it was in the last release",
        FAMILY,
        "idc",
        "idc_index",
        {"idc_index": _older("idc", "idc_index", "true", "collection_id")},
        unit="collection_id",
        within="collection_id in (select collection_id from located group by 1 having"
        " max(series_revised_idc_version) = 25) and " + group("collection_id", 1),
        sizes=WHOLE,
    ),
    Defect(
        "the newest release missing from the list of versions",
        FAMILY,
        "idc",
        "version_metadata_index",
        {"version_metadata_index": "from night.version_metadata_index where not hit"},
        within="idc_version = (select max(idc_version) from located)",
        sizes=WHOLE,
    ),
    Defect(
        "a hub that is put back to its first night",
        FAMILY,
        "bih",
        "subject",
        {name: f"from first.{name}" for name in ("dataset", "subject", "imaging_study", "imaging_series")},
        unit="'all'",
        sizes=WHOLE,
    ),
    Defect(
        "a portal that is put back to its first night",
        FAMILY,
        "midrc",
        "case",
        {
            name: f'from first."{name}"'
            for name in ("case", "imaging_study", "data_file", "measurement", "annotation", "radiology_report")
        },
        unit="'all'",
        sizes=WHOLE,
    ),
    Defect(
        "a repository of the hub that is not read any more",
        FAMILY,
        "bih",
        "dataset",
        {"dataset": altered({"metadata_source_date": "'2026-01-01'"}, "dataset")},
        unit="commons_name",
        within=group("commons_name", 2),
        sizes=WHOLE,
    ),
    Defect(
        "a hub that stops updating",
        FAMILY,
        "bih",
        "subject",
        {name: f"from first.{name}" for name in ("dataset", "subject", "imaging_study", "imaging_series")},
        unit="'all'",
        sizes=WHOLE,
        standing=True,
    ),
)
