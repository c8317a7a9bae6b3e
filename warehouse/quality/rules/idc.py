"""Rules about IDC: what the models must not lose or invent of the index, and what the values of the star may be.

Conservation: each rule is a query over the landed data and a query over the star of the same build, each of which
yields one integer. The landed side is written from the landed columns, a second time on purpose, so that a defect of a
model does not hide itself.

Values: an `error` is a value that makes a published number or key wrong; a `warning` is real data that a reader should
know of. Sources of the limits: DICOM PS3.5 9.1 and 6.2 (unique identifiers, age strings), PS3.3 C.7.1.1 (Patient's
Sex). Whether a term has a mapping is judged by the suite `mappings`.
"""

from __future__ import annotations

from warehouse.quality.rules.idc_artifacts import LANDED_SIZE
from warehouse.quality.rules.rule import ConservationRule, ValueRule, plausible
from warehouse.sql_text import stated

# Conditions: the hierarchy of IDC as far as a series states it.
_COLLECTION, _PATIENT, _STUDY = map(stated, ("collection_id", '"PatientID"', '"StudyInstanceUID"'))

_LANDED_BYTES = f"coalesce(sum({LANDED_SIZE}), 0)"

CONSERVATION = (
    ConservationRule(
        asset=("idc", "idc_index"),
        sentence="The build reads every row of idc_index that was landed",
        landed="select sum(row_count) from landed.loads where source_id = 'idc' and dataset = 'idc_index'",
        star="select count(*) from landed_idc.idc_index",
    ),
    ConservationRule(
        asset=("star", "fct_series"),
        sentence="fct_series has one row for each IDC series",
        landed="select count(*) from landed_idc.idc_index",
        star="select count(*) from star.fct_series where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "fct_series"),
        sentence="fct_series has every instance of IDC",
        landed=f"""select sum({plausible('"instanceCount"')}) from landed_idc.idc_index""",
        star="select sum(instance_count) from star.fct_series where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "fct_series"),
        sentence="fct_series has every byte of IDC",
        landed=f"select {_LANDED_BYTES} from landed_idc.idc_index",
        star="select sum(size_bytes) from star.fct_series where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "fct_series"),
        sentence="fct_series keeps every mention of an analysis result",
        landed="select count(nullif(trim(analysis_result_id), '')) from landed_idc.idc_index",
        star="select count(analysis_result_key) from star.fct_series where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "fct_series_version"),
        sentence="fct_series_version has one row for each current and each prior revision of an IDC series",
        landed=(
            "select (select count(*) from landed_idc.idc_index)"
            " + (select count(*) from landed_idc.prior_versions_index)"
        ),
        star="select count(*) from star.fct_series_version where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "fct_series_version"),
        sentence="fct_series_version has every byte of the current and prior revisions of IDC",
        landed=(
            f"select (select {_LANDED_BYTES} from landed_idc.idc_index)"
            f" + (select {_LANDED_BYTES} from landed_idc.prior_versions_index)"
        ),
        star="select sum(size_bytes) from star.fct_series_version where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "dim_patient"),
        sentence="dim_patient has one row for each PatientID of each IDC collection",
        landed=(
            'select count(*) from (select distinct collection_id, "PatientID" from landed_idc.idc_index'
            f" where {_COLLECTION} and {_PATIENT})"
        ),
        star="select count(*) from star.dim_patient where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "dim_study"),
        sentence="dim_study has one row for each IDC study",
        landed=(f'select count(*) from (select distinct "StudyInstanceUID" from landed_idc.idc_index where {_STUDY})'),
        star="select count(*) from star.dim_study where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "dim_collection"),
        sentence="dim_collection has one row for each IDC collection, described, current or prior",
        landed=(
            "select count(*) from (select collection_id from landed_idc.idc_index"
            " union select collection_id from landed_idc.collections_index"
            f" union select collection_id from landed_idc.prior_versions_index) where {_COLLECTION}"
        ),
        star="select count(*) from star.dim_collection where source_id = 'idc'",
    ),
    ConservationRule(
        asset=("star", "dim_collection"),
        sentence="dim_collection marks the IDC collections that the release holds",
        landed=(
            "select count(*) from (select collection_id from landed_idc.idc_index"
            f" union select collection_id from landed_idc.collections_index) where {_COLLECTION}"
        ),
        star="select count(*) from star.dim_collection where source_id = 'idc' and is_in_release",
    ),
    ConservationRule(
        asset=("star", "dim_analysis_result"),
        sentence="dim_analysis_result describes each analysis result of the IDC index",
        landed="select count(*) from landed_idc.analysis_results_index",
        star="select count(*) from star.dim_analysis_result where source_id = 'idc' and is_described",
    ),
    ConservationRule(
        asset=("star", "bridge_study_patient"),
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
        asset=("star", "bridge_collection_license"),
        sentence="bridge_collection_license counts every IDC series once",
        landed=(f"select count(*) from landed_idc.idc_index where {_COLLECTION} and trim(license_short_name) <> ''"),
        star=(
            "select sum(series_count) from star.bridge_collection_license"
            " join star.dim_collection using (collection_key) where source_id = 'idc'"
        ),
    ),
    ConservationRule(
        asset=("star", "bridge_collection_analysis_result"),
        sentence="bridge_collection_analysis_result counts every IDC series of an analysis result once",
        landed=(f"select count(nullif(trim(analysis_result_id), '')) from landed_idc.idc_index where {_COLLECTION}"),
        star=(
            "select sum(series_count) from star.bridge_collection_analysis_result"
            " join star.dim_collection using (collection_key) where source_id = 'idc'"
        ),
    ),
    ConservationRule(
        asset=("star", "bridge_collection_source"),
        sentence="bridge_collection_source has every source of every IDC collection",
        landed="select sum(json_array_length(sources)) from landed_idc.collections_index",
        star=(
            "select count(*) from star.bridge_collection_source"
            " join star.dim_collection using (collection_key) where source_id = 'idc'"
        ),
    ),
)

# What is an error of IDC is a warning of the portals, whose records may hold anything (`conformed`).
_IDC_SERIES = "(select * from star.fct_series where source_id = 'idc')"

_IDC_STUDIES = "(select * from star.dim_study where source_id = 'idc')"

# One such row in a night is published as it is; none is known in the real releases.
_NO_INSTANCES = "coalesce(instance_count, 0) < 1"
_NO_SIZE = "coalesce(size_bytes, -1) < 0"

# Components of digits without leading zeros, joined by dots, 64 characters at most.
_UID_FORM = r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*"


def _not_a_uid(column: str) -> str:
    return f"{column} is null or length({column}) > 64 or not regexp_full_match({column}, '{_UID_FORM}')"


def _few_series(sentence: str, column: str, broken: str) -> ValueRule:
    """Stop a release of which many series break a rule; a few are published with a warning that names them."""
    return ValueRule(("star", "fct_series"), sentence, "error", _IDC_SERIES, column, broken, tolerated_percent=1)


VALUES = (
    ValueRule(
        asset=("star", "fct_series"),
        sentence="Every series_instance_uid of fct_series has the form of a DICOM UID",
        severity="warning",
        relation=_IDC_SERIES,
        value="series_instance_uid",
        broken=_not_a_uid("series_instance_uid"),
    ),
    ValueRule(
        asset=("star", "dim_study"),
        sentence="Every study_instance_uid of dim_study has the form of a DICOM UID",
        severity="warning",
        relation=_IDC_STUDIES,
        value="study_instance_uid",
        broken=_not_a_uid("study_instance_uid"),
    ),
    ValueRule(
        asset=("star", "fct_series"),
        sentence="Every series has at least one instance",
        severity="warning",
        relation=_IDC_SERIES,
        value="series_instance_uid",
        broken=_NO_INSTANCES,
    ),
    ValueRule(
        asset=("star", "fct_series"),
        sentence="No series has a negative or unknown size",
        severity="warning",
        relation=_IDC_SERIES,
        value="series_instance_uid",
        broken=_NO_SIZE,
    ),
    _few_series(
        "At most 1 series in 100 has a series_instance_uid without the form of a DICOM UID",
        "series_instance_uid",
        _not_a_uid("series_instance_uid"),
    ),
    ValueRule(
        asset=("star", "dim_study"),
        sentence="At most 1 study in 100 has a study_instance_uid without the form of a DICOM UID",
        severity="error",
        relation=_IDC_STUDIES,
        value="study_instance_uid",
        broken=_not_a_uid("study_instance_uid"),
        tolerated_percent=1,
    ),
    # Without these a release has no collections, patients or studies to count: as indispensable as the key.
    *(
        _few_series(f"At most 1 series in 100 has no {column}", "series_instance_uid", f"{column} is null")
        for column in ("collection_id", "patient_id", "study_instance_uid")
    ),
    *(
        _few_series(f"At most 1 series in 100 has no {column}", column, f"{column} is null")
        for column in ("modality", "license_id")
    ),
    _few_series("At most 1 series in 100 has no instance", "instance_count", _NO_INSTANCES),
    _few_series("At most 1 series in 100 has a negative or unknown size", "size_bytes", _NO_SIZE),
    ValueRule(
        asset=("idc", "idc_index"),
        sentence="Every study date of idc_index is a date",
        severity="warning",
        relation="landed_idc.idc_index",
        value='"StudyDate"',
        broken='nullif(trim("StudyDate"), \'\') is not null and try_cast("StudyDate" as date) is null',
    ),
    ValueRule(
        asset=("star", "fct_series"),
        sentence="Every study took place between 1880 and the year in which its release was fetched",
        severity="warning",
        relation="star.fct_series",
        value="study_date",
        broken="year(study_date) not between 1880 and getvariable('latest_year')",
    ),
    ValueRule(
        asset=("star", "fct_series"),
        sentence="Every patient age is a DICOM age string",
        severity="warning",
        relation="star.fct_series",
        value="patient_age_raw",
        broken="patient_age_raw is not null and patient_age_years is null and not age_is_placeholder",
    ),
    ValueRule(
        asset=("star", "fct_series"),
        sentence="No patient age is a placeholder: 000Y outside of paediatric collections, or more than 120 years",
        severity="warning",
        relation="star.fct_series",
        value="patient_age_raw",
        broken="age_is_placeholder",
    ),
    ValueRule(
        asset=("star", "fct_series"),
        sentence="Every patient sex is a DICOM term: F, M or O",
        severity="warning",
        relation="star.fct_series",
        value="patient_sex_raw",
        broken="patient_sex_raw not in ('F', 'M', 'O')",
    ),
    ValueRule(
        asset=("star", "fct_series"),
        sentence="Every analysis result that series name is described by the index of analysis results",
        severity="warning",
        relation="star.fct_series as series join star.dim_analysis_result as results using (analysis_result_key)",
        value="series.analysis_result_id",
        # A release without that index (the wheels up to v22) shows in the suite `landed loads`, once.
        broken="not results.is_described and exists (select 1 from landed_idc.analysis_results_index)",
    ),
    ValueRule(
        asset=("star", "fct_series"),
        sentence="Every series names the DOI of its source",
        severity="warning",
        relation=_IDC_SERIES,
        value="collection_id",
        broken="source_doi is null",
    ),
    ValueRule(
        asset=("star", "fct_series_version"),
        sentence="No earlier IDC release that is landed contradicts the span of a series",
        severity="warning",
        relation="star.fct_series_version",
        value="collection_id",
        broken="span_is_contradicted",
    ),
    ValueRule(
        asset=("star", "fct_series_version"),
        sentence="No two spans of one IDC series share a release",
        severity="warning",
        relation="star.fct_series_version",
        value="collection_id || ': ' || series_instance_uid",
        broken="overlaps_other_span",
    ),
    ValueRule(
        asset=("star", "bridge_study_patient"),
        sentence="Every study belongs to one patient",
        severity="warning",
        relation=(
            "(select study_key, min(study_instance_uid) as study_instance_uid, count(*) as patients"
            " from star.bridge_study_patient join star.dim_study using (study_key) group by study_key)"
        ),
        value="study_instance_uid",
        broken="patients > 1",
    ),
)
