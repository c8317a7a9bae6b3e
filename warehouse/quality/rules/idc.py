"""What the models must not lose or invent: counts and sums that are the same on both sides of dbt.

Each rule is a query over the landed data and a query over the star of the same build, each of which yields one
integer. They are written here a second time on purpose, from the landed columns, so that a defect of a model does not
hide itself. A new source adds rules; the suite takes them as they are.
"""

from __future__ import annotations

from warehouse.quality.rules.conformed import CONFORMED
from warehouse.quality.rules.conservation_rule import ConservationRule, plausible, states
from warehouse.quality.rules.idc_artifacts import ARTIFACTS, LANDED_SIZE
from warehouse.quality.rules.midrc import MIDRC

# Conditions: the hierarchy of IDC as far as a series states it.
_COLLECTION, _PATIENT, _STUDY = map(states, ("collection_id", '"PatientID"', '"StudyInstanceUID"'))

_LANDED_BYTES = f"coalesce(sum({LANDED_SIZE}), 0)"

LOADS = (
    ConservationRule(
        sentence="dim_release has one row for each load that the build reads",
        landed="select count(*) from landed.loads",
        star="select count(*) from star.dim_release",
    ),
)

IDC = (
    ConservationRule(
        sentence="The build reads every row of idc_index that was landed",
        landed="select sum(row_count) from landed.loads where source_id = 'idc' and dataset = 'idc_index'",
        star="select count(*) from landed_idc.idc_index",
    ),
    ConservationRule(
        sentence="fct_series has one row for each IDC series",
        landed="select count(*) from landed_idc.idc_index",
        star="select count(*) from star.fct_series where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="fct_series has every instance of IDC",
        landed=f"""select sum({plausible('"instanceCount"')}) from landed_idc.idc_index""",
        star="select sum(instance_count) from star.fct_series where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="fct_series has every byte of IDC",
        landed=f"select {_LANDED_BYTES} from landed_idc.idc_index",
        star="select sum(size_bytes) from star.fct_series where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="fct_series keeps every mention of an analysis result",
        landed="select count(nullif(trim(analysis_result_id), '')) from landed_idc.idc_index",
        star="select count(analysis_result_key) from star.fct_series where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="fct_series_version has one row for each current and each prior revision of an IDC series",
        landed=(
            "select (select count(*) from landed_idc.idc_index)"
            " + (select count(*) from landed_idc.prior_versions_index)"
        ),
        star="select count(*) from star.fct_series_version where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="fct_series_version has every byte of the current and prior revisions of IDC",
        landed=(
            f"select (select {_LANDED_BYTES} from landed_idc.idc_index)"
            f" + (select {_LANDED_BYTES} from landed_idc.prior_versions_index)"
        ),
        star="select sum(size_bytes) from star.fct_series_version where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="dim_patient has one row for each PatientID of each IDC collection",
        landed=(
            'select count(*) from (select distinct collection_id, "PatientID" from landed_idc.idc_index'
            f" where {_COLLECTION} and {_PATIENT})"
        ),
        star="select count(*) from star.dim_patient where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="dim_study has one row for each IDC study",
        landed=f'select count(distinct "StudyInstanceUID") from landed_idc.idc_index where {_STUDY}',
        star="select count(*) from star.dim_study where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="dim_collection has one row for each IDC collection, described, current or prior",
        landed=(
            "select count(*) from (select collection_id from landed_idc.idc_index"
            " union select collection_id from landed_idc.collections_index"
            f" union select collection_id from landed_idc.prior_versions_index) where {_COLLECTION}"
        ),
        star="select count(*) from star.dim_collection where source_id = 'idc'",
    ),
    ConservationRule(
        sentence="dim_collection marks the IDC collections that the release holds",
        landed=(
            "select count(*) from (select collection_id from landed_idc.idc_index"
            f" union select collection_id from landed_idc.collections_index) where {_COLLECTION}"
        ),
        star="select count(*) from star.dim_collection where source_id = 'idc' and is_in_release",
    ),
    ConservationRule(
        sentence="dim_analysis_result describes each analysis result of the IDC index",
        landed="select count(*) from landed_idc.analysis_results_index",
        star="select count(*) from star.dim_analysis_result where source_id = 'idc' and is_described",
    ),
    ConservationRule(
        sentence="bridge_study_patient has one row for each patient of each IDC study",
        landed=(
            "select count(*) from"
            ' (select distinct "StudyInstanceUID", collection_id, "PatientID" from landed_idc.idc_index'
            f" where {_STUDY} and {_COLLECTION} and {_PATIENT})"
        ),
        star=(
            "select count(*) from star.bridge_study_patient"
            " join star.dim_study using (study_key) where source_id = 'idc'"
        ),
    ),
    ConservationRule(
        sentence="bridge_collection_license counts every IDC series once",
        landed=(f"select count(*) from landed_idc.idc_index where {_COLLECTION} and trim(license_short_name) <> ''"),
        star=(
            "select sum(series_count) from star.bridge_collection_license"
            " join star.dim_collection using (collection_key) where source_id = 'idc'"
        ),
    ),
    ConservationRule(
        sentence="bridge_collection_analysis_result counts every IDC series of an analysis result once",
        landed=(f"select count(nullif(trim(analysis_result_id), '')) from landed_idc.idc_index where {_COLLECTION}"),
        star=(
            "select sum(series_count) from star.bridge_collection_analysis_result"
            " join star.dim_collection using (collection_key) where source_id = 'idc'"
        ),
    ),
    ConservationRule(
        sentence="bridge_collection_source has every source of every IDC collection",
        landed="select sum(json_array_length(sources)) from landed_idc.collections_index",
        star=(
            "select count(*) from star.bridge_collection_source"
            " join star.dim_collection using (collection_key) where source_id = 'idc'"
        ),
    ),
)

RULES = (*LOADS, *IDC, *CONFORMED, *MIDRC, *ARTIFACTS)
