"""The analysts' page, `dbt/analyses/README.md`, and its generated parts.

What belongs here: reading the questions of the page, and renewing what is made from another source: diagrams from dbt's
manifest, SQL from the files beside the page, output from a snapshot.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from warehouse.build import DBT_PROJECT
from warehouse.documentation.entity_diagrams import Model, diagram

FOLDER = DBT_PROJECT / "analyses"
PAGE = FOLDER / "README.md"

_DIAGRAM = re.compile(r"(<!-- tables: ([\w ]+) -->\n```mermaid\n)(.*?)(```\n)", re.DOTALL)
_QUESTION = re.compile(r"(\[(\d\d_\w+\.sql)\]\(\2\)\n\n```sql\n)(.*?)(```\n\n```text\n)(.*?)(```\n)", re.DOTALL)


@dataclass(frozen=True)
class Question:
    """One question of the page: its file, and its SQL and output as they are in the page."""

    file: str
    sql: str
    output: str

    @property
    def columns(self) -> list[str]:
        """The names of the columns in the printed output."""
        return [name.strip() for name in self.output.splitlines()[0].split("┃")]


def questions(text: str) -> list[Question]:
    """Return the questions of the page in their order."""
    return [Question(file, sql, output) for _, file, sql, _, output, _ in _QUESTION.findall(text)]


def tables_in_diagrams(text: str) -> list[str]:
    """Return the names of the tables in the page's diagrams, in their order."""
    return [name for _, names, _, _ in _DIAGRAM.findall(text) for name in names.split()]


def renewed(text: str, model: Model, answer: Callable[[str], str]) -> str:
    """Return the page with its diagrams, SQL and output made anew; `answer` returns the output of a query."""

    def renew(found: re.Match[str]) -> str:
        before, file, _, between, _, after = found.groups()
        sql = (FOLDER / file).read_text(encoding="utf-8")
        return before + sql + between + answer(sql) + after

    text = _DIAGRAM.sub(lambda found: found[1] + diagram(found[2].split(), model) + found[4], text)
    return _QUESTION.sub(renew, text)
