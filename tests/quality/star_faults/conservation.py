"""Faults of counts and sums of IDC."""

from __future__ import annotations

from tests.quality.star_faults.fault import Fault

_FIRST = "series_instance_uid = '1.2.840.1.0'"


def _conservation(copy: str, expectation: str, sql: str, observed: str) -> Fault:
    return Fault(copy, "conservation", expectation, "error", sql, observed)


FAULTS = (
    _conservation(
        "sums",
        "dim_release has one row for each load that the build reads",
        "delete from star.dim_release where dataset = 'mr_index'",
        "landed 36, star 35",
    ),
    _conservation(
        "sums",
        "rpt_count_history has every count of earlier loads that the build reads",
        "update star.rpt_count_history set is_release_of_snapshot = false"
        " where (entity, dimension, metric) = ('series', 'total', 'series')",
        "landed 0, star 1",
    ),
    _conservation(
        "sums",
        "The build reads every row of idc_index that was landed",
        "update landed.loads set row_count = 2401 where dataset = 'idc_index'",
        "landed 2401, star 2400",
    ),
    _conservation(
        "rows",
        "fct_series has one row for each IDC series",
        "delete from star.fct_series where series_number = '2000'",
        "landed 2400, star 2399",
    ),
    _conservation(
        "sums",
        "fct_series has every instance of IDC",
        f"update star.fct_series set instance_count = instance_count + 5 where {_FIRST}",
        "landed 9597, star 9602",
    ),
    _conservation(
        "sums",
        "fct_series has every byte of IDC",
        f"update star.fct_series set size_bytes = size_bytes - 1 where {_FIRST}",
        "landed 527885278800, star 527885278799",
    ),
    _conservation(
        "sums",
        "fct_series keeps every mention of an analysis result",
        "update star.fct_series set analysis_result_key = null",
        "landed 600, star 0",
    ),
    _conservation(
        "rows",
        "fct_series_version has one row for each current and each prior revision of an IDC series",
        "delete from star.fct_series_version where not is_in_release",
        "landed 2410, star 2400",
    ),
    _conservation(
        "sums",
        "fct_series_version has every byte of the current and prior revisions of IDC",
        "update star.fct_series_version set size_bytes = 0 where crdc_series_uuid = 'old-1'",
        "landed 527890278800, star 527889778800",
    ),
    _conservation(
        "sums",
        "dim_patient has one row for each PatientID of each IDC collection",
        "delete from star.dim_patient where patient_id = 'patient-7'",
        "landed 120, star 119",
    ),
    _conservation(
        "sums",
        "dim_study has one row for each IDC study",
        "delete from star.dim_study where study_instance_uid = '1.2.840.2.7'",
        "landed 120, star 119",
    ),
    _conservation(
        "sums",
        "dim_collection has one row for each IDC collection, described, current or prior",
        "delete from star.dim_collection where collection_id = 'withdrawn'",
        "landed 4, star 3",
    ),
    _conservation(
        "sums",
        "dim_collection marks the IDC collections that the release holds",
        "update star.dim_collection set is_in_release = false where collection_id = 'collection_1'",
        "landed 3, star 2",
    ),
    _conservation(
        "sums",
        "dim_analysis_result describes each analysis result of the IDC index",
        "delete from star.dim_analysis_result",
        "landed 1, star 0",
    ),
    _conservation(
        "sums",
        "bridge_study_patient has one row for each patient of each IDC study",
        "delete from star.bridge_study_patient",
        "landed 120, star 0",
    ),
    _conservation(
        "sums",
        "bridge_collection_license counts every IDC series once",
        "update star.bridge_collection_license set series_count = 2 * series_count",
        "landed 2400, star 4800",
    ),
    _conservation(
        "sums",
        "bridge_collection_analysis_result counts every IDC series of an analysis result once",
        "delete from star.bridge_collection_analysis_result",
        "landed 600, star 0",
    ),
    _conservation(
        "sums",
        "bridge_collection_source has every source of every IDC collection",
        "delete from star.bridge_collection_source",
        "landed 6, star 0",
    ),
)
