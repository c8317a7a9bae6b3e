"""Faults of values and of null rates."""

from __future__ import annotations

from tests.quality.star_faults.fault import Fault
from warehouse.quality.verdicts import Severity

_SIXTH = "series_number = '5'"


def _value(severity: Severity, expectation: str, sql: str, observed: str) -> Fault:
    return Fault("values", "values", expectation, severity, sql, observed)


VALUE_FAULTS = (
    _value(
        "warning",
        "No counts of an earlier load are lost from the history",
        "update star.dim_release set role = 'evidence', dataset = 'counts' where dataset = 'mr_index'",
        "1 row: 'idc 25.0.5' x 1",
    ),
    _value(
        "warning",
        "Every series_instance_uid of fct_series has the form of a DICOM UID",
        "update star.fct_series set series_instance_uid = case series_number"
        " when '0' then '1.2..3' when '1' then '1.02' when '2' then repeat('1.', 32) || '1' else 'x' end"
        " where cast(series_number as integer) < 4",
        f"4 rows: '1.02' x 1, '{'1.' * 32}1' x 1, '1.2..3' x 1, 'x' x 1",
    ),
    _value(
        "warning",
        "Every study_instance_uid of dim_study has the form of a DICOM UID",
        "update star.dim_study set study_instance_uid = null where study_instance_uid = '1.2.840.2.7'",
        "1 row: (null) x 1",
    ),
    *(
        Fault(
            "rows",
            "values",
            f"At most 1 series in 100 has {what}",
            "error",
            f"update star.fct_series set {column} = {value} where modality = 'SR' or modality is null",
            "1 row: '599 of 2399' x 1",  # one row of this copy is gone
        )
        for what, column, value in (
            ("a series_instance_uid without the form of a DICOM UID", "series_instance_uid", "'x'"),
            ("no collection_id", "collection_id", "null"),
            ("no patient_id", "patient_id", "null"),
            ("no study_instance_uid", "study_instance_uid", "null"),
            ("no license_id", "license_id", "null"),
            ("no modality", "modality", "null"),
        )
    ),
    Fault(
        "rows",
        "values",
        "At most 1 study in 100 has a study_instance_uid without the form of a DICOM UID",
        "error",
        "update star.dim_study set study_instance_uid = 'x' where study_instance_uid like '%7'",
        "1 row: '12 of 120' x 1",
    ),
    _value(
        "error",
        "At most 1 series in 100 has no instance",
        "update star.fct_series set instance_count = case modality when 'MR' then 0 end where modality <> 'SR'",
        "1 row: '1800 of 2400' x 1",
    ),
    _value(
        "error",
        "At most 1 series in 100 has a negative or unknown size",
        "update star.fct_series set size_bytes = null where modality = 'MR'",
        "1 row: '600 of 2400' x 1",
    ),
    Fault(
        "rows",
        "values",
        "Every series has at least one instance",
        "warning",
        f"update star.fct_series set instance_count = 0 where {_SIXTH}",
        "1 row: '1.2.840.1.5' x 1",
    ),
    Fault(
        "rows",
        "values",
        "No series has a negative or unknown size",
        "warning",
        f"update star.fct_series set size_bytes = -1 where {_SIXTH}",
        "1 row: '1.2.840.1.5' x 1",
    ),
    _value(
        "warning",
        "Every study date of idc_index is a date",
        "create table landed_idc.idc_index_file as select * from landed_idc.idc_index;"
        "create or replace view landed_idc.idc_index as select * replace (case \"Modality\" when 'MR' then 'NaT'"
        " when 'SR' then '' else \"StudyDate\" end as \"StudyDate\") from landed_idc.idc_index_file",
        "600 rows: 'NaT' x 600",
    ),
    _value(
        "warning",
        "Every study took place between 1880 and the year in which its release was fetched",
        "update star.fct_series set study_date = case modality when 'MR' then date '1879-12-31' else date '2027-01-01'"
        " end where modality <> 'CT'",
        "1200 rows: '1879-12-31' x 600, '2027-01-01' x 600",
    ),
    _value(
        "warning",
        "Every patient age is a DICOM age string",
        f"update star.fct_series set patient_age_raw = 'N-A', patient_age_years = null where {_SIXTH}",
        "1 row: 'N-A' x 1",
    ),
    _value(
        "warning",
        "No patient age is a placeholder: 000Y outside of paediatric collections, or more than 120 years",
        "update star.fct_series set patient_age_raw = '155Y', age_is_placeholder = true where patient_id = 'patient-7'",
        "20 rows: '155Y' x 20",
    ),
    _value(
        "warning",
        "Every patient sex is a DICOM term: F, M or O",
        "update star.fct_series set patient_sex_raw = case patient_sex_raw when 'F' then '6657' else 'O' end",
        "1200 rows: '6657' x 1200",
    ),
    _value(
        "warning",
        "Every analysis result that series name is described by the index of analysis results",
        "update star.dim_analysis_result set is_described = false",
        "600 rows: 'measured_reports' x 600",
    ),
    _value(
        "warning",
        "Every series names the DOI of its source",
        "update star.fct_series set source_doi = null where collection_id = 'collection_1'",
        "800 rows: 'collection_1' x 800",
    ),
    _value(
        "warning",
        "No earlier IDC release that is landed contradicts the span of a series",
        "update star.fct_series_version set span_is_contradicted = true where crdc_series_uuid = 'old-1'",
        "1 row: 'withdrawn' x 1",
    ),
    _value(
        "warning",
        "No two spans of one IDC series share a release",
        "update star.fct_series_version set overlaps_other_span = true where crdc_series_uuid = 'old-1'",
        "1 row: 'withdrawn: 1.2.840.8.1' x 1",
    ),
    _value(
        "warning",
        "Every study belongs to one patient",
        "insert into star.bridge_study_patient select study_key, 42 from star.dim_study"
        " where study_instance_uid = '1.2.840.2.8'",
        "1 row: '1.2.840.2.8' x 1",
    ),
)

NULL_RATE_FAULTS = (
    Fault(
        "keys",
        "null rates",
        "No image modality lacks more values than before",
        "warning",
        "update star.fct_series set manufacturer = null where modality = 'CT' and cast(series_number as integer) < 90",
        "idc CT manufacturer: 7.5 % null of 1200 series, 0.9 % at most so far",
    ),
    Fault(
        "rows",
        "null rates",
        "The usual null rates of every large image modality are known",
        "warning",
        "update star.fct_series set modality = 'XA', modality_key ="
        " (select modality_key from star.dim_modality where modality = 'XA') where modality = 'CT'",
        "idc XA (1200 series)",
    ),
)

FAULTS = (*VALUE_FAULTS, *NULL_RATE_FAULTS)
