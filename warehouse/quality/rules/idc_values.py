"""What values may be: rules over single columns of the star, each counted where it is broken.

An `error` is a value that makes a published number or key wrong; a `warning` is real data that a reader should know
of. Sources of the limits: DICOM PS3.5 9.1 and 6.2 (unique identifiers, age strings), PS3.3 C.7.1.1 (Patient's Sex).
Whether a text has a mapping is judged by the suite `mappings`.
"""

from __future__ import annotations

from warehouse.quality.rules.conformed_values import CONFORMED
from warehouse.quality.rules.value_rule import ValueRule

# What an error of IDC is, is a warning of the portals, whose records may hold anything (values_conformed).
_IDC_SERIES = "(select * from star.fct_series where source_id = 'idc')"

_IDC_STUDIES = "(select * from star.dim_study where source_id = 'idc')"

# One such row in a night is published as what it is; none is known in the real releases.
_NO_INSTANCES = "coalesce(instance_count, 0) < 1"
_NO_SIZE = "coalesce(size_bytes, -1) < 0"

# Components of digits without leading zeros, joined by dots, 64 characters at most.
_UID_FORM = r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*"


def _not_a_uid(column: str) -> str:
    return f"{column} is null or length({column}) > 64 or not regexp_full_match({column}, '{_UID_FORM}')"


def _few(sentence: str, column: str, broken: str, relation: str = _IDC_SERIES) -> ValueRule:
    """Stop a release of which many rows break a rule; a few are published with a warning that names them.

    Where `column` has no value at all, the release does not have it, or in no type that can be read: it is null, and
    the suite `landed contract` says so.
    """
    counts = f"count(*) as rows_found, count({column}) as known, count(*) filter ({broken}) as broken"
    return ValueRule(
        sentence=sentence,
        severity="error",
        relation=f"(select {counts} from {relation})",
        value="broken || ' of ' || rows_found",
        broken="known > 0 and 100 * broken > rows_found",
    )


def value_rules(latest_year: int) -> tuple[ValueRule, ...]:
    """Return the rules; `latest_year` is the last year in which a study of this build can have taken place."""
    return (
        ValueRule(
            sentence="Every series_instance_uid of fct_series has the form of a DICOM UID",
            severity="warning",
            relation=_IDC_SERIES,
            value="series_instance_uid",
            broken=_not_a_uid("series_instance_uid"),
        ),
        ValueRule(
            sentence="Every study_instance_uid of dim_study has the form of a DICOM UID",
            severity="warning",
            relation=_IDC_STUDIES,
            value="study_instance_uid",
            broken=_not_a_uid("study_instance_uid"),
        ),
        ValueRule(
            sentence="Every series has at least one instance",
            severity="warning",
            relation=_IDC_SERIES,
            value="series_instance_uid",
            broken=_NO_INSTANCES,
        ),
        ValueRule(
            sentence="No series has a negative or unknown size",
            severity="warning",
            relation=_IDC_SERIES,
            value="series_instance_uid",
            broken=_NO_SIZE,
        ),
        _few(
            "At most 1 series in 100 has a series_instance_uid without the form of a DICOM UID",
            "series_instance_uid",
            _not_a_uid("series_instance_uid"),
        ),
        _few(
            "At most 1 study in 100 has a study_instance_uid without the form of a DICOM UID",
            "study_instance_uid",
            _not_a_uid("study_instance_uid"),
            _IDC_STUDIES,
        ),
        # Without these a release has no collections, patients or studies to count: as indispensable as the key.
        *(
            _few(f"At most 1 series in 100 has no {column}", "series_instance_uid", f"{column} is null")
            for column in ("collection_id", "patient_id", "study_instance_uid")
        ),
        *(
            _few(f"At most 1 series in 100 has no {column}", column, f"{column} is null")
            for column in ("modality", "license_id")
        ),
        _few("At most 1 series in 100 has no instance", "instance_count", _NO_INSTANCES),
        _few("At most 1 series in 100 has a negative or unknown size", "size_bytes", _NO_SIZE),
        ValueRule(
            sentence="Every study date of idc_index is a date",
            severity="warning",
            relation="landed_idc.idc_index",
            value='"StudyDate"',
            broken='nullif(trim("StudyDate"), \'\') is not null and try_cast("StudyDate" as date) is null',
        ),
        ValueRule(
            sentence="Every study took place between 1880 and the year in which its release was fetched",
            severity="warning",
            relation="star.fct_series",
            value="study_date",
            broken=f"year(study_date) not between 1880 and {latest_year}",
        ),
        ValueRule(
            sentence="Every patient age is a DICOM age string",
            severity="warning",
            relation="star.fct_series",
            value="patient_age_raw",
            broken="patient_age_raw is not null and patient_age_years is null",
        ),
        ValueRule(
            sentence="Every patient age lies between 0 and 120 years",
            severity="warning",
            relation="star.fct_series",
            value="patient_age_raw",
            broken="patient_age_years not between 0 and 120",
        ),
        ValueRule(
            sentence="Every patient sex is a DICOM term: F, M or O",
            severity="warning",
            relation="star.fct_series",
            value="patient_sex_raw",
            broken="patient_sex_raw not in ('F', 'M', 'O')",
        ),
        ValueRule(
            sentence="Every analysis result that series name is described by the index of analysis results",
            severity="warning",
            relation="star.fct_series as series join star.dim_analysis_result as results using (analysis_result_key)",
            value="series.analysis_result_id",
            # A release without that index (the wheels up to v22) shows in the suite `landed loads`, once.
            broken="not results.is_described and exists (select 1 from landed_idc.analysis_results_index)",
        ),
        ValueRule(
            sentence="Every series names the DOI of its source",
            severity="warning",
            relation=_IDC_SERIES,
            value="collection_id",
            broken="source_doi is null",
        ),
        ValueRule(
            sentence="Every study belongs to one patient",
            severity="warning",
            relation=(
                "(select study_key, min(study_instance_uid) as study_instance_uid, count(*) as patients"
                " from star.bridge_study_patient join star.dim_study using (study_key) group by study_key)"
            ),
            value="study_instance_uid",
            broken="patients > 1",
        ),
        *CONFORMED,
    )
