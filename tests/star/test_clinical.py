"""Clinical values of a release: each in its type, with its label, at its patient, and none lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.small_release import FILES, IDC_INDEX, land
from tests.support.spoiled_build import spoiled
from warehouse.build import Build, prepare, run_models
from warehouse.dbt_manifest import read_star_description
from warehouse.documentation.analysts_page import PAGE
from warehouse.landing import Landing
from warehouse.quality.rules.idc_clinical import CONSERVATION, VALUES
from warehouse.quality.suites.values import measure_values
from warehouse.settings import Settings
from warehouse.snapshots.absence import sentences
from warehouse.snapshots.absent_parts import absent_parts
from warehouse.sources.idc.clinical.values import ClinicalTable, write_values

# One table of a collection, and one that two collections share; `patient-1` has images in collection_1 alone.
DICTIONARY = """
    select * from (values
        ('collection_0', 'p.d.zero', 'zero', 'dicom_patient_id', 'Patient', []),
        ('collection_0', 'p.d.zero', 'zero', 'stage', 'Stage', [
            {'option_code': '110', 'option_description': 'Stage IA'},
            {'option_code': '110', 'option_description': 'Stage IA'},
            {'option_code': '120', 'option_description': null},
            {'option_code': '130', 'option_description': 'One'}, {'option_code': '130', 'option_description': 'Another'}
        ]),
        ('collection_0', 'p.d.zero', 'zero', 'age', 'Age', []),
        ('collection_0', 'p.d.zero', 'zero', 'gone', 'Not in the table', []),
        ('collection_1', 'p.d.shared', null, 'dicom_patient_id', 'Patient', []),
        ('collection_2', 'p.d.shared', null, 'dicom_patient_id', 'Patient', [])
    ) as described(collection_id, table_name, short_table_name, "column", column_label, "values")
"""
TABLES = {
    "zero": """
        select * from (values
            ('patient-0', 110, '61', 1.5, date '2020-02-29', timestamp '2020-02-29 12:30:00', true),
            ('patient-3', 120, 'unknown', 'inf'::double, null, null, false),
            ('nobody', 130, ' ', 'nan'::double, null, null, null),
            (null, 9007199254740993, null, -0.0, null, null, null)
        ) as row(dicom_patient_id, stage, age, dose, day, moment, smoker)
    """,
    "shared": "select 'patient-' || n as dicom_patient_id from (values (1), (2), (3), (999)) as numbers(n)",
}


def built(home: Path, files: dict[str, str]) -> Build:
    landing, release = land(home, files)
    build = prepare(home, landing, [release], Settings(home=home))
    run_models(build, Settings(home=home))
    return build


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    folder = tmp_path_factory.mktemp("clinical")
    for name, query in TABLES.items():
        with duckdb.connect() as connection:
            connection.execute(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")
    tables = [ClinicalTable(name, (folder / f"{name}.parquet",)) for name in sorted(TABLES)]
    write_values(tables, folder / "values.parquet")
    values = f"from read_parquet('{folder / 'values.parquet'}')"
    return built(folder / "home", {**FILES, "clinical_index": DICTIONARY, "clinical_value": values})


@pytest.fixture(scope="module")
def star(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(build.database), read_only=True) as connection:
        yield connection


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[Any]:
    return connection.execute(sql).fetchall()


def test_a_value_stands_as_text_and_in_its_type(star: duckdb.DuckDBPyConnection) -> None:
    """What is no number that a double holds stays as text alone: an infinity, no number, a whole one above 2^53."""
    found = rows(
        star,
        "select column_name, value_text, value_type, value_number, value_date::varchar, value_timestamp::varchar,"
        " value_boolean from star.fct_clinical_value where short_table_name = 'zero'"
        " and column_name <> 'dicom_patient_id' order by column_number, row_number",
    )
    assert found == [
        ("stage", "110", "integer", 110.0, None, None, None),
        ("stage", "120", "integer", 120.0, None, None, None),
        ("stage", "130", "integer", 130.0, None, None, None),
        ("stage", "9007199254740993", "integer", None, None, None, None),
        ("age", "61", "string", None, None, None, None),
        ("age", "unknown", "string", None, None, None, None),
        ("age", " ", "string", None, None, None, None),
        ("dose", "1.5", "float", 1.5, None, None, None),
        ("dose", "inf", "float", None, None, None, None),
        ("dose", "nan", "float", None, None, None, None),
        ("dose", "0", "float", 0.0, None, None, None),
        ("day", "2020-02-29", "date", None, "2020-02-29", None, None),
        ("moment", "2020-02-29 12:30:00", "timestamp", None, None, "2020-02-29 12:30:00", None),
        ("smoker", "true", "boolean", None, None, None, True),
        ("smoker", "false", "boolean", None, None, None, False),
    ]


def test_a_code_has_the_one_meaning_that_the_dictionary_gives_it(star: duckdb.DuckDBPyConnection) -> None:
    labels = "select value_text, value_label from star.fct_clinical_value where column_name = 'stage' order by all"
    assert rows(star, labels) == [("110", "Stage IA"), ("120", None), ("130", None), ("9007199254740993", None)]


def test_a_column_finds_its_description_and_one_without_is_still_there(star: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        star,
        "select v.column_name, c.column_label from (select distinct column_name, clinical_column_key"
        " from star.fct_clinical_value where short_table_name = 'zero') as v"
        " left join star.fct_clinical_column as c using (clinical_column_key) order by all",
    )
    assert found == [
        ("age", "Age"), ("day", None), ("dicom_patient_id", "Patient"), ("dose", None), ("moment", None),
        ("smoker", None), ("stage", "Stage"),
    ]  # fmt: skip


def test_a_row_of_a_shared_table_belongs_where_its_patient_has_images(star: duckdb.DuckDBPyConnection) -> None:
    found = rows(
        star,
        "select v.patient_id, v.collection_id, p.patient_id from star.fct_clinical_value as v"
        " left join star.dim_patient as p using (patient_key) where short_table_name = 'shared' order by row_number",
    )
    assert found == [
        ("patient-1", "collection_1", "patient-1"),
        ("patient-2", "collection_2", "patient-2"),
        ("patient-3", None, None),
        ("patient-999", None, None),
    ]


@pytest.mark.parametrize("rule", CONSERVATION, ids=lambda rule: rule.sentence)
def test_no_value_and_no_row_is_lost(star: duckdb.DuckDBPyConnection, rule: Any) -> None:
    ((landed,),) = rows(star, rule.landed)
    assert landed > 0
    assert rows(star, rule.star) == [(landed,)]


def test_a_lost_row_breaks_every_rule(build: Build, tmp_path: Path) -> None:
    lost = spoiled(build, tmp_path, "delete from star.fct_clinical_value where row_number = 1")
    with duckdb.connect(str(lost.database), read_only=True) as connection:
        broken = [rule for rule in CONSERVATION if rows(connection, rule.landed) != rows(connection, rule.star)]
    assert broken == list(CONSERVATION)


def test_what_is_odd_about_a_value_is_counted(star: duckdb.DuckDBPyConnection) -> None:
    broken = {profile.rule: profile.broken for profile in measure_values(star, VALUES, 2026)}
    assert broken == {
        "Every value of a typed clinical column can be read in its type": 3,
        "Every value of a clinical table belongs to one collection": 2,
        "Every patient of a clinical table is known to the collection": 1,
        "Every column of a clinical table is in its dictionary": 8,
    }


def test_the_key_is_unique(build: Build, star: duckdb.DuckDBPyConnection) -> None:
    (declared,) = [
        table for table in read_star_description(build.manifest).tables if table.name == "fct_clinical_value"
    ]
    assert declared.primary_key == ("clinical_value_key",)
    counts = "select count(*) > 0, count(*) = count(distinct clinical_value_key) from star.fct_clinical_value"
    assert rows(star, counts) == [(True, True)]


def test_the_wide_form_is_a_pivot(star: duckdb.DuckDBPyConnection) -> None:
    """The recipe of the analysts' page."""
    (recipe,) = re.findall(r"```sql\n(pivot .*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    cursor = star.cursor().execute("use star")
    wide = cursor.execute(recipe.replace("nlst_clinical", "zero"))
    names = [name for name, *_ in wide.description or ()]
    assert dict(zip(names, wide.fetchall()[0], strict=True)) == {
        "collection_id": "collection_0", "patient_id": "patient-0", "row_number": 1, "age": "61",
        "day": "2020-02-29", "dicom_patient_id": "patient-0",
        "dose": "1.5", "moment": "2020-02-29 12:30:00", "smoker": "true", "stage": "Stage IA",
    }  # fmt: skip


@pytest.mark.full
def test_without_a_request_the_table_is_empty_and_says_what_to_set(tmp_path: Path) -> None:
    empty = built(tmp_path, {"idc_index": IDC_INDEX})
    parts = [part for part in absent_parts(empty, Landing(tmp_path)) if part.table == "fct_clinical_value"]
    assert {part.dataset for part in parts if part.dataset != "clinical_index"} == {"clinical_value"}
    (sentence,) = sentences(parts)
    assert sentence.startswith("fct_clinical_value is empty: ")
    assert "not requested: set ICW_CLINICAL" in sentence
