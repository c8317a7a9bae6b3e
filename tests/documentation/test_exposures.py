"""The exposures of dbt are the questions of analysts with the tables that their queries read."""

from __future__ import annotations

import re

import yaml

from warehouse.build.project import project_with_empty_build
from warehouse.documentation.analysts_page import FOLDER
from warehouse.documentation.exposures import FILE, exposures
from warehouse.settings import load_settings


def test_the_committed_file_is_current() -> None:
    project = project_with_empty_build(load_settings())
    assert FILE.read_text(encoding="utf-8") == exposures(project), "run `make analyses` and commit exposures.yml"


def test_dbt_knows_each_question_with_what_it_reads() -> None:
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))["exposures"]
    files = sorted(FOLDER.glob("*.sql"))
    assert [f"{exposure['label'].split()[1]:0>2}_{exposure['name']}.sql" for exposure in found] == [
        file.name for file in files
    ]
    for exposure, file in zip(found, files, strict=True):
        named = set(re.findall(r"\b(?:from|join) ((?:dim|fct|bridge|rec|rpt|xwalk|mart)_\w+)", file.read_text()))
        assert {f"ref('{table}')" for table in named} == {*exposure["depends_on"]}
