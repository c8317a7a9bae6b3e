"""Rules about IDC's clinical tables: no value is lost, and what is odd about one is counted and stays visible.

The rules hold where no tables were asked for as well: no value is loaded, so none may be in the star.
"""

from __future__ import annotations

from warehouse.quality.rules.rule import ConservationRule, ValueRule
from warehouse.quality.verdicts import Asset

_ASSET: Asset = ("star", "fct_clinical_value")
_RELATION = "star.fct_clinical_value"
_TYPED = ("value_number", "value_date", "value_timestamp", "value_boolean")

CONSERVATION = (
    ConservationRule(
        asset=_ASSET,
        sentence="fct_clinical_value has one row for each value of the clinical tables that were landed",
        # From the manifest of the load, so that the layout of the build is held to it too.
        landed="select sum(row_count) from landed.loads where source_id = 'idc' and dataset = 'clinical_value'",
        star=f"select count(*) from {_RELATION} where source_id = 'idc'",
    ),
    ConservationRule(
        asset=_ASSET,
        sentence="fct_clinical_value has every row of the clinical tables that holds a value",
        landed="select count(*) from (select distinct short_table_name, row_number from landed_idc.clinical_value)",
        star=f"select count(*) from (select distinct source_id, short_table_name, row_number from {_RELATION})",
    ),
)


def _rule(sentence: str, value: str, broken: str) -> ValueRule:
    return ValueRule(
        asset=_ASSET, sentence=sentence, severity="warning", relation=_RELATION, value=value, broken=broken
    )


_COLUMN = "short_table_name || '.' || column_name"

VALUES = (
    _rule(
        "Every value of a typed clinical column can be read in its type",
        f"{_COLUMN} || ': ' || value_text",
        "value_type <> 'string' and trim(value_text) <> '' and "
        + " and ".join(f"{column} is null" for column in _TYPED),
    ),
    _rule(
        "Every value of a clinical table belongs to one collection",
        "short_table_name",
        "collection_id is null",
    ),
    _rule(
        "Every patient of a clinical table is known to the collection",
        "short_table_name || ': ' || patient_id",
        "column_name = 'dicom_patient_id' and collection_id is not null"
        " and (patient_key is null or patient_key not in (select patient_key from star.dim_patient))",
    ),
    _rule(
        "Every column of a clinical table is in its dictionary",
        _COLUMN,
        "collection_id is not null and clinical_column_key is null",
    ),
)
