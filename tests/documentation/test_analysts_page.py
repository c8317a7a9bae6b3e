"""The analysts' page says what is so: diagrams as dbt declares the tables, SQL as in the files, output as it comes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest

from dagster_project.analysts_page import printed
from tests.support.published_releases import NEWER, command_for, published_releases, snapshot_of
from warehouse.build.project import Project, project_with_empty_build
from warehouse.documentation import idc_columns
from warehouse.documentation.analysts_page import FOLDER, PAGE, questions, renewed, tables_in_diagrams
from warehouse.documentation.entity_diagrams import SHOWN_APART, Model, read_model
from warehouse.settings import Settings

TEXT = PAGE.read_text(encoding="utf-8")
QUESTIONS = questions(TEXT)

_TIME = re.compile(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? *")


@pytest.fixture(scope="module")
def model(project: Project) -> Model:
    return read_model(project.manifest)


def test_where_each_column_of_idc_is_comes_from_the_models(project: Project, tmp_path: Path) -> None:
    written = idc_columns.PAGE.read_text(encoding="utf-8")
    made = idc_columns.page(project_with_empty_build(Settings(home=tmp_path)))
    assert made == written, "run `python -m warehouse.documentation.idc_columns`"
    assert "| `SOPClassUID` | `fct_series.sop_class_uid` |" in written


def test_keys_travel_as_the_page_says() -> None:
    """60 bits: exact in Arrow, pandas and as text; a JavaScript number or a double rounds them."""
    key = 325979010606572704
    rows = duckdb.sql(f"select {key}::bigint as k, {key}::varchar as text union all select null, null order by 1")
    assert rows is not None
    frame = rows.df()
    assert (str(frame["k"].dtype), int(frame["k"].iloc[0])) == ("Int64", key)
    assert rows.to_arrow_table().column("k").to_pylist() == [key, None]
    assert json.loads(json.dumps({"text": rows.fetchall()[0][1]})) == {"text": str(key)}
    assert int(float(key)) != key


def test_the_page_asks_every_file_of_the_folder_once() -> None:
    files = sorted(path.name for path in FOLDER.glob("*.sql"))
    assert [question.file for question in QUESTIONS] == files
    assert [int(file[:2]) for file in files] == list(range(1, len(files) + 1))


def test_each_heading_is_the_question_that_its_file_begins_with() -> None:
    asked = [question.sql.splitlines()[0].removeprefix("-- ") for question in QUESTIONS]
    assert re.findall(r"^### \d+\. (.*)$", TEXT, re.MULTILINE) == asked


def test_diagrams_and_sql_are_what_the_project_holds(model: Model) -> None:
    outputs = {question.sql: question.output for question in QUESTIONS}
    assert renewed(TEXT, model, lambda sql: outputs.get(sql, "")) == TEXT


def test_every_table_with_references_is_in_one_diagram(model: Model) -> None:
    shown = tables_in_diagrams(TEXT)
    assert len(shown) == len(set(shown))
    assert set(shown) == {name for name in model.tables if not name.startswith(("rpt_", "mart_", "meta_"))}


def test_a_diagram_shows_what_the_manifest_says_of_keys(model: Model) -> None:
    for line in (
        "        bigint study_key PK, FK\n",
        "    dim_study ||--o| fct_study : study_key\n",
        "    dim_license |o--o{ fct_series : license_key\n",
        "    dim_patient ||--o{ bridge_study_patient : patient_key\n",
    ):
        assert line in TEXT
    left_out = {found.parent for found in model.references if found.column in ("source_key", "release_key")}
    assert left_out == {f"star.{name}" for name in SHOWN_APART}


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http|#)([^)]+)\)", TEXT)
    assert not [link for link in links if not (FOLDER / link).exists()]
    titles = re.findall(r"^###? (.*)$", TEXT, re.MULTILINE)
    anchors = {re.sub(r"[^a-z ]", "", title.lower()).replace(" ", "-") for title in titles}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= anchors


@pytest.mark.full
@pytest.mark.network
def test_each_output_is_what_the_command_of_the_page_gives(tmp_path_factory: pytest.TempPathFactory) -> None:
    (command,) = re.findall(r"^icw (refresh .*)$", TEXT, re.MULTILINE)
    assert tuple(command.split()) == command_for(NEWER)
    snapshot = snapshot_of(published_releases(tmp_path_factory), NEWER)
    found = {question.file: printed(snapshot, question.sql) for question in QUESTIONS}
    written = {question.file: question.output for question in QUESTIONS}
    # When the sandbox was read is another time on every machine.
    assert {file: _TIME.sub("then", text) for file, text in found.items()} == {
        file: _TIME.sub("then", text) for file, text in written.items()
    }
