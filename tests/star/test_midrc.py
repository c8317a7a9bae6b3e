"""The portal's part of the star, built by dbt from the sandbox with planted records; IDC is absent altogether."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.star.conftest import rolled_back
from tests.star.planted_portal import PLANTED, land_planted
from warehouse.build import Build, prepare, run_models
from warehouse.dbt_manifest import read_star_description
from warehouse.quality.rules.midrc import CONSERVATION
from warehouse.quality.rules.rule import ConservationRule
from warehouse.settings import Settings

FACTS = {
    "fct_file": "data_file",
    "fct_measurement": "measurement",
    "fct_annotation": "annotation",
    "fct_radiology_report": "radiology_report",
}
NESTED = {"fct_condition": "conditions", "fct_medication": "medications", "fct_procedure": "procedures"}
OTHERS = (
    "fct_reported_count",
    "dim_procedure_code",
    "bridge_file_case",
    "bridge_file_study",
    "bridge_file_collection",
    "bridge_file_annotation",
    "bridge_measurement_case",
    "bridge_annotation_case",
    "bridge_annotation_instance",
    "bridge_report_case",
    "bridge_report_study",
)
TABLES = (*FACTS, *NESTED, *OTHERS)

# Rules about sums and links, by their sentence: a change of one row that each must find.
ALTERED = {
    "fct_file has every byte that the portal states": ("fct_file", "size_bytes", "size_bytes + 1"),
    "fct_file has every instance that the portal states": ("fct_file", "instance_count", "instance_count - 1"),
    "fct_file links every data file that is a DICOM series to it": ("fct_file", "series_key", "null"),
    "fct_radiology_report has every byte that the portal states": ("fct_radiology_report", "size_bytes", "0"),
    "fct_reported_count has every record that the portal and the hub report": (
        "fct_reported_count",
        "reported_count",
        "reported_count + 1",
    ),
}


def faults(rule: ConservationRule) -> Iterator[str]:
    """Return SQL that each loses, doubles or alters one row that the rule is about."""
    if rule.sentence in ALTERED:
        table, column, value = ALTERED[rule.sentence]
        # Of the rows that the rule counts: another one may be the first of the table.
        counted = rule.star.partition(" where ")[2]
        first = f"select min(rowid) from star.{table} where {column} > 0 and {counted}"
        yield f"update star.{table} set {column} = {value} where rowid = ({first})"
    else:
        table = rule.sentence.partition(" ")[0]
        yield f"delete from star.{table} where rowid = (select min(rowid) from star.{table})"
        yield f"insert into star.{table} select * from star.{table} limit 1"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    home = tmp_path_factory.mktemp("midrc")
    settings = Settings(home=home)
    landing, releases = land_planted(home)
    built = prepare(home, landing, releases, settings)
    run_models(built, settings)
    return built


@pytest.fixture(scope="module")
def star(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(build.database), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def spoilable(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the build's database that may be written."""
    copy: Path = tmp_path_factory.mktemp("spoilable") / "build.duckdb"
    shutil.copy(build.database, copy)
    with duckdb.connect(str(copy)) as connection:
        yield connection


def rows(star: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return star.execute(query).fetchall()


def number(star: duckdb.DuckDBPyConnection, query: str) -> int:
    ((value,),) = rows(star, query)
    return int(value or 0)


def test_the_planted_records_are_read(star: duckdb.DuckDBPyConnection) -> None:
    for dataset, records in PLANTED.items():
        node = next(iter(records[0]))
        planted = ", ".join(record[node] for record in records)
        query = f'select count(*) from landed_midrc."{dataset}" where {node} in ({planted})'
        assert number(star, query) == len(records)


@pytest.mark.parametrize("table", FACTS)
def test_a_fact_has_one_row_for_each_record(star: duckdb.DuckDBPyConnection, table: str) -> None:
    landed = number(star, f"select count(*) from landed_midrc.{FACTS[table]}")
    assert landed > 1
    assert number(star, f"select count(*) from star.{table}") == landed


@pytest.mark.parametrize("table", NESTED)
def test_a_nested_fact_has_one_row_for_each_record(star: duckdb.DuckDBPyConnection, table: str) -> None:
    landed = number(star, f'select sum(json_array_length({NESTED[table]})) from landed_midrc."case"')
    assert landed > 0
    assert number(star, f"select count(*) from star.{table}") == landed


@pytest.mark.parametrize("table", TABLES)
def test_the_declared_key_identifies_every_row(build: Build, star: duckdb.DuckDBPyConnection, table: str) -> None:
    (declared,) = [entry for entry in read_star_description(build.manifest).tables if entry.name == table]
    assert declared.order_by[-len(declared.primary_key) :] == declared.primary_key
    key = ", ".join(declared.primary_key)
    missing = " or ".join(f"{column} is null" for column in declared.primary_key)
    assert number(star, f"select count(*) from star.{table}") > 0
    assert rows(star, f"select {key} from star.{table} group by all having count(*) > 1") == []
    assert number(star, f"select count(*) from star.{table} where {missing}") == 0


def test_every_foreign_key_finds_its_row(build: Build, star: duckdb.DuckDBPyConnection) -> None:
    references = [entry for entry in read_star_description(build.manifest).references if entry.table in TABLES]
    assert {entry.table for entry in references} == set(TABLES) - {"dim_procedure_code"}
    for entry in references:
        orphans = (
            f"select count(*) from star.{entry.table} as child where child.{entry.column} is not null and not exists"
            f" (select 1 from {entry.parent} as parent where parent.{entry.parent_column} = child.{entry.column})"
        )
        assert number(star, orphans) == 0, entry


@pytest.mark.parametrize("rule", CONSERVATION, ids=lambda rule: rule.sentence)
def test_a_conservation_rule_holds_and_counts_something(
    star: duckdb.DuckDBPyConnection, rule: ConservationRule
) -> None:
    landed = number(star, rule.landed)
    assert landed > 0
    assert number(star, rule.star) == landed


@pytest.mark.parametrize("rule", CONSERVATION, ids=lambda rule: rule.sentence)
def test_a_conservation_rule_finds_each_fault(spoilable: duckdb.DuckDBPyConnection, rule: ConservationRule) -> None:
    landed = number(spoilable, rule.landed)
    for fault in faults(rule):
        with rolled_back(spoilable):
            spoilable.execute(fault)
            assert number(spoilable, rule.star) != landed, fault
    assert number(spoilable, rule.star) == landed


def test_a_file_keeps_all_its_cases_and_the_one_that_the_portal_does_not_list(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select links.case_node_id, links.case_id, patients.patient_id, patients.patient_key is not null
        from star.bridge_file_case as links
        join star.fct_file using (file_key)
        left join star.dim_patient as patients on links.patient_key = patients.patient_key
        where file_node_id = 'file-a'
        order by all
    """
    assert rows(star, query) == [
        ("case-a", "P-1", "P-1", True),
        ("case-b", "P-2", "P-2", True),
        ("case-c", "P-1", "P-1", True),
        ("case-gone", None, None, False),
        (None, "P-gone", None, False),
    ]


def test_cases_of_one_submitter_id_are_two_patients(star: duckdb.DuckDBPyConnection) -> None:
    query = "select count(distinct patient_key), count(*) from star.bridge_file_case where case_id = 'P-1'"
    assert rows(star, query) == [(2, 2)]


def test_a_file_of_several_cases_studies_and_datasets_has_counts_and_no_key(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select case_count, study_count, collection_count, license_count, annotation_count, patient_key, study_key,
            collection_key, license_key, case_id, study_instance_uid, collection_id, license_raw
        from star.fct_file where file_node_id = 'file-a'
    """
    assert rows(star, query) == [(5, 3, 2, 2, 2, *[None] * 8)]


def test_a_file_without_cases_studies_or_datasets_stays(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select case_count, study_count, collection_count, license_count, annotation_count, patient_key, study_key
        from star.fct_file where file_node_id = 'file-b'
    """
    assert rows(star, query) == [(0, 0, 0, 0, 0, None, None)]


def test_most_files_have_one_case_and_all_that_have_one_have_its_key(star: duckdb.DuckDBPyConnection) -> None:
    query = "select count(*), count(patient_key), count(case_id) from star.fct_file where case_count = 1"
    ((files, patients, ids),) = rows(star, query)
    assert files == patients == ids > 500
    assert number(star, "select count(*) from star.fct_file where case_count > 1") > 0


def test_a_file_finds_its_studies_by_node_and_by_uid(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select links.study_node_id, links.study_instance_uid, links.study_key is not null
        from star.bridge_file_study as links join star.fct_file using (file_key)
        where file_node_id = 'file-a'
        order by all
    """
    # The UID 1.2.3 is that of study-b, which the file names by its node; 9.9.9 is of no study of the portal.
    assert rows(star, query) == [("study-b", "1.2.3", True), ("study-c", None, True), (None, "9.9.9", False)]


def test_two_files_of_one_series_are_two_rows_of_two_series(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select count(*), count(distinct series_key), count(distinct series_instance_uid)
        from star.fct_file where file_node_id in ('file-a', 'file-b')
    """
    assert rows(star, query) == [(2, 2, 1)]


def test_dirt_in_files_is_kept_and_only_read_as_what_it_is(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select file_name, size_bytes, size_raw, series_description, series_description_raw, slice_thickness,
            slice_thickness_mm::double
        from star.fct_file where file_node_id in ('file-a', 'file-b') order by file_node_id
    """
    assert rows(star, query) == [
        ('a\0"b"', None, "no data", None, "", [1.25, 5.0], 1.25),
        ("", 123456789012345, "123456789012345", "no data", "no data", None, None),
    ]


def test_raw_text_is_what_was_landed(star: duckdb.DuckDBPyConnection) -> None:
    for query in (
        "select file_name from star.fct_file {0} select file_name from landed_midrc.data_file",
        "select series_description_raw from star.fct_file {0} select series_description from landed_midrc.data_file",
        "select size_raw from star.fct_file {0} select file_size_raw from landed_midrc.data_file",
        "select study_description_raw from star.fct_radiology_report {0}"
        " select study_description from landed_midrc.radiology_report",
        "select dimension_value from star.fct_reported_count where source_id = 'midrc' and entity <> 'indexd_file' {0}"
        " select key from landed_midrc.reported_counts",
    ):
        assert rows(star, query.format("except all")) == []
        left, right = query.split(" {0} ")
        assert rows(star, f"{right} except all {left}") == []
    assert number(star, "select count(*) from star.fct_reported_count where dimension_value like '%' || chr(0) || '%'")


def test_nested_records_keep_their_dirt_and_their_place(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select record_number, condition_code, condition_code_system, condition_name, condition_name_raw,
            days_to_condition_start, days_to_condition_end
        from star.fct_condition where case_node_id = 'case-a' order by record_number
    """
    assert rows(star, query) == [
        (1, "X", None, 'NUL \0 "quoted"', 'NUL \0 "quoted"', -3, None),
        (2, "no data", None, "spaced", "  spaced ", 4, 5),
    ]
    query = "select procedure_name, procedure_name_raw, breathing_support_type, days_to_procedure_start"
    assert rows(star, f"{query} from star.fct_procedure where case_node_id = 'case-a'") == [(None, "", None, None)]
    assert number(star, "select count(*) from star.fct_condition where case_node_id in ('case-b', 'case-c')") == 0


def test_measurements_of_no_case_and_of_two_stay(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select measurement_node_id, case_count, case_id, patient_key, test_name, test_result
        from star.fct_measurement where measurement_node_id like 'measurement-_' order by 1
    """
    none, two = rows(star, query)
    assert none == ("measurement-a", 0, None, None, None, "no data")
    assert two[:4] == ("measurement-b", 2, None, None)


def test_annotations_keep_their_instances_and_say_whether_they_name_any(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select annotation_node_id, annotator_id, case_count, case_id, patient_key is not null, instance_count,
            names_instances
        from star.fct_annotation where annotation_node_id like 'annotation-_' order by 1
    """
    found = rows(star, query)
    assert found[0] == ("annotation-a", "no data", 2, None, False, 2, True)
    assert [(row[0], *row[2:]) for row in found[1:]] == [
        ("annotation-b", 1, "P-gone", False, 0, True),
        ("annotation-c", 1, "P-1", True, 0, False),
    ]
    query = "select instance_uid from star.bridge_annotation_instance join star.fct_annotation using (annotation_key)"
    assert rows(star, f"{query} where annotation_node_id = 'annotation-a' order by 1") == [("1.1",), ("1.2",)]


def test_an_annotation_that_the_portal_does_not_list_stays_with_its_file(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select annotation_node_id, annotation_key is not null
        from star.bridge_file_annotation join star.fct_file using (file_key) where file_node_id = 'file-a' order by 1
    """
    assert rows(star, query) == [("annotation-a", True), ("annotation-gone", False)]


def test_a_study_keeps_its_cases_once_each(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select cases.patient_id, cases.patient_node_id, cases.is_described
        from star.bridge_study_patient as links join star.dim_study as studies using (study_key)
        join star.dim_patient as cases using (patient_key)
        where studies.study_instance_uid = '1.2.3' and studies.source_id = 'midrc' order by 1
    """
    assert rows(star, query) == [("P-1", "case-a", True), ("P-2", "case-b", True), ("P-gone", None, False)]


def test_a_report_of_several_studies_keeps_them(star: duckdb.DuckDBPyConnection) -> None:
    query = "select study_count, case_count, study_key, body_parts_examined from star.fct_radiology_report"
    assert rows(star, f"{query} where report_node_id = 'report-a'") == [(3, 2, None, ["CHEST", "HEART"])]
    query = """
        select links.study_id, links.study_node_id, links.study_key is not null
        from star.bridge_report_study as links join star.fct_radiology_report using (report_key)
        where report_node_id = 'report-a' order by 1
    """
    assert rows(star, query) == [("S-1", "study-a", True), ("S-2", "study-b", True), ("S-gone", None, False)]


def test_a_procedure_code_has_the_name_that_most_studies_give(star: duckdb.DuckDBPyConnection) -> None:
    query = "select loinc_long_common_name, spelling_count from star.dim_procedure_code where loinc_code = '24627-2'"
    ((name, spellings),) = rows(star, query)
    assert name == "CT Chest"
    assert spellings >= 2


def test_reported_counts_are_those_of_both_systems_and_of_indexd(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select source_id, entity, unit, reported_count from star.fct_reported_count
        where dimension in ('_totalCount', 'total_file_size') order by all
    """
    found = {(source, entity, unit): count for source, entity, unit, count in rows(star, query)}
    assert {(source, entity) for source, entity, _ in found} >= {
        *(("midrc", entity) for entity in ("case", "imaging_study", "data_file", "indexd_file")),
        *(("bih", entity) for entity in ("dataset", "subject", "imaging_study", "imaging_series")),
    }
    # The portal reports what it had before the records were planted.
    assert found["midrc", "case", "records"] == number(star, 'select count(*) - 3 from landed_midrc."case"')
    ((files, size),) = rows(star, "select file_count, total_file_size from landed_midrc.indexd_stats")
    assert found["midrc", "indexd_file", "records"] == files
    assert found["midrc", "indexd_file", "bytes"] == size


def test_tables_of_idc_are_there_and_empty(star: duckdb.DuckDBPyConnection) -> None:
    assert number(star, "select count(*) from star.fct_series where source_id = 'idc'") == 0
    assert number(star, "select count(*) from star.dim_release where source_id = 'idc'") > 0


def test_lists_of_a_file_are_lists(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select
            count(*) filter (where list_contains(image_type, 'AXIAL')) > 100,
            count(*) filter (where image_type = []),
            any_value(image_type), any_value(echo_number), any_value(pixel_spacing)
        from star.fct_file
    """
    ((found, empty, image_type, echo_number, pixel_spacing),) = rows(star, query)
    assert (found, empty, image_type) == (True, 0, ["ORIGINAL", "PRIMARY", "AXIAL"])
    assert (echo_number, pixel_spacing) == ([1], [0.703125, 0.703125])
