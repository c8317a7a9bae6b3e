"""`icw docs`: one page about a snapshot that needs nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from warehouse.build import DBT_PROJECT
from warehouse.documentation import write_documentation
from warehouse.errors import BuildFailed
from warehouse.files import sha256_of
from warehouse.snapshots.catalog import Snapshot

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def page(published: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("docs") / "docs" / "index.html"
    before = sha256_of(published.database)
    write_documentation(published, path)
    assert sha256_of(published.database) == before
    assert [entry.name for entry in path.parent.iterdir()] == ["index.html"]
    return path.read_text(encoding="utf-8")


def test_the_page_loads_nothing_from_elsewhere(page: str) -> None:
    assert re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']?(?:https?:)?//", page) == []


def test_the_page_has_the_models_the_questions_and_the_rows_of_the_snapshot(page: str) -> None:
    manifest, catalog = embedded(page, "manifest"), embedded(page, "catalog")
    resources = [node["resource_type"] for node in manifest["nodes"].values()]
    assert resources.count("analysis") == len(list((DBT_PROJECT / "analyses").glob("*.sql")))
    assert manifest["nodes"]["model.imaging_commons.dim_study"]["schema"] == "main"
    series = catalog["nodes"]["model.imaging_commons.fct_series"]
    assert series["stats"]["row_count"]["value"] == 500
    assert series["columns"]["size_bytes"]["type"] == "BIGINT"
    assert series["columns"]["size_bytes"]["comment"] == "Size of the series in bytes."


def embedded(page: str, name: str) -> dict[str, Any]:
    """Return one of dbt's artifacts out of the page."""
    found, _ = json.JSONDecoder().raw_decode(page, page.index(f'{name}:{{"metadata"') + len(name) + 1)
    return found


def test_a_file_that_cannot_be_read_is_one_sentence(published: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "warehouse.duckdb").write_text("this is no database")
    broken = replace(published, folder=tmp_path)
    with pytest.raises(BuildFailed, match=f"dbt cannot document snapshot {published.id}: .*") as caught:
        write_documentation(broken, tmp_path / "index.html")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "index.html").exists()
