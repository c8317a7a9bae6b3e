"""What the values of the conformed dimensions and of the portals' studies and series may be.

All are warnings: a malformed identifier or a reference without a record is what a source says, and the star keeps it
visible.
"""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.quality.rules.value_rule import ValueRule

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


def _rules() -> Iterator[ValueRule]:
    yield ValueRule(
        sentence="Every repository that the Hub names is known",
        severity="warning",
        relation="star.dim_source",
        value="commons_name",
        broken="not is_known",
    )
    for table, column, what in _IDENTIFIED:
        yield ValueRule(
            sentence=f"Every {column} of a portal's {what} has the form of a DICOM UID",
            severity="warning",
            relation=f"star.{table}",
            value=f"source_id || ': ' || coalesce({column}, 'none')",
            broken="source_id <> 'idc' and not has_valid_uid",
        )
        yield ValueRule(
            sentence=f"No {column} stands in two records of one portal's {what}",
            severity="warning",
            relation=f"star.{table}",
            value=f"source_id || ': ' || {column}",
            broken="is_repeated_uid",
        )
    for table, what, column in _NAMED:
        yield ValueRule(
            sentence=f"Every {what} that records of a portal name has a record itself",
            severity="warning",
            relation=f"star.{table}",
            value=f"source_id || ': ' || {column}",
            broken="source_id <> 'idc' and not is_described",
        )
    yield ValueRule(
        sentence="Every series of MIDRC has at least one instance",
        severity="warning",
        relation="star.fct_series",
        value="instance_count",
        broken="source_id = 'midrc' and coalesce(instance_count, 0) < 1",
    )
    yield ValueRule(
        sentence="No series of MIDRC has a negative or unknown size",
        severity="warning",
        relation="star.fct_series",
        value="size_bytes",
        broken="source_id = 'midrc' and coalesce(size_bytes, -1) < 0",
    )


CONFORMED = tuple(_rules())
"""The rules of this area."""
