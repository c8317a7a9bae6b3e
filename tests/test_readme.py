"""The README says what is so: its commands, targets, tables, paths, settings and exit codes exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from dagster_project.cli import app
from warehouse import errors
from warehouse.registry import SOURCES
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / folder / "README.md" for folder in ("", "dbt", "warehouse", "schedules", "tests/bench")]
README, DBT, WAREHOUSE, SCHEDULES, _ = (page.read_text(encoding="utf-8") for page in PAGES)
STAR = [
    model
    for folder in ("star", "reconciliation", "marts")
    for path in sorted((ROOT / "dbt/models" / folder).glob("*.yml"))
    for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
]


def test_the_first_page_is_short() -> None:
    assert len(README.encode()) < 9_000


def test_every_command_is_described_and_exists() -> None:
    commands = set(getattr(get_command(app), "commands"))  # noqa: B009 - typer's class has no public type
    assert {name for name in re.findall(r"^\| `icw ([\w-]+)", README, re.MULTILINE)} == commands


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z-]+)", README))
    assert named
    assert named <= targets


@pytest.mark.parametrize("model", [model["name"] for model in STAR])
def test_every_table_is_listed(model: str) -> None:
    assert f"`{model}`" in DBT or (model.startswith("bridge_") and "`bridge_*`" in DBT)


def test_no_table_is_listed_that_does_not_exist() -> None:
    names = {model["name"] for model in STAR}
    assert set(re.findall(r"`((?:dim|fct|xwalk|rec|mart)_\w+)`", DBT + README + WAREHOUSE)) <= names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_path_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    linked = [page.parent / path.partition("#")[0] for path in re.findall(r"\]\((?!http)([^)]+)\)", text)]
    named = [ROOT / path for path in re.findall(r"`((?:warehouse|dbt|tests|schedules|dagster_project)/[\w./]*)`", text)]
    # The first column of a table of folders and modules is beside the page.
    beside = [page.parent / path for path in re.findall(r"^\| `([a-z_/]+/|[a-z_]+\.py)` \|", text, re.MULTILINE)]
    assert not [str(path) for path in (*linked, *named, *beside) if not path.exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_setting_exists(page: Path) -> None:
    known = {f"ICW_{name.upper()}" for name in Settings.model_fields if name != "source_urls"}
    known |= {spec.address_variable for spec in SOURCES if spec.address is not None}
    bench = {f"ICW_BENCH_{name}" for name in ("VERSION", "STAR_VERSION")}
    assert set(re.findall(r"ICW_[A-Z_]+[A-Z]", page.read_text(encoding="utf-8"))) <= known | bench


def test_the_exit_codes_are_those_of_the_errors() -> None:
    sentence = re.sub(r"\s+", " ", SCHEDULES[SCHEDULES.index("0 published") :].split(". Ctrl-C")[0])
    said = {int(code) for code in re.findall(r"\b(\d\d?)\b", sentence)}
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    codes = {kind.exit_code for kind in classes if issubclass(kind, errors.WarehouseError)}
    assert said == (codes - {1}) | {0}
