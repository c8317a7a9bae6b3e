"""Who the patients of a real IDC release are: what release 25.0.5 holds, and what the star says of it."""

from __future__ import annotations

from typing import Any

import duckdb

# Patients by species, is_human and is_phantom. The collections' own words: 15 of them are of phantoms, and the 2,994
# subjects of victre, which says Human and Breast Cancer, are those of an in-silico trial.
KINDS = {
    ("human", True, False): 81331,
    ("human, mouse", None, False): 919,
    ("phantom", False, True): 3447,
    ("mouse", False, False): 392,
    ("canine", False, False): 362,
}
# Series by what their age string says, and the age that they have.
PLACEHOLDERS = {
    ("000Y", True, None): 10620,
    ("155Y", True, None): 2,
    # Infants of pediatric_ct_seg and of rms_mutation_prediction, whose other ages are those of children.
    ("000Y", False, 0.0): 2,
    ("000M", False, 0.0): 8,
}


def _counts(rows: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    return {row[:-1]: row[-1] for row in rows}


def assert_people_are_told(star: duckdb.DuckDBPyConnection) -> None:
    """Hold species, ages and sexes of a star over release 25.0.5 against what the release holds."""
    patients = "from dim_patient where source_id = 'idc'"
    kinds = star.execute(f"select species, is_human, is_phantom, count(*) {patients} group by all").fetchall()
    assert _counts(kinds) == KINDS
    collections = "from dim_collection where source_id = 'idc' and is_phantom"
    assert star.execute(f"select count(*) {collections}").fetchall() == [(16,)]
    assert star.execute(f"select is_human {collections} and collection_id = 'victre'").fetchall() == [(False,)]

    ages = star.execute("""
        select patient_age_raw, age_is_placeholder, patient_age_years, count(*)
        from fct_series
        where age_is_placeholder or (source_id = 'idc' and patient_age_years = 0)
        group by all
    """).fetchall()
    assert _counts(ages) == PLACEHOLDERS
    assert star.execute(f"""
        select
            count(*) filter (has_placeholder_age),
            min(age_years) filter (has_placeholder_age),
            count(age_years) filter (has_placeholder_age),
            count(*) filter (age_years = 0),
            count(*) filter (age_years < 0.077 and collection_id = 'ccdi_mci'),
            count(*) filter (ages_conflict)
        {patients}
    """).fetchall() == [(607, 38.0, 20, 6, 7, 31)]

    sexes = star.execute(f"select sex, sex_values_yielded, count(*) {patients} group by all").fetchall()
    told = _counts(sexes)
    assert told[("male", True)] + told[("female", True)] == 418
    assert told[("conflicting", False)] == 41
