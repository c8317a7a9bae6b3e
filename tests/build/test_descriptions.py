"""A column is described in one place: its contract if it is landed, dbt/docs if it is shared, else beside its model."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from warehouse.build import DBT_PROJECT
from warehouse.build.project import Project, project_with_empty_build
from warehouse.contracts import load_contract
from warehouse.reading import raw_name
from warehouse.registry import SOURCE_NAMES
from warehouse.settings import Settings

STAGING = sorted((DBT_PROJECT / "models" / "staging").rglob("stg_*.sql"))

# What changes how a value is written, not what it means.
CLEANING = (
    re.compile(r"\{\{ (?:text_or_null|not_blank|plausible_count)\('(.*)'\) \}\}"),
    re.compile(r"lower\((.*)\)"),
    re.compile(r"\{\{ stated_date\('(.*)'\) \}\}"),
    re.compile(r"\{\{ adapter\.quote\('(.*)'\) \}\}"),
)

# Descriptions that say the same of so many columns stand in a doc block.
MANY = 3


def models() -> Iterator[dict[str, Any]]:
    """Every model of the project, as the yml beside it describes it."""
    for path in sorted((DBT_PROJECT / "models").rglob("*.yml")):
        yield from yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])


def doc_blocks() -> dict[str, str]:
    """Name and text of every doc block."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DBT_PROJECT / "docs").glob("*.md")))
    return dict(re.findall(r"\{% docs (\w+) %\}(.*?)\{% enddocs %\}", text, re.DOTALL))


def expressions(sql: str) -> dict[str, str]:
    """What a staging model makes each of its renamed columns from: SQL with the macros as they are written."""
    renamed = re.search(r"renamed as \(\n+    select\n(.*?)\n    from source\b", sql, re.DOTALL)
    assert renamed, "a staging model selects its columns in a CTE `renamed` from a CTE `source`"
    found: dict[str, str] = {}
    for part in split_at_commas(re.sub(r"--.*", "", renamed[1])):
        expression, separator, name = " ".join(part.split()).rpartition(" as ")
        found[name.strip('"')] = expression if separator else name
    return found


def split_at_commas(columns: str) -> list[str]:
    """The parts of a select list; commas in brackets do not part it."""
    parts, depth = [""], 0
    for character in columns:
        depth += (character in "({[") - (character in ")}]")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def cleaned_column(expression: str) -> str:
    """The column that an expression only cleans; the rest of the expression where it does more."""
    for cleaning in CLEANING * 2:
        match = cleaning.fullmatch(expression)
        expression = match[1] if match else expression
    return expression.strip('"')


def landed_columns(sql: str) -> set[str]:
    """The columns of the landed dataset that a staging model reads."""
    read = re.search(r"source\('(\w+)', '(\w+)'\)", sql)
    # The series of several releases have the columns of the contract, too.
    source, dataset = (read[1], read[2]) if read else ("", "")
    source, dataset = ("idc", "idc_index") if dataset == "idc_history" else (source, dataset)
    if source not in SOURCE_NAMES:
        return set()
    columns = load_contract(source).datasets[dataset].columns
    return {column.name for column in columns} | {raw_name(column) for column in columns if column.keeps_raw}


@pytest.fixture(scope="module")
def built(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The build of nothing, which has every staging view."""
    whole = project_with_empty_build(Settings(home=tmp_path_factory.mktemp("home")))
    with duckdb.connect(str(whole.empty_build), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("path", STAGING, ids=lambda path: path.stem)
def test_a_staging_column_is_described_by_its_contract_or_beside_the_model(
    built: duckdb.DuckDBPyConnection, path: Path
) -> None:
    sql = path.read_text(encoding="utf-8")
    (model,) = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
    described = {column["name"] for column in model.get("columns", ()) if column.get("description")}
    landed = landed_columns(sql)
    renamed = {name for name, expression in expressions(sql).items() if cleaned_column(expression) in landed}
    columns = {str(name) for name, *_ in built.execute(f"describe staging.{path.stem}").fetchall()}
    assert columns - described == columns & (renamed - described), "describe what is no plain rename in the yml"
    assert not described & renamed, "these are described by their contract: leave the description out"


def test_a_text_that_describes_many_columns_is_a_doc_block() -> None:
    uses: dict[str, list[str]] = defaultdict(list)
    for model in models():
        for column in model.get("columns", ()):
            uses[" ".join(column.get("description", "").split())].append(f"{model['name']}.{column['name']}")
    shared = {text: columns for text, columns in uses.items() if text and len(columns) >= MANY}
    assert not {text: columns for text, columns in shared.items() if not re.fullmatch(r"\{\{ doc\('\w+'\) \}\}", text)}
    assert not set(uses) & set(doc_blocks().values()), "refer to the doc block instead of repeating its text"


def test_every_doc_block_is_used_and_none_says_what_another_says() -> None:
    blocks = doc_blocks()
    named = {
        name
        for model in models()
        for column in model.get("columns", ())
        for name in re.findall(r"doc\('(\w+)'\)", column.get("description", ""))
    }
    assert set(blocks) - named == {"__overview__"}
    assert len(set(blocks.values())) == len(blocks)


def test_descriptions_arrive_rendered(project: Project) -> None:
    described = [column["description"] for node in project.models.values() for column in node["columns"].values()]
    assert len(described) > 1000
    assert not [text for text in described if "{{" in text or "doc(" in text]
