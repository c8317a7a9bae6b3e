"""The yml files of the dbt project say types in words that belong to no engine (dbt/macros/adapters/types.sql)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from warehouse.build import DBT_PROJECT
from warehouse.build.project import Project

NEUTRAL = re.compile(r"(?:string|integer|bigint|double|boolean|date|timestamp|decimal\(\d+, \d+\))(?:\[\])?")


def described(path: Path) -> Iterator[tuple[str, str]]:
    """Each column of the models and seeds of a yml file, with its type."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    for model in content.get("models", ()):
        for column in model.get("columns", ()):
            if "data_type" in column:
                yield f"{model['name']}.{column['name']}", column["data_type"]
    for seed in content.get("seeds", ()):
        for column, data_type in seed["config"]["column_types"].items():
            yield f"{seed['name']}.{column}", data_type


def test_every_type_is_a_word_of_no_engine() -> None:
    paths = [path for folder in ("models", "seeds") for path in sorted((DBT_PROJECT / folder).rglob("*.yml"))]
    types = dict(entry for path in paths for entry in described(path))
    assert len(types) > 1000
    assert not {column: data_type for column, data_type in types.items() if not NEUTRAL.fullmatch(data_type)}


def test_readers_of_the_manifest_find_the_same_words(project: Project) -> None:
    """Dagster shows them as the columns of an asset."""
    nodes = json.loads(project.manifest.read_text(encoding="utf-8"))["nodes"]
    columns = nodes["model.imaging_commons.fct_contrast"]["columns"]
    assert columns["contrast_bolus_agent"]["data_type"] == "string[]"
    assert columns["series_key"]["data_type"] == "bigint"
