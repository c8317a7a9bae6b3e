"""Faults of what dbt declares: keys, references, columns."""

from __future__ import annotations

from tests.quality.star_faults.fault import Fault

KEY_FAULTS = (
    Fault(
        "keys",
        "star keys",
        "Every table declares a primary key",
        "error",
        "create table star.rpt_stray as select 1 as answer",
        "rpt_stray (no primary key declared)",
    ),
    Fault(
        "keys",
        "star keys",
        "No primary key has a null part",
        "error",
        "alter table star.fct_series_version alter series_version_key drop not null;"
        "update star.fct_series_version set series_version_key = null where crdc_series_uuid = 'old-1'",
        "fct_series_version (series_version_key): 2410 rows, 1 null, 0 repeated",
    ),
    Fault(
        "keys",
        "star keys",
        "No primary key occurs twice",
        "error",
        "insert into star.bridge_collection_license select * from star.bridge_collection_license limit 2",
        "bridge_collection_license (collection_key, license_key): 6 rows, 0 null, 2 repeated",
    ),
    Fault(
        "keys",
        "star references",
        "Every reference finds its row",
        "error",
        "update star.fct_series set license_key = 42 where modality = 'MR'",
        "fct_series.license_key -> star.dim_license.license_key: 600 orphans, such as '42' x 600",
    ),
)

DECLARED_FAULTS = (
    Fault(
        "declared",
        "star columns",
        "Every declared natural key occurs once",
        "error",
        "update star.xwalk_study set natural_id = '1.2.840.2.0' where natural_id in ('1.2.840.2.1', '1.2.840.2.2')",
        "star.xwalk_study (natural_id): 2 rows, such as '1.2.840.2.0' x 3",
    ),
    Fault(
        "declared",
        "star columns",
        "Every column that must be filled is filled",
        "error",
        "update star.fct_series set study_count = null where series_number = '5'",
        "star.fct_series (study_count): 1 row, such as 'series_key 208062863806162770' x 1",
    ),
    Fault(
        "declared",
        "star columns",
        "Every value of a closed list is in it",
        "error",
        "update star.dim_source set source_kind = 'planet' where source_id = 'bih_tcia'",
        "star.dim_source (source_kind): 1 row, such as 'planet' x 1",
    ),
    Fault(
        "declared",
        "star columns",
        "Every natural key that may recur occurs once",
        "warning",
        "create table landed.more as from landed_idc.ann_index;"
        """insert into landed.more ("SeriesInstanceUID") values ('1.2.3'), ('1.2.3'), ('1.2.4'), (null);"""
        "create or replace view landed_idc.ann_index as from landed.more",
        "staging.stg_idc__ann_index (series_instance_uid): 1 row, such as '1.2.3' x 2",
    ),
    Fault(
        "declared",
        "star columns",
        "Every column that is usually filled is filled",
        "warning",
        "select 1",  # by the row before
        "staging.stg_idc__ann_index (series_instance_uid): 1 row, such as (null) x 1",
    ),
    Fault(
        "declared",
        "star columns",
        "Every value of an open list is in it",
        "warning",
        "update star.fct_segmentation set segmentation_type = 'BLURRED' where series_instance_uid <> '1.2.840.1.0'",
        "star.fct_segmentation (segmentation_type): 4 rows, such as 'BLURRED' x 4",
    ),
)

FAULTS = (*KEY_FAULTS, *DECLARED_FAULTS)
