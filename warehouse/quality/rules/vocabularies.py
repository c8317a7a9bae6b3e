"""The vocabularies that raw terms are mapped to, as the model rpt_mapping names them."""

from __future__ import annotations

VOCABULARIES = (
    "modality",
    "body part",
    "manufacturer",
    "licence",
    "sex",
    "race",
    "ethnicity",
    "COVID-19 status",
    "type of algorithm",
    "tumour location",
)
