"""What of the star the questions of analysts read, as exposures of dbt: `dbt/models/exposures.yml`.

DuckDB's plan of each query says it, over the tables of the build of nothing. `make analyses` writes the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import yaml

from warehouse.build import DBT_PROJECT
from warehouse.build.project import Project, project_with_empty_build
from warehouse.citation.model import AUTHOR
from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.documentation.analysts_page import FOLDER, PAGE, questions
from warehouse.query_plan import plan_as_written, scans
from warehouse.settings import load_settings
from warehouse.sql_text import literal

FILE = DBT_PROJECT / "models" / "exposures.yml"

_HEAD = "# Generated from dbt/analyses by `make analyses` (python -m warehouse.documentation.exposures).\n"


def exposures(project: Project) -> str:
    """Return the text of the file for a project with its build of nothing: one exposure a question of the page.

    Raises:
        duckdb.Error: a question cannot be asked of the star.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(project.empty_build))} as build (read_only)")
        connection.execute(f"use build.{STAR_SCHEMA}")
        plan_as_written(connection)
        found = [
            _exposure(question.file, _tables(connection, (FOLDER / question.file).read_text(encoding="utf-8")))
            for question in questions(PAGE.read_text(encoding="utf-8"))
        ]
    content = {"version": 2, "exposures": found}
    return _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000)


def _tables(connection: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    return sorted({table.rpartition(".")[2].strip('"') for table, _ in scans(connection, query)})


def _exposure(file: str, tables: list[str]) -> Mapping[str, Any]:
    question = (FOLDER / file).read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ")
    number, _, name = file.removesuffix(".sql").partition("_")
    return {
        "name": name,
        "label": f"Question {int(number)}",
        "type": "analysis",
        "owner": {"name": AUTHOR},
        "description": question,
        "depends_on": [f"ref('{table}')" for table in tables],
    }


def main() -> None:
    """Write the file."""
    FILE.write_text(exposures(project_with_empty_build(load_settings())), encoding="utf-8")


if __name__ == "__main__":
    main()
