"""The exposures of dbt are the questions of analysts with the tables that their queries read."""

from __future__ import annotations

import re
from typing import Any

import yaml

from warehouse.build.project import project_with_empty_build
from warehouse.documentation.analysts_page import FOLDER
from warehouse.documentation.exposures import FILE, exposures
from warehouse.settings import load_settings
from warehouse.site.answers import QUERIES, query_text
from warehouse.site.rendering import queries_of_pages


def test_the_committed_file_is_current() -> None:
    project = project_with_empty_build(load_settings())
    assert FILE.read_text(encoding="utf-8") == exposures(project), "run `make analyses` and commit exposures.yml"


def test_dbt_knows_each_question_with_what_it_reads() -> None:
    found = of_type("analysis")
    files = sorted(FOLDER.glob("*.sql"))
    assert [f"{exposure['label'].split()[1]:0>2}_{exposure['name']}.sql" for exposure in found] == [
        file.name for file in files
    ]
    for exposure, file in zip(found, files, strict=True):
        assert exposure["depends_on"] == references(file.read_text())


def test_dbt_knows_each_page_of_the_site_with_what_it_reads() -> None:
    found = {exposure["name"]: exposure["depends_on"] for exposure in of_type("dashboard")}
    assert {*found} == {"site_overview", "site_explore", "site_gaps", "site_changes", "site_measures"}
    read = {name: references("".join(map(query_text, asked))) for name, asked in queries_of_pages().items()}
    assert {f"site_{title.lower()}": tables for title, tables in read.items()} == {
        name: tables for name, tables in found.items() if name != "site_measures"
    }
    asked = {name for names in queries_of_pages().values() for name in names}
    assert {path.stem for path in QUERIES.glob("*.sql")} == asked


def of_type(kind: str) -> list[dict[str, Any]]:
    exposures = yaml.safe_load(FILE.read_text(encoding="utf-8"))["exposures"]
    return [exposure for exposure in exposures if exposure["type"] == kind]


def references(sql: str) -> list[str]:
    named = set(re.findall(r"\b(?:from|join) ((?:dim|fct|bridge|rec|rpt|xwalk|mart)_\w+)", sql))
    return [f"ref('{table}')" for table in sorted(named)]
