"""Every cause of a gap and every disagreement is planted and found again, row for row, and the causes are the gap."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.reconciliation.planted_gaps import land_gaps
from warehouse.build import Build, prepare, run_models
from warehouse.quality.audit import audit_star
from warehouse.settings import Settings

IDC_PATIENTS_OF_COLLECTION_0 = {f"idc:collection_0/patient-{number}" for number in range(0, 120, 3)}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    home = tmp_path_factory.mktemp("gaps")
    landing, releases = land_gaps(home)
    built = prepare(home, landing, releases, Settings(home=home))
    run_models(built, Settings(home=home))
    return built


@pytest.fixture(scope="module")
def star(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(build.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def rows(star: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return star.execute(query).fetchall()


def found(star: duckdb.DuckDBPyConnection, comparison: str, side: str, cause: str) -> list[str]:
    """Return the natural ids of the rows that have a cause."""
    query = f"""
        select natural_id from rec_gap_row
        where comparison_id = '{comparison}' and side = '{side}' and cause = '{cause}' order by natural_id
    """
    return [text for (text,) in rows(star, query)]


def test_the_causes_are_the_gap_of_every_comparison(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select
            rec_gap.comparison_id,
            gap,
            coalesce(sum(case when side = 'left' then cause_count else -cause_count end), 0),
            unexplained_count,
            coalesce(sum(case when not is_explained then cause_count end), 0)
        from rec_gap left join rec_gap_cause using (comparison_id)
        where is_compared
        group by all
    """
    found = rows(star, query)
    assert len(found) == 21
    assert [entry[0] for entry in found if entry[1] != entry[2] or entry[3] != entry[4]] == []
    assert sum(1 for entry in found if entry[1]) > 6


def test_the_counts_are_those_of_the_systems(star: duckdb.DuckDBPyConnection) -> None:
    counted = {
        "midrc-bih:case": ("dim_patient", "is_described"),
        "midrc-bih:study": ("dim_study", "is_described"),
        "midrc-bih:series": ("fct_series", "true"),
    }
    for comparison, (table, condition) in counted.items():
        query = f"""
            select
                (select count(*) from {table} where source_id = 'midrc' and {condition}),
                (select count(*) from {table} where repository_id = 'bih_midrc' and {condition}),
                left_count,
                right_count
            from rec_gap where comparison_id = '{comparison}'
        """
        ((portal, hub, left, right),) = rows(star, query)
        assert (left, right) == (portal, hub)


@pytest.mark.parametrize(
    ("table", "source"),
    [
        ("xwalk_series", "fct_series"),
        ("xwalk_study", "dim_study where is_described"),
        ("xwalk_patient", "dim_patient where is_described"),
    ],
)
def test_every_row_of_every_system_is_in_one_row_of_the_crosswalk(
    star: duckdb.DuckDBPyConnection, table: str, source: str
) -> None:
    total = "idc_count + midrc_count + bih_idc_count + bih_midrc_count + bih_tcia_count + bih_other_count"
    ((inside,),) = rows(star, f"select sum({total}) from {table}")
    ((outside,),) = rows(star, f"select count(*) from {source}")
    assert inside == outside


def test_what_is_newer_than_the_hub_says_so(star: duckdb.DuckDBPyConnection) -> None:
    newer = "newer_than_hub"
    assert found(star, "idc-bih:patient", "left", newer) == [
        "idc:collection_0/patient-new",
        "idc:collection_0/patient-of-unknown-age",
    ]
    assert found(star, "idc-bih:study", "left", newer) == ["7.1", "7.2"]
    assert found(star, "idc-bih:series", "left", newer) == ["7.1.1", "7.2.1"]
    assert "midrc:C-new" in found(star, "midrc-bih:case", "left", newer)
    assert "6.2" in found(star, "midrc-bih:study", "left", newer)


def test_a_whole_collection_that_is_absent_says_so(star: duckdb.DuckDBPyConnection) -> None:
    assert "midrc:C-alone" in found(star, "midrc-bih:case", "left", "collection_absent")
    absent = found(star, "idc-bih:patient", "left", "collection_absent")
    assert {text.split("/")[0] for text in absent} == {"idc:collection_1", "idc:collection_2"}
    assert len(absent) == 80


def test_what_was_withdrawn_says_so(star: duckdb.DuckDBPyConnection) -> None:
    assert found(star, "idc-bih:patient", "right", "withdrawn") == ["idc:collection_0/patient-gone"]
    assert found(star, "idc-bih:study", "right", "withdrawn") == ["8.1"]
    assert found(star, "idc-bih:series", "right", "withdrawn") == ["8.1.1"]


def test_identifiers_that_are_none_or_stand_twice_say_so(star: duckdb.DuckDBPyConnection) -> None:
    malformed, repeated = "malformed_identifier", "repeated_identifier"
    assert found(star, "idc-bih:study", "left", malformed) == ["not a uid"]
    assert found(star, "idc-bih:series", "left", malformed) == ["not a uid either"]
    assert found(star, "idc-bih:study", "right", malformed) == ["5.05"]
    assert len(found(star, "idc-bih:patient", "right", malformed)) == 1
    assert len(found(star, "midrc-bih:case", "left", malformed)) == 1
    assert found(star, "idc-bih:patient", "right", repeated) == ["idc:collection_0/patient-0"]
    assert found(star, "idc-bih:series", "right", repeated) == ["1.2.840.1.0"]
    assert found(star, "midrc-bih:case", "left", repeated) == ["midrc:C-sample"]


def test_a_missing_parent_explains_what_hangs_on_it(star: duckdb.DuckDBPyConnection) -> None:
    studies = found(star, "idc-bih:study", "left", "parent_absent")
    assert "1.2.840.2.6" in studies
    assert not {"1.2.840.2.0", "1.2.840.2.3"} & set(studies)
    assert "6.1" in found(star, "midrc-bih:study", "left", "parent_absent")
    assert "6.1.1" in found(star, "midrc-bih:series", "left", "parent_absent")


def test_what_nothing_explains_is_unexplained_or_the_sample_of_a_stand_in(star: duckdb.DuckDBPyConnection) -> None:
    held = {"idc:collection_0/patient-0", "idc:collection_0/patient-3"}
    assert set(found(star, "idc-bih:patient", "left", "unexplained")) == IDC_PATIENTS_OF_COLLECTION_0 - held
    assert found(star, "idc-bih:patient", "right", "unexplained") == ["idc:collection_0/patient-odd"]
    assert found(star, "idc-bih:study", "left", "unexplained") == ["1.2.840.2.3"]
    ours = {f"1.2.840.1.{number}" for number in range(120, 2400, 120)}
    assert set(found(star, "idc-bih:series", "left", "unexplained")) == ours
    assert "midrc:C-sample" in found(star, "midrc-bih:case", "left", "synthetic_sample")
    assert rows(
        star, "select count(*) from rec_gap_row where cause = 'unexplained' and comparison_id like 'midrc%'"
    ) == [(0,)]


def test_a_side_without_any_record_of_the_kind_says_so(star: duckdb.DuckDBPyConnection) -> None:
    query = "select distinct side, cause from rec_gap_row where comparison_id = 'idc_tcia-bih_tcia:series'"
    assert rows(star, query) == [("right", "type_not_indexed")]


def test_the_collections_index_is_held_against_the_release(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select comparison_id, side, cause, cause_count from rec_gap_cause
        where comparison_id like 'idc-idc_collections%' order by all
    """
    assert rows(star, query) == [
        ("idc-idc_collections:collection", "right", "without_series", 1),
        ("idc-idc_collections:patient", "left", "counted_otherwise", 2),
        ("idc-idc_collections:patient", "right", "without_series", 7),
    ]


def test_the_portals_own_totals_and_indexd_are_held_against_what_is_landed(star: duckdb.DuckDBPyConnection) -> None:
    query = "select gap, unexplained_count from rec_gap where comparison_id = '{}'"
    assert rows(star, query.format("midrc_reported-midrc:case")) == [(-6, 6)]
    assert rows(star, query.format("midrc_reported-midrc:annotation")) == [(0, 0)]
    assert rows(star, query.format("bih_reported-bih:imaging_series")) == [(-4, 4)]
    ((gap, unexplained),) = rows(star, query.format("midrc-indexd:file"))
    assert gap < 0
    assert unexplained == 0


def test_disagreements_are_found_and_silence_is_none(star: duckdb.DuckDBPyConnection) -> None:
    case = """
        select sex_disagrees, race_disagrees, ethnicity_disagrees, age_years_disagrees, midrc_sex, bih_sex
        from xwalk_patient where natural_id = 'midrc:C-both'
    """
    assert rows(star, case) == [(True, True, False, False, "female", "male")]
    series = """
        select in_idc, in_midrc, in_bih, in_bih_tcia, bih_idc_count, modality_disagrees, body_part_id_disagrees,
            license_id_disagrees, idc_modality, bih_modality, bih_tcia_modality
        from xwalk_series where natural_id = '1.2.840.1.0'
    """
    assert rows(star, series) == [(True, False, True, True, 2, True, False, True, "CT", "CT", "MR")]
    counted = "select attribute, agreeing_count, disagreeing_count, right_missing_count from rec_disagreement"
    assert rows(star, f"{counted} where comparison_id = 'idc-bih_tcia:series' order by all") == [
        ("body_part_id", 0, 0, 1),
        ("license_id", 1, 0, 0),
        ("modality", 0, 1, 0),
    ]


@pytest.mark.full
def test_keys_and_references_of_the_reconciliation_hold(build: Build) -> None:
    mine = [verdict for verdict in audit_star(build) if verdict.suite in ("star keys", "star references")]
    assert mine
    assert [verdict.observed for verdict in mine if not verdict.passed and verdict.severity == "error"] == []


def test_a_collection_of_idc_finds_itself_in_the_hub_with_what_both_hold(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select right_collection_id, list_contains(evidence, 'name'), list_contains(evidence, 'patient'),
            shared_patient_count = (
                select count(*) from xwalk_patient
                where idc_count > 0 and bih_idc_count > 0 and natural_id like 'idc:collection_0/%'
            )
        from xwalk_collection
        where left_system_id = 'idc' and left_collection_id = 'collection_0' and right_system_id = 'bih_idc'
    """
    assert rows(star, query) == [("collection_0", True, True, True)]
