"""Rules about the conformed tables: dimensions, fct_series, fct_study and their bridges, source by source.

Conservation: what they must not lose or invent. The landed side is written from the landed columns alone: a list counts
its values once a record, without white space.

Values: all rules are warnings. A portal may state a malformed identifier or refer to what it does not list, and the
star keeps that visible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from warehouse.quality.rules.rule import ConservationRule, ValueRule, elements_of, plausible
from warehouse.sql_text import stated


@dataclass(frozen=True)
class _Records:
    """Records of a source, of each of which a table has one row.

    `what` names one record, `landed` is the dataset or query (SQL) of all of them, `star` the condition (SQL) of their
    rows in `table`.
    """

    what: str
    landed: str
    table: str
    star: str


@dataclass(frozen=True)
class _Links:
    """Links of a source, of each of which a bridge has one row.

    `what` names one link, `landed` is the query (SQL) of all of them, `through` the join (SQL) that gives the bridge a
    `source_id`, and `source` its value.
    """

    what: str
    landed: str
    bridge: str
    through: str
    source: str


_CASES = 'landed_midrc."case"'
_COLLECTION, _PATIENT, _STUDY = map(stated, ("collection_id", '"PatientID"', '"StudyInstanceUID"'))
_IDC_WITH_STUDY = f"landed_idc.idc_index where {_STUDY}"
_WITH_SERIES = stated("series_uid")
_SERIES_FILES = f"landed_midrc.data_file where {_WITH_SERIES}"

_RECORDS = (
    _Records("dataset of the Hub", "landed_bih.dataset", "dim_collection", "source_id = 'bih' and is_described"),
    _Records("case of the portal", _CASES, "dim_patient", "source_id = 'midrc' and is_described"),
    _Records("subject of the Hub", "landed_bih.subject", "dim_patient", "source_id = 'bih' and is_described"),
    _Records(
        "imaging study of the portal", "landed_midrc.imaging_study", "dim_study", "source_id = 'midrc' and is_described"
    ),
    _Records("imaging study of the Hub", "landed_bih.imaging_study", "dim_study", "source_id = 'bih' and is_described"),
    _Records("imaging study of the portal", "landed_midrc.imaging_study", "fct_study", "source_id = 'midrc'"),
    _Records("imaging study of the Hub", "landed_bih.imaging_study", "fct_study", "source_id = 'bih'"),
    _Records(
        "IDC study",
        f'(select distinct "StudyInstanceUID" from {_IDC_WITH_STUDY})',
        "fct_study",
        "source_id = 'idc'",
    ),
    _Records("file of the portal that holds a series", _SERIES_FILES, "fct_series", "source_id = 'midrc'"),
    _Records("imaging series of the Hub", "landed_bih.imaging_series", "fct_series", "source_id = 'bih'"),
)


_LINKS = (
    _Links(
        "collection of each IDC patient",
        f'select distinct collection_id, "PatientID" from landed_idc.idc_index where {_COLLECTION} and {_PATIENT}',
        "bridge_patient_collection",
        "dim_patient using (patient_key)",
        "idc",
    ),
    _Links(
        "dataset that each case of the portal names",
        elements_of(_CASES, "_case_id", "dataset_submitter_id"),
        "bridge_patient_collection",
        "dim_patient using (patient_key)",
        "midrc",
    ),
    _Links(
        "dataset that each subject of the Hub names",
        elements_of("landed_bih.subject", "_subject_id", "collection_id"),
        "bridge_patient_collection",
        "dim_patient using (patient_key)",
        "bih",
    ),
    _Links(
        "case that each imaging study of the portal names",
        elements_of("landed_midrc.imaging_study", "_imaging_study_id", "case_ids"),
        "bridge_study_patient",
        "dim_study using (study_key)",
        "midrc",
    ),
    _Links(
        "subject that each imaging study of the Hub names",
        elements_of("landed_bih.imaging_study", "_imaging_study_id", "subject_id"),
        "bridge_study_patient",
        "dim_study using (study_key)",
        "bih",
    ),
    _Links(
        "collection of each IDC study",
        (
            'select distinct "StudyInstanceUID", collection_id from landed_idc.idc_index'
            f" where {_STUDY} and {_COLLECTION}"
        ),
        "bridge_study_collection",
        "dim_study using (study_key)",
        "idc",
    ),
    _Links(
        "dataset that each imaging study of the portal names",
        elements_of("landed_midrc.imaging_study", "_imaging_study_id", "dataset_submitter_id"),
        "bridge_study_collection",
        "dim_study using (study_key)",
        "midrc",
    ),
    _Links(
        "dataset that each imaging study of the Hub names",
        elements_of("landed_bih.imaging_study", "_imaging_study_id", "collection_id"),
        "bridge_study_collection",
        "dim_study using (study_key)",
        "bih",
    ),
    _Links(
        "collection of each IDC series",
        f"select collection_id from landed_idc.idc_index where {_COLLECTION}",
        "bridge_series_collection",
        "fct_series using (series_key)",
        "idc",
    ),
    _Links(
        "dataset that each series file of the portal names",
        elements_of("landed_midrc.data_file", "_data_file_id", "dataset_submitter_id", _WITH_SERIES),
        "bridge_series_collection",
        "fct_series using (series_key)",
        "midrc",
    ),
    _Links(
        "dataset that each imaging series of the Hub names",
        elements_of("landed_bih.imaging_series", "_imaging_series_id", "collection_id"),
        "bridge_series_collection",
        "fct_series using (series_key)",
        "bih",
    ),
)


def _stated(*columns: str) -> str:
    """Return the expression (SQL) for the number of values that columns hold together, blank text not counted."""
    return " + ".join(f"count(case when {stated(column)} then 1 end)" for column in columns)


def _conservation_rules() -> Iterator[ConservationRule]:
    for records in _RECORDS:
        yield ConservationRule(
            asset=("star", records.table),
            sentence=f"{records.table} has one row for each {records.what}",
            landed=f"select count(*) from {records.landed}",
            star=f"select count(*) from star.{records.table} where {records.star}",
        )
    for links in _LINKS:
        yield ConservationRule(
            asset=("star", links.bridge),
            sentence=f"{links.bridge} has one row for each {links.what}",
            landed=f"select count(*) from ({links.landed})",
            star=(
                f"select count(*) from star.{links.bridge} join star.{links.through} where source_id = '{links.source}'"
            ),
        )
    yield ConservationRule(
        asset=("star", "dim_collection"),
        sentence="dim_collection has every dataset that cases of the portal name",
        landed=f"select count(distinct name) from ({elements_of(_CASES, '_case_id', 'dataset_submitter_id')})",
        star=(
            "select count(distinct collection_key) from star.bridge_patient_collection"
            " join star.dim_collection using (collection_key) where source_id = 'midrc'"
        ),
    )
    yield ConservationRule(
        asset=("star", "dim_patient"),
        sentence="dim_patient keeps every sex, race, ethnicity and COVID-19 status that the portal states",
        landed=f'select {_stated("sex", "race", "ethnicity", "covid19_positive")} from landed_midrc."case"',
        star=(
            f"select {_stated('sexes_raw[1]', 'race_raw', 'ethnicities_raw[1]', 'covid19_positive_raw')}"
            " from star.dim_patient where source_id = 'midrc'"
        ),
    )
    yield ConservationRule(
        asset=("star", "dim_patient"),
        sentence="dim_patient keeps every race that the Hub states",
        landed=f"select {_stated('race')} from landed_bih.subject",
        star=f"select {_stated('race_raw')} from star.dim_patient where source_id = 'bih'",
    )
    yield ConservationRule(
        asset=("star", "fct_study"),
        sentence="fct_study counts every IDC series once",
        landed=f"select count(*) from {_IDC_WITH_STUDY}",
        star="select sum(series_count) from star.fct_study where source_id = 'idc'",
    )
    yield ConservationRule(
        asset=("star", "fct_study"),
        sentence="fct_study has every instance of IDC",
        landed=f"""select sum({plausible('"instanceCount"')}) from {_IDC_WITH_STUDY}""",
        star="select sum(instance_count) from star.fct_study where source_id = 'idc'",
    )
    yield ConservationRule(
        asset=("star", "fct_study"),
        sentence="fct_study keeps every LOINC code and description that the portal states",
        landed=f"select {_stated('loinc_code', 'study_description')} from landed_midrc.imaging_study",
        star=f"select {_stated('loinc_code', 'study_description')} from star.fct_study where source_id = 'midrc'",
    )
    yield ConservationRule(
        asset=("star", "fct_study"),
        sentence="fct_study keeps every LOINC code and description that the Hub states",
        landed=f"""select {_stated("loinc_code", '"StudyDescription"')} from landed_bih.imaging_study""",
        star=f"select {_stated('loinc_code', 'study_description')} from star.fct_study where source_id = 'bih'",
    )
    yield ConservationRule(
        asset=("star", "fct_series"),
        sentence="fct_series has every instance of the series files of the portal",
        landed=f"select sum({plausible('number_of_instances')}) from {_SERIES_FILES}",
        star="select sum(instance_count) from star.fct_series where source_id = 'midrc'",
    )
    yield ConservationRule(
        asset=("star", "fct_series"),
        sentence="fct_series has every byte of the series files of the portal",
        landed=f"select sum({plausible('file_size')}) from {_SERIES_FILES}",
        star="select sum(size_bytes) from star.fct_series where source_id = 'midrc'",
    )
    yield ConservationRule(
        asset=("star", "fct_series"),
        sentence="fct_series keeps every modality, body part and manufacturer that the Hub states",
        landed=(
            f"""select {_stated('"Modality"', '"BodyPartExamined"', '"Manufacturer"')} from landed_bih.imaging_series"""
        ),
        star=(
            "select count(modality_key) + count(body_part_key) + count(manufacturer_key)"
            " from star.fct_series where source_id = 'bih'"
        ),
    )
    yield ConservationRule(
        asset=("star", "bridge_study_modality"),
        sentence="bridge_study_modality has every modality that each imaging study of the portal states",
        landed=(
            f"select count(*) from ({elements_of('landed_midrc.imaging_study', '_imaging_study_id', 'study_modality')})"
        ),
        star="select count(*) from star.bridge_study_modality where is_stated",
    )
    yield ConservationRule(
        asset=("star", "bridge_study_modality"),
        sentence="bridge_study_modality counts every IDC series with a modality once",
        landed=f"""select {_stated('"Modality"')} from {_IDC_WITH_STUDY}""",
        star=(
            "select sum(series_count) from star.bridge_study_modality"
            " join star.dim_study using (study_key) where source_id = 'idc'"
        ),
    )
    yield ConservationRule(
        asset=("star", "bridge_study_body_part"),
        sentence="bridge_study_body_part has every body part that each imaging study of the portal states",
        landed=(
            "select count(*) from"
            f" ({elements_of('landed_midrc.imaging_study', '_imaging_study_id', 'body_part_examined')})"
        ),
        star="select count(*) from star.bridge_study_body_part where is_stated",
    )
    yield ConservationRule(
        asset=("star", "bridge_study_covid_test"),
        sentence="bridge_study_covid_test has every day that each imaging study of the portal states",
        landed=" + ".join(
            f"(select coalesce(sum(len(list_distinct(days_from_study_to_{result}_covid_test))), 0)"
            " from landed_midrc.imaging_study)"
            for result in ("pos", "neg")
        ).join(("select ", "")),
        star="select count(*) from star.bridge_study_covid_test where is_stated",
    )
    yield ConservationRule(
        asset=("star", "bridge_study_body_part"),
        sentence="bridge_study_body_part counts every IDC series with a body part once",
        landed=f"""select {_stated('"BodyPartExamined"')} from {_IDC_WITH_STUDY}""",
        star=(
            "select sum(series_count) from star.bridge_study_body_part"
            " join star.dim_study using (study_key) where source_id = 'idc'"
        ),
    )


CONSERVATION = tuple(_conservation_rules())

# (fact, identifier, what its rows are)
_IDENTIFIED = (
    ("fct_series", "series_instance_uid", "series"),
    ("dim_study", "study_instance_uid", "study"),
)

# (dimension, what its rows are, what is quoted)
_NAMED = (
    ("dim_collection", "collection", "collection_id"),
    ("dim_patient", "patient", "patient_id"),
    ("dim_study", "study", "study_instance_uid"),
)


def _value_rules() -> Iterator[ValueRule]:
    yield ValueRule(
        asset=("star", "dim_source"),
        sentence="Every repository that the Hub names is known",
        severity="warning",
        relation="star.dim_source",
        value="commons_name",
        broken="not is_known",
    )
    for table, column, what in _IDENTIFIED:
        yield ValueRule(
            asset=("star", table),
            sentence=f"Every {column} of a portal's {what} has the form of a DICOM UID",
            severity="warning",
            relation=f"star.{table}",
            value=f"source_id || ': ' || coalesce({column}, 'none')",
            broken="source_id <> 'idc' and not has_valid_uid",
        )
        yield ValueRule(
            asset=("star", table),
            sentence=f"No {column} occurs in two records of one portal's {what}",
            severity="warning",
            relation=f"star.{table}",
            value=f"source_id || ': ' || {column}",
            broken="is_repeated_uid",
        )
    for table, what, column in _NAMED:
        yield ValueRule(
            asset=("star", table),
            sentence=f"Every {what} that records of a portal name has a record itself",
            severity="warning",
            relation=f"star.{table}",
            value=f"source_id || ': ' || {column}",
            broken="source_id <> 'idc' and not is_described",
        )
    yield ValueRule(
        asset=("star", "fct_series"),
        sentence="Every series of MIDRC has at least one instance",
        severity="warning",
        relation="star.fct_series",
        value="instance_count",
        broken="source_id = 'midrc' and coalesce(instance_count, 0) < 1",
    )
    yield ValueRule(
        asset=("star", "fct_series"),
        sentence="No series of MIDRC has a negative or unknown size",
        severity="warning",
        relation="star.fct_series",
        value="size_bytes",
        broken="source_id = 'midrc' and coalesce(size_bytes, -1) < 0",
    )


VALUES = tuple(_value_rules())
