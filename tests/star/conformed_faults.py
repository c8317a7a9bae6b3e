"""SQL that spoils the conformed tables, so that each rule of conservation has something to find."""

from __future__ import annotations

from warehouse.quality.rules.rule import ConservationRule

BRIDGES = (
    "bridge_patient_collection",
    "bridge_study_patient",
    "bridge_study_collection",
    "bridge_series_collection",
    "bridge_study_modality",
    "bridge_study_body_part",
    "bridge_study_covid_test",
)

# Rules about sums, and about values that rows keep: a change of the star that each must find.
ALTERED = {
    "dim_collection has every dataset that cases of the portal name": (
        "delete from star.bridge_patient_collection where collection_key ="
        " (select collection_key from star.dim_collection where collection_id = 'planted-two')"
    ),
    "dim_patient keeps every sex, race, ethnicity and COVID-19 status that the portal states": (
        "update star.dim_patient set race_raw = null where patient_node_id = 'planted-case-a'"
    ),
    "dim_patient keeps every race that the Hub states": (
        "update star.dim_patient set race_raw = null where patient_node_id = 'planted-subject-1'"
    ),
    "fct_study counts every IDC series once": (
        "update star.fct_study set series_count = 0 where study_instance_uid = '1.2.840.2.7'"
    ),
    "fct_study has every instance of IDC": (
        "update star.fct_study set instance_count = 0 where study_instance_uid = '1.2.840.2.7'"
    ),
    "fct_study keeps every LOINC code and description that the portal states": (
        "update star.fct_study set study_description = null where source_id = 'midrc'"
    ),
    "fct_study keeps every LOINC code and description that the Hub states": (
        "update star.fct_study set loinc_code = null where source_id = 'bih'"
    ),
    "fct_series has every instance of the series files of the portal": (
        "update star.fct_series set instance_count = 8 where series_node_id = 'planted-file-a'"
    ),
    "fct_series has every byte of the series files of the portal": (
        "update star.fct_series set size_bytes = 124 where series_node_id = 'planted-file-a'"
    ),
    "fct_series keeps every modality, body part and manufacturer that the Hub states": (
        "update star.fct_series set manufacturer_key = null where series_node_id = 'planted-series-1'"
    ),
    "bridge_study_modality has every modality that each imaging study of the portal states": (
        "delete from star.bridge_study_modality where modality = 'QQ'"
    ),
    "bridge_study_modality counts every IDC series with a modality once": (
        "update star.bridge_study_modality set series_count = 0"
    ),
    "bridge_study_body_part has every body part that each imaging study of the portal states": (
        "delete from star.bridge_study_body_part where body_part_examined = 'Aura'"
    ),
    "bridge_study_covid_test has every day that each imaging study of the portal states": (
        "delete from star.bridge_study_covid_test where is_stated and days_from_study = 3"
    ),
    "bridge_study_body_part counts every IDC series with a body part once": (
        "update star.bridge_study_body_part set series_count = series_count + 1"
    ),
}


def losing_a_row(rule: ConservationRule) -> str:
    """Return SQL that loses a row, or what a row says, that the rule is about."""
    if rule.sentence in ALTERED:
        return ALTERED[rule.sentence]
    table = rule.sentence.partition(" ")[0]
    condition = rule.star.partition(" where ")[2]
    if table not in BRIDGES:
        return f"delete from star.{table} where rowid = (select min(rowid) from star.{table} where {condition})"
    side, key = rule.star.partition(" join star.")[2].partition(" where ")[0].split(" using ")
    first = f"select min({table}.rowid) from star.{table} join star.{side} using {key} where {condition}"
    return f"delete from star.{table} where rowid = ({first})"
