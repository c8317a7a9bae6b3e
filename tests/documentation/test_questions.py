"""The questions of the analysts' page are answered: all on a small snapshot, and the newest on planted rows."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from dagster_project.analysts_page import printed
from tests.support.small_release import published_once
from warehouse.documentation.analysts_page import FOLDER, PAGE, Question, questions
from warehouse.snapshots.catalog import Snapshot

QUESTIONS = questions(PAGE.read_text(encoding="utf-8"))

# One patient of two collections, p1; p2 and p3 of one each. Their studies lie 10 and 400 days apart.
PLANTED = """
create table dim_license as
select * from (values (1, 'CC BY 4.0', true), (2, 'CC BY-NC 4.0', false), (3, 'Terms', null))
    as t(license_key, license_short_name, commercial_use_allowed);
create table dim_body_part as select * from (values (1, 'chest'), (2, 'head')) as t(body_part_key, body_region);
create table dim_collection as select * from (values (1, 'tcga_a'), (2, 'b')) as t(collection_key, collection_id);
create table dim_modality as
select * from (values (1, 'CT', 'image'), (2, 'SM', 'image'), (3, 'SEG', 'derived object'))
    as t(modality_key, modality, modality_kind);
create table dim_analysis_result as select 1 as analysis_result_key, 'measured' as analysis_result_id;
create table dim_patient as
select 'idc' as source_id, * from (values (10, 'p1', true), (28, 'p1', true), (39, 'p2', true), (47, 'mouse', false))
    as t(patient_key, patient_id, is_human)
union all select 'midrc', 50, 'case-1', true
union all select 'midrc', 51, 'case-2', true;
alter table dim_patient add column sex varchar;
update dim_patient set sex = 'female';
create table fct_study as
select * from (values
    (100, date '2000-01-01'), (101, date '2000-01-11'), (102, date '2001-02-14'), (103, null), (104, date '2000-01-01')
) as t(study_key, study_date);
create table fct_series as
select 'idc' as source_id, 1000000000::bigint as size_bytes, * from (values
    (1, 1, 'tcga_a', 10, 'p1', 100, 'CT', 1, 1, 1, null),
    (2, 1, 'tcga_a', 10, 'p1', 101, 'CT', 1, 1, 1, null),
    (3, 1, 'tcga_a', 10, 'p1', 101, 'CT', 1, 2, 1, null),
    (4, 1, 'tcga_a', 10, 'p1', 102, 'CT', 1, 3, 1, null),
    (5, 1, 'tcga_a', 10, 'p1', 100, 'SM', 2, 1, 2, null),
    (6, 2, 'b', 28, 'p1', 104, 'CT', 1, 1, 1, null),
    (7, 2, 'b', 39, 'p2', 103, 'CT', 1, 1, 1, null),
    (8, 2, 'b', 39, 'p2', 103, 'SEG', 3, 1, 1, 1),
    (9, 2, 'b', 39, 'p2', 103, 'SR', 3, 1, 1, 1),
    (10, 2, 'b', 39, 'p2', 104, 'SEG', 3, 1, 1, 1),
    (11, 2, 'b', 47, 'mouse', 105, 'CT', 1, 1, 1, null),
    (12, 1, 'tcga_a', 10, 'p1', 100, 'RTSTRUCT', 3, 1, 1, null),
    (13, 1, 'tcga_a', 10, 'p1', 101, 'RTSTRUCT', 3, 1, 1, null),
    (14, 1, 'tcga_a', 10, 'p1', 106, 'RTSTRUCT', 3, 1, 1, null)
) as t(series_key, collection_key, collection_id, patient_key, patient_id, study_key, modality, modality_key,
    license_key, body_part_key, analysis_result_key);
create table bridge_study_covid_test as
select * from (values
    (200, 'positive', -3, true), (200, 'negative', 14, true), (200, 'positive', -3, false), (201, 'negative', 2, true),
    (202, 'positive', 15, true), (203, 'positive', 0, true), (204, 'positive', 0, false)
) as t(study_key, result, days_from_study, is_stated);
create table bridge_study_modality as
select * from (values (200, 'CR'), (200, 'DX'), (201, 'DX'), (202, 'DX'), (203, 'CT'), (204, 'DX'))
    as t(study_key, modality);
create table bridge_study_patient as
select * from (values (200, 50), (200, 51), (201, 50), (202, 50), (203, 50), (204, 50)) as t(study_key, patient_key);
create table fct_acquisition_ct as
select series_key, null::double as slice_thickness_mm from fct_series where false;
create table fct_file as
select 'midrc' as source_id, * from (values (60, 'CT', 2.5), (60, 'CT', 0.5), (61, 'CT', 1.5), (62, 'DX', 0.1))
    as t(series_key, modality, slice_thickness_mm);
"""

ANSWERS = {
    "12_rtstruct_with_ct.sql": [("tcga_a", 3, 1, 1, 1)],
    "13_segmentations_with_measurements.sql": [("measured", 1, 1, 1)],
    "14_follow_up_ct.sql": [("tcga_a", 1, 1, 10, 10)],
    "15_radiographs_near_a_covid_test.sql": [("both", "female", 1, 2), ("negative", "female", 1, 1)],
    # p1 has the keys 10 and 28: both of its collections are in the part of the smaller one.
    "16_training_split.sql": [("train", 1, 2, 3, 3), ("test", 1, 1, 1, 1)],
    "18_radiology_or_slides.sql": [("tcga_a", 1, 1, 1)],
    "19_thin_slices.sql": [("idc", 7, 0, None, None), ("midrc", 2, 2, 1, 0.5)],
}


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return published_once(tmp_path_factory)


@pytest.fixture(scope="module")
def planted() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(PLANTED)
        yield connection


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.file)
def test_each_question_is_answered_with_the_columns_of_the_page(star: Snapshot, question: Question) -> None:
    found = questions(
        f"[{question.file}]({question.file})\n\n```sql\n```\n\n```text\n{printed(star, question.sql)}```\n"
    )
    assert [entry.columns for entry in found] == [question.columns]


@pytest.mark.parametrize("file", ANSWERS)
def test_an_answer_is_the_one_that_was_planted(planted: duckdb.DuckDBPyConnection, file: str) -> None:
    found = planted.execute((FOLDER / file).read_text(encoding="utf-8")).fetchall()
    assert found == ANSWERS[file]
