"""Records that come twice."""

from __future__ import annotations

from tests.bench.drift.defect import Defect, repeated

FAMILY = "duplication"

DEFECTS = (
    Defect("series twice", FAMILY, "idc", "idc_index", {"idc_index": repeated("idc_index")}),
    Defect(
        "series twice under another address",
        FAMILY,
        "idc",
        "idc_index",
        {
            "idc_index": repeated(
                "idc_index",
                {
                    "crdc_series_uuid": "md5(crdc_series_uuid)::uuid::varchar",
                    "series_aws_url": "'s3://' || aws_bucket || '/' || md5(crdc_series_uuid)::uuid::varchar || '/*'",
                },
            )
        },
    ),
    Defect(
        "series twice, once in another collection",
        FAMILY,
        "idc",
        "idc_index",
        {"idc_index": repeated("idc_index", {"collection_id": "'cptac_ucec'"})},
        within="collection_id <> 'cptac_ucec'",
    ),
    Defect(
        "objects twice under other series",
        FAMILY,
        "idc",
        "idc_index",
        {"idc_index": repeated("idc_index", {"SeriesInstanceUID": "\"SeriesInstanceUID\" || '.1'"})},
    ),
    Defect(
        "prior revisions twice",
        FAMILY,
        "idc",
        "prior_versions_index",
        {"prior_versions_index": repeated("prior_versions_index")},
    ),
    Defect(
        "descriptions of collections twice",
        FAMILY,
        "idc",
        "collections_index",
        {"collections_index": repeated("collections_index")},
        sizes=(0.05, 0.25),
    ),
    *(
        Defect(f"pages of {name.replace('_', ' ')} records twice", FAMILY, "midrc", name, {name: repeated(f'"{name}"')})
        for name in ("case", "data_file", "measurement")
    ),
    *(
        Defect(
            f"{name.replace('_', ' ')} records twice under new ids",
            FAMILY,
            "midrc",
            name,
            {name: repeated(f'"{name}"', {f"_{name}_id": f"md5(_{name}_id)::uuid::varchar"})},
        )
        for name in ("case", "imaging_study", "data_file", "measurement", "annotation", "radiology_report")
    ),
    Defect(
        "pages of hub series twice", FAMILY, "bih", "imaging_series", {"imaging_series": repeated("imaging_series")}
    ),
    *(
        Defect(
            f"{name.replace('_', ' ')} records of the hub twice under new ids",
            FAMILY,
            "bih",
            name,
            {name: repeated(name, {f"_{name}_id": f"md5(_{name}_id)::uuid::varchar"})},
        )
        for name in ("subject", "imaging_study", "imaging_series")
    ),
)
