"""What single dirty records of the portals become in the star, beside the sources of the same things."""

from __future__ import annotations

from datetime import date

import duckdb

from tests.star.conftest import number, rows
from warehouse.quality.rules.vocabularies import VOCABULARIES


def test_cases_of_one_submitter_id_are_two_patients(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select patient_node_id, patient_id, sex, sexes_raw, race, race_raw, ethnicity, covid19_status, age_years
        from dim_patient where source_id = 'midrc' and patient_node_id like 'planted-%' order by 1
    """
    first, second, third = rows(star, query)
    assert first == (
        *("planted-case-a", "planted-P1", "female", ["FEMALE"], "unmapped", "Vulcan", "not applicable", "not reported"),
        41.5,
    )
    assert second == (
        *("planted-case-b", "planted-P1", "missing", None, "missing", None, "unknown", "unmapped"),
        None,
    )
    assert third[1:5] == (None, "not reported", ["Not reported"], "more than one race")
    assert third[5:7] == ("More than one race", "unmapped")


def test_what_a_source_does_not_tell_of_anybody_is_not_applicable(star: duckdb.DuckDBPyConnection) -> None:
    query = "select distinct source_id, race = 'not applicable', covid19_status = 'not applicable' from dim_patient"
    assert set(rows(star, f"{query} where is_described")) == {
        ("idc", True, True),
        ("midrc", False, False),
        ("bih", False, True),
    }


def test_a_case_of_several_datasets_has_no_key_of_one_and_all_in_the_bridge(star: duckdb.DuckDBPyConnection) -> None:
    patient = "patient_node_id = 'planted-case-a'"
    assert rows(star, f"select collection_key, collection_id from dim_patient where {patient}") == [(None, None)]
    query = f"""
        select collections.collection_id from bridge_patient_collection as links
        join dim_patient as patients on links.patient_key = patients.patient_key
        join dim_collection as collections on links.collection_key = collections.collection_key
        where {patient} order by 1
    """
    assert rows(star, query) == [("planted-one",), ("planted-two",)]
    query = "select source_id, count(*) = count(collection_key) from dim_patient where is_described group by all"
    assert dict(rows(star, query))["idc"] is True


def test_a_dataset_takes_its_terms_from_cases_of_it_alone(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select collection_id, license_id, collection_doi, is_described
        from dim_collection where source_id = 'midrc' and collection_id like 'planted-%' order by 1
    """
    assert rows(star, query) == [
        ("planted-one", "CC BY 9.9", "10.5555/abc", False),
        ("planted-two", None, None, False),
    ]
    query = "select bool_and(license_key is not null) from dim_collection where source_id = 'midrc' and is_described"
    assert rows(star, query) == [(True,)]


def test_a_copy_in_another_repository_points_at_what_that_repository_describes(
    star: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select series.series_node_id, series.series_instance_uid, series.is_repeated_uid, series.repository_id,
            studies.study_node_id, patients.patient_node_id, collections.collection_node_id
        from fct_series as series
        join dim_study as studies on series.study_key = studies.study_key
        join dim_patient as patients on series.patient_key = patients.patient_key
        join dim_collection as collections on series.collection_key = collections.collection_key
        where series.series_instance_uid = '9.1.1' order by 1
    """
    assert rows(star, query) == [
        (
            *("planted-series-1", "9.1.1", False, "bih_idc"),
            *("planted-study-1", "planted-subject-1", "planted-dataset-1"),
        ),
        (
            *("planted-series-2", "9.1.1", True, "bih_tcia"),
            *("planted-study-2", "planted-subject-2", "planted-dataset-2"),
        ),
    ]


def test_patients_of_the_hub_have_what_their_studies_tell(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select coalesce(patient_node_id, patient_id), sex, sexes_raw, ethnicity, race, age_years_min,
            age_years_max, is_described
        from dim_patient
        where source_id = 'bih' and (patient_id like 'planted-%' or patient_node_id like 'planted-%') order by 1
    """
    assert rows(star, query) == [
        ("planted-S7", "unmapped", ["X"], "unknown", "missing", None, None, False),
        ("planted-S9", "conflicting", ["Female", "X"], "unknown", "missing", 60.0, 60.0, False),
        ("planted-subject-1", "male", ["Male"], "unmapped", "asian", 40.0, 40.0, True),
        ("planted-subject-2", "conflicting", ["Female", "Male"], "missing", "unmapped", 50.0, 60.0, True),
        ("planted-subject-3", "missing", None, "missing", "missing", None, None, True),
    ]


def test_each_text_of_a_patient_who_states_several_is_mapped_by_itself(star: duckdb.DuckDBPyConnection) -> None:
    stated = "select count(*) from dim_patient where source_id = 'bih' and list_contains(sexes_raw, $1)"
    counted = "select record_count, unmapped_reason from rpt_unmapped_value where source_id = 'bih' and raw_value = $1"
    (patients,) = star.execute(stated, ["X"]).fetchall()
    assert star.execute(counted + " and vocabulary = 'sex'", ["X"]).fetchall() == [(*patients, None)]


def test_patients_are_what_their_collection_tells(star: duckdb.DuckDBPyConnection) -> None:
    query = "select species, is_human, is_phantom, sex_values_yielded from dim_patient where patient_node_id = $1"
    (subject,) = star.execute(query, ["planted-subject-1"]).fetchall()
    assert subject == (None, None, False, False)
    query = "select species, is_human, is_phantom from dim_collection where collection_node_id = $1"
    assert star.execute(query, ["planted-dataset-3"]).fetchall() == [("phantom", False, True)]
    people = """
        select distinct source_id from dim_patient
        where coalesce(repository_id, source_id) in ('idc', 'midrc', 'bih_midrc') and is_human and not is_phantom
            and species = 'human'
    """
    assert set(rows(star, people)) == {("idc",), ("midrc",), ("bih",)}
    others = "select distinct collection_id, species, is_human, is_phantom from dim_patient where is_human is not true"
    assert rows(star, f"{others} and source_id <> 'bih'") == [("collection_2", "phantom", False, True)]


def test_a_tumour_location_that_no_one_has_reviewed_is_reported(star: duckdb.DuckDBPyConnection) -> None:
    """Its series have no derived region, which is not the same as one that is left out on purpose."""
    unmapped = "select source_id, record, raw_value, unmapped_reason from rpt_unmapped_value"
    assert rows(star, f"{unmapped} where vocabulary = 'tumour location'") == [("idc", "collection", "Left toe", None)]
    derived = "select distinct derived_body_part_id from fct_series where collection_id = $1 and modality = 'MR'"
    assert star.execute(derived, ["collection_1"]).fetchall() == [(None,)]
    assert star.execute(derived, ["collection_0"]).fetchall() == [("CHEST",)]


def test_what_has_no_record_has_a_row_that_says_so(star: duckdb.DuckDBPyConnection) -> None:
    for table, column, expected in (
        ("dim_patient", "patient_id", {"planted-gone", "planted-gone-too", "planted-S7", "planted-S9"}),
        ("dim_study", "study_instance_uid", {"7.7.7"}),
        ("dim_collection", "collection_id", {"planted-one", "planted-two", "planted-nowhere"}),
    ):
        query = f"select {column} from {table} where not is_described and source_id <> 'idc'"
        assert {value for (value,) in rows(star, query)} == expected
    assert number(star, "select count(*) from fct_study join dim_study using (study_key) where not is_described") == 0


def test_a_series_of_several_studies_datasets_and_licences_has_counts_and_no_keys(
    star: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select study_count, patient_count, collection_count, licenses_raw, license_raw, study_key,
            patient_key, collection_key, license_key, license_id, repository_key, object_id, has_valid_uid
        from fct_series where series_node_id = 'planted-series-3'
    """
    assert rows(star, query) == [(2, 2, 2, ["CC BY 3.0", "CC BY 4.0"], *[None] * 8, False)]
    query = """
        select collections.collection_node_id from bridge_series_collection as links
        join fct_series as series on links.series_key = series.series_key
        join dim_collection as collections on links.collection_key = collections.collection_key
        where series_node_id = 'planted-series-3' order by 1
    """
    assert rows(star, query) == [("planted-dataset-2",), ("planted-dataset-3",)]


def test_files_of_one_series_are_two_rows_and_find_their_study_by_its_node(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select series.series_node_id, series.is_repeated_uid, studies.study_node_id, studies.study_instance_uid,
            coalesce(patients.patient_node_id, patients.patient_id), series.manufacturer_id,
            series.modality_key is null,
            series.instance_count, series.size_bytes, series.collection_count
        from fct_series as series
        left join dim_study as studies on series.study_key = studies.study_key
        left join dim_patient as patients on series.patient_key = patients.patient_key
        where series.series_instance_uid = '1.2.3.4' order by 1
    """
    assert rows(star, query) == [
        ("planted-file-a", False, "planted-study-b", "1.2.3", "planted-case-b", "siemens", False, 7, 123, 2),
        ("planted-file-b", True, None, "7.7.7", "planted-gone-too", "ACME", True, None, None, 0),
    ]
    assert number(star, "select count(*) from fct_series where series_node_id = 'planted-file-d'") == 0


def test_a_study_says_what_its_record_states_and_counts_its_series(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select study_node_id, modalities, modality_count, body_parts_examined, body_part_count, patient_count,
            collection_count, series_count, instance_count, size_bytes, age_at_imaging_years = 0
        from fct_study where study_node_id in ('planted-study-a', 'planted-study-b') order by 1
    """
    first, second = rows(star, query)
    assert first == ("planted-study-a", ["CT", "PT"], 2, ["Aura", "CHEST", "Port Chest"], 3, 2, 2, 0, 0, 0, True)
    assert second[:10] == ("planted-study-b", ["QQ"], 1, None, 0, 0, 0, 1, 7, 123)


def test_a_study_without_modalities_of_its_own_has_those_of_its_series(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select study_node_id, modalities, modality_count, series_count, instance_count
        from fct_study where study_node_id in ('planted-study-1', 'planted-study-3') order by 1
    """
    assert rows(star, query) == [("planted-study-1", ["CT"], 1, 1, None), ("planted-study-3", None, 0, 0, None)]
    query = "select modalities, modality_count, series_count from fct_study where study_instance_uid = '1.2.840.2.7'"
    assert rows(star, query) == [(["CT", "MR", "SR"], 3, 20)]


def test_stated_modalities_are_kept_apart_from_those_of_series(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select modality, is_stated, series_count, modality_kind
        from bridge_study_modality join dim_study using (study_key) join dim_modality using (modality_key, modality)
        where study_node_id = 'planted-study-b' order by 1
    """
    assert rows(star, query) == [("CT", False, 1, "image"), ("QQ", True, 0, "unmapped")]


def test_texts_without_a_mapping_stand_under_their_own_text(star: duckdb.DuckDBPyConnection) -> None:
    for table, column, expected in (
        ("dim_body_part", "body_part_id", {"AURA", "CHEST TO TOE"}),
        ("dim_manufacturer", "manufacturer_id", {"ACME"}),
        ("dim_license", "license_id", {"CC BY 9.9", "Custom terms"}),
    ):
        assert {value for (value,) in rows(star, f"select {column} from {table} where not is_mapped")} == expected
    query = "select source_id, same_as, commons_name, is_known from dim_source where source_id like 'bih_%'"
    found = {row[0]: row[1:] for row in rows(star, query)}
    assert len(found) == 8
    assert found["bih_new_commons"] == (None, "New Commons", False)
    assert (found["bih_idc"], found["bih_tcia"]) == (("idc", "IDC", True), (None, "TCIA", True))


def test_regions_of_one_kind_of_text_are_one_body_part(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select body_part_examined, body_part_id, code, is_stated
        from bridge_study_body_part join dim_body_part using (body_part_key, body_part_id)
        join dim_study using (study_key) where study_node_id = 'planted-study-a' order by 1
    """
    assert rows(star, query) == [
        ("Aura", "AURA", None, True),
        ("CHEST", "CHEST", "816094009", True),
        ("Port Chest", "CHEST", "816094009", True),
    ]


def test_every_text_without_a_mapping_is_listed_with_its_records(star: duckdb.DuckDBPyConnection) -> None:
    planted = {
        ("bih", "patient", "race", "Klingon", 1),
        ("midrc", "patient", "race", "Vulcan", 1),
        ("midrc", "study", "body part", "Aura", 1),
        ("midrc", "study", "modality", "QQ", 1),
    }
    listed = rows(star, "select source_id, record, vocabulary, raw_value, record_count from rpt_unmapped_value")
    assert planted <= set(listed)
    assert len(listed) == len({entry[:4] for entry in listed})
    query = """
        select source_id, record, vocabulary, unmapped_value_count, unmapped_record_count from rpt_mapping
        where unmapped_value_count > 0
    """
    counted: dict[tuple[str, ...], tuple[int, int]] = {}
    for *place, _, records in listed:
        values, total = counted.get(tuple(place), (0, 0))
        counted[tuple(place)] = (values + 1, total + records)
    assert {tuple(place): (values, total) for *place, values, total in rows(star, query)} == counted


def test_every_vocabulary_that_records_state_is_reported_with_the_number_of_records(
    star: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(star, "select distinct vocabulary from rpt_mapping")
    assert {vocabulary for (vocabulary,) in found} | {"type of algorithm"} == set(VOCABULARIES)
    for vocabulary, column in (
        ("modality", "modality"),
        ("body part", "body_part_examined"),
        ("licence", "license_key"),
    ):
        stated = f"select source_id, count({column}) from fct_series group by all having count({column}) > 0 order by 1"
        query = """
            select source_id, record_count from rpt_mapping where record = 'series' and vocabulary = ? order by 1
        """
        assert star.execute(query, [vocabulary]).fetchall() == rows(star, stated)


def test_a_dataset_of_the_hub_keeps_its_version_and_reads_only_dates_as_dates(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select collection_node_id, repository_id, license_id, disease_type, metadata_source_version,
            metadata_source_date, collection_doi
        from dim_collection where collection_id = 'planted-shared' order by 1
    """
    first, second = rows(star, query)
    assert first[1:] == ("bih_idc", "CC-BY-3.0", "Cancer", "v21", date(2026, 2, 1), "10.5555/xyz")
    assert (second[1], second[2], second[5]) == ("bih_tcia", "Custom terms", None)


def test_covid_tests_of_a_study_are_rows_with_who_says_so(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select study_node_id, result, days_from_study, is_stated, measurement_count
        from bridge_study_covid_test join dim_study using (study_key)
        where study_node_id in ('planted-study-a', 'planted-study-c') order by all
    """
    assert rows(star, query) == [
        ("planted-study-a", "negative", 0, True, 0),
        ("planted-study-a", "positive", -2, True, 0),
        ("planted-study-a", "positive", 3, True, 0),
        ("planted-study-c", "negative", 7, False, 1),
    ]
    agreeing = """
        select result, count(*) > 20, bool_and(is_stated), bool_and(measurement_count > 0)
        from bridge_study_covid_test join dim_study using (study_key)
        where study_node_id not like 'planted%' group by 1 order by 1
    """
    assert rows(star, agreeing) == [("negative", True, True, True), ("positive", True, True, True)]


def test_a_measurement_of_the_only_case_leads_to_the_days_from_the_study(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select
            tests.days_from_study,
            measurements.days_from_index - studies.days_to_study,
            measurements.measurement_node_id
        from bridge_study_covid_test as tests
        join fct_study as studies using (study_key)
        join fct_measurement as measurements on tests.measurement_key = measurements.measurement_key
        where studies.study_node_id = 'planted-study-c'
    """
    assert rows(star, query) == [(7, 7, "planted-measurement-a")]


def test_a_dataset_of_midrc_finds_its_collection_in_the_hub(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select right_collection_id, evidence, left_pair_count, right_pair_count > 1
        from xwalk_collection where left_system_id = 'midrc' and left_collection_id = 'RSNA_20230830'
    """
    assert rows(star, query) == [("MIDRC-Open-R1", ["patient", "project", "series", "study"], 1, True)]


def test_collections_are_linked_by_what_the_data_carries_and_each_pair_once(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select left_system_id, right_system_id, evidence, shared_study_count, shared_series_count
        from xwalk_collection where 'planted-shared' in (left_collection_id, right_collection_id)
            and left_system_id = 'bih_idc' and right_system_id = 'bih_tcia'
    """
    assert rows(star, query) == [("bih_idc", "bih_tcia", ["name", "series", "study"], 1, 1)]
    repeated = """
        select least(left_collection_key, right_collection_key), greatest(left_collection_key, right_collection_key)
        from xwalk_collection group by all having count(*) > 1
    """
    assert rows(star, repeated) == []
    assert number(star, "select count(*) from xwalk_collection where left_system_id = right_system_id") == 0
