"""Rules about IDC's specialised artifacts: the models must not lose or invent a row, nor what can be summed in it.

The rules hold for an absent artifact as well: no row is loaded, so none may be in the star.
"""

from __future__ import annotations

from collections.abc import Mapping

from warehouse.contracts import load_contract
from warehouse.quality.rules.rule import ConservationRule, plausible

FACTS: Mapping[str, str] = {
    name: dataset.table
    for name, dataset in load_contract("idc").datasets.items()
    if dataset.one_to_one and dataset.table is not None
}
"""The table of the star that holds an artifact row for row, by artifact."""


def _rows(dataset: str, table: str) -> ConservationRule:
    # From the manifest of the load, so that the layout of the build is held to it too.
    return ConservationRule(
        asset=("star", table),
        sentence=f"{table} has one row for each row of {dataset} that was landed",
        landed=f"select sum(row_count) from landed.loads where source_id = 'idc' and dataset = '{dataset}'",
        star=f"select count(*) from star.{table} where source_id = 'idc'",
    )


def _sum(what: str, dataset: str, landed: str, table: str, star: str) -> ConservationRule:
    return ConservationRule(
        asset=("star", table),
        sentence=f"{table} has every {what} of {dataset}",
        landed=f"select sum({landed}) from landed_idc.{dataset}",
        star=f"select sum({star}) from star.{table} where source_id = 'idc'",
    )


def _references(dataset: str, uid: str, table: str, key: str) -> ConservationRule:
    return ConservationRule(
        asset=("star", table),
        sentence=f"{table} finds every series that {dataset} refers to and the release holds",
        landed=(
            f'select count(*) from landed_idc.{dataset} as artifact where trim("{uid}") in'
            ' (select "SeriesInstanceUID" from landed_idc.idc_index)'
        ),
        star=f"select count({key}) from star.{table} where source_id = 'idc'",
    )


def _algorithms(dataset: str, type_column: str, table: str) -> ConservationRule:
    return ConservationRule(
        asset=("star", table),
        sentence=f"{table} names an algorithm wherever {dataset} states a name or a type",
        landed=(
            f"select count(*) from landed_idc.{dataset}"
            f" where trim(\"AlgorithmName\") <> '' or trim(\"{type_column}\") <> ''"
        ),
        star=f"select count(algorithm_key) from star.{table} where source_id = 'idc'",
    )


_SEGMENTED = "segmented_SeriesInstanceUID"
_REFERENCED = "referenced_SeriesInstanceUID"
_GENERATION = "AnnotationGroupGenerationType"
# What is no size counts as none on both sides of dbt: `values` judges it.
LANDED_SIZE = (
    'case when "series_size_MB" between 0 and 9007199254 then cast(round("series_size_MB" * 1000000) as bigint) end'
)

CONSERVATION = (
    *(_rows(dataset, table) for dataset, table in FACTS.items()),
    _sum("segment", "seg_index", plausible("total_segments"), "fct_segmentation", "total_segments"),
    _sum(
        "annotation",
        "ann_group_index",
        plausible('"NumberOfAnnotations"'),
        "fct_annotation_group",
        "number_of_annotations",
    ),
    _sum("byte", "sm_instance_index", plausible("instance_size"), "fct_slide_instance", "size_bytes"),
    _sum("region of interest", "rtstruct_index", "total_rois", "fct_rtstruct", "total_rois"),
    _sum("byte", "tcia_idc_subset", LANDED_SIZE, "fct_tcia_series", "size_bytes"),
    _references("seg_index", _SEGMENTED, "fct_segmentation", "segmented_series_key"),
    _references("ann_index", _REFERENCED, "fct_annotation_series", "referenced_series_key"),
    _references("rtstruct_index", _REFERENCED, "fct_rtstruct", "referenced_series_key"),
    _algorithms("seg_index", "AlgorithmType", "fct_segmentation"),
    _algorithms("ann_group_index", _GENERATION, "fct_annotation_group"),
    ConservationRule(
        asset=("star", "dim_algorithm"),
        sentence="dim_algorithm has one row for each pair of name and type that seg_index or ann_group_index states",
        landed=(
            "select count(*) from (select nullif(trim(\"AlgorithmName\"), '') as name,"
            " nullif(trim(\"AlgorithmType\"), '') as type from landed_idc.seg_index"
            f" union select nullif(trim(\"AlgorithmName\"), ''), nullif(trim(\"{_GENERATION}\"), '')"
            " from landed_idc.ann_group_index) where name is not null or type is not null"
        ),
        star="select count(*) from star.dim_algorithm where source_id = 'idc'",
    ),
)
