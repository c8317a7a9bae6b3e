"""The analysts' page and its parts that are made from something else: diagrams from dbt's manifest, SQL from the files
beside the page, output from a snapshot. The tests hold the page to them; `python -m tests.analyses` renews it.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from dagster_project import display
from warehouse.build import DBT_PROJECT
from warehouse.dbt_manifest import STAR_SCHEMA, DeclaredTable, Reference, read_star_description
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot

FOLDER = DBT_PROJECT / "analyses"
PAGE = FOLDER / "README.md"

# Rows that `icw sql` prints unless it is told otherwise, and the width that it takes where there is no terminal.
_ROWS, _WIDTH = 40, 160

_DIAGRAM = re.compile(r"(<!-- tables: ([\w ]+) -->\n```mermaid\n)(.*?)(```\n)", re.DOTALL)
_QUESTION = re.compile(r"(\[(\d\d_\w+\.sql)\]\(\2\)\n\n```sql\n)(.*?)(```\n\n```text\n)(.*?)(```\n)", re.DOTALL)

# Almost every table refers to these; drawn everywhere, the lines would hide the others.
SHOWN_APART = ("dim_source", "dim_release")


@dataclass(frozen=True)
class Question:
    """One question of the page: its file, its SQL and its output as they stand in the page."""

    file: str
    sql: str
    output: str

    @property
    def columns(self) -> list[str]:
        """The names of the columns in the printed output."""
        return [name.strip() for name in self.output.splitlines()[0].split("┃")]


@dataclass(frozen=True)
class Model:
    """What diagrams show: the declared tables, their references, the type of each column and which are never null."""

    tables: Mapping[str, DeclaredTable]
    references: tuple[Reference, ...]
    types: Mapping[tuple[str, str], str]
    not_null: frozenset[tuple[str, str]]


def questions(text: str) -> list[Question]:
    """Return the questions of the page in their order."""
    return [Question(file, sql, output) for _, file, sql, _, output, _ in _QUESTION.findall(text)]


def drawn(text: str) -> list[str]:
    """Return the names of the tables that the page's diagrams show, in their order."""
    return [name for _, names, _, _ in _DIAGRAM.findall(text) for name in names.split()]


def renewed(text: str, model: Model, answer: Callable[[Question], str]) -> str:
    """Return the page with its diagrams and SQL made anew; `answer` gives the output of each question."""

    def ask(found: re.Match[str]) -> str:
        before, file, sql, between, output, after = found.groups()
        return before + (FOLDER / file).read_text() + between + answer(Question(file, sql, output)) + after

    text = _DIAGRAM.sub(lambda found: found[1] + diagram(found[2].split(), model) + found[4], text)
    return _QUESTION.sub(ask, text)


def printed(snapshot: Snapshot, sql: str) -> str:
    """Return what `icw sql` prints of the answer of a snapshot, without blanks at the ends of lines."""
    screen = io.StringIO()
    with query.run(snapshot, sql) as result:
        display.page(Console(file=screen, width=_WIDTH), result.page(_ROWS))
    return "".join(f"{line.rstrip()}\n" for line in screen.getvalue().splitlines())


def read_model(manifest: Path) -> Model:
    """Read what diagrams show from dbt's manifest of the project."""
    star = read_star_description(manifest)
    nodes: dict[str, dict[str, Any]] = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    models = [node for node in nodes.values() if node["resource_type"] == "model"]
    return Model(
        tables={table.name: table for table in star.tables},
        references=star.references,
        types={(node["name"], name): of["data_type"] for node in models for name, of in node["columns"].items()},
        not_null=frozenset(_not_null(models)),
    )


def _not_null(models: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the columns that their tables' contracts keep from being null."""
    for node in models:
        for name, column in node["columns"].items():
            if any(constraint["type"] == "not_null" for constraint in column["constraints"]):
                yield node["name"], name


def diagram(names: Sequence[str], model: Model) -> str:
    """Return an entity diagram of these tables with their keys; a table that they only refer to is a bare box."""
    references = [found for found in model.references if found.table in names and _is_drawn(found, names)]
    boxes = (_box(model.tables[name], references, model) for name in names)
    lines = (_line(found, model) for found in references)
    parts = ("erDiagram", "    direction LR", *(part for box in boxes for part in box), *lines)
    return "".join(f"{part}\n" for part in parts)


def _is_drawn(found: Reference, names: Sequence[str]) -> bool:
    """Whether both tables are published, and the parent is none that almost every table refers to."""
    schema, parent = found.parent.split(".")
    return schema == STAR_SCHEMA and (parent in names or parent not in SHOWN_APART)


def _box(table: DeclaredTable, references: Sequence[Reference], model: Model) -> Iterator[str]:
    foreign = {found.column for found in references if found.table == table.name}
    yield f"    {table.name} {{"
    for column in table.columns:
        kinds = [kind for kind, keys in (("PK", table.primary_key), ("FK", foreign)) if column in keys]
        if kinds:
            yield f"        {model.types[table.name, column]} {column} {', '.join(kinds)}"
    yield "    }"


def _line(found: Reference, model: Model) -> str:
    parent = found.parent.split(".")[1]
    one = "||" if (found.table, found.column) in model.not_null and found.condition is None else "|o"
    many = "o|" if model.tables[found.table].primary_key == (found.column,) else "o{"
    return f"    {parent} {one}--{many} {found.table} : {found.column}"
