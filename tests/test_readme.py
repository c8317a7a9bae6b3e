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
README = (ROOT / "README.md").read_text(encoding="utf-8")
STAR = [
    model
    for folder in ("star", "reconciliation")
    for path in sorted((ROOT / "dbt/models" / folder).glob("*.yml"))
    for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
]


def test_every_command_is_described_and_exists() -> None:
    commands = set(getattr(get_command(app), "commands"))  # noqa: B009 - typer's class has no public type
    assert {name for name in re.findall(r"^\| `icw (\w+)", README, re.MULTILINE)} == commands


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`?make ([a-z-]+)", README))
    assert named
    assert named <= targets


@pytest.mark.parametrize("model", [model["name"] for model in STAR])
def test_every_table_is_listed(model: str) -> None:
    assert f"`{model}`" in README or (model.startswith("bridge_") and "`bridge_*`" in README)


def test_no_table_is_listed_that_does_not_exist() -> None:
    names = {model["name"] for model in STAR}
    assert set(re.findall(r"`((?:dim|fct|xwalk|rec)_\w+)`", README)) <= names


def test_every_path_exists() -> None:
    layout = README[README.index("warehouse/         the library") : README.index("## What it costs")]
    paths = re.findall(r"^([\w/]+/)\s", layout, re.MULTILINE)
    paths += [f"warehouse/{name}" for name in re.findall(r"^  ([\w.]+(?:/|\.py))\s", layout, re.MULTILINE)]
    paths += re.findall(r"\]\((?!http)([^)]+)\)", README)
    paths += re.findall(r"`((?:warehouse|dbt|tests|schedules)/[\w./]+)`", README)
    assert len(paths) > 10
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_every_setting_exists() -> None:
    known = {f"ICW_{name.upper()}" for name in Settings.model_fields if name != "source_urls"}
    known |= {spec.address_variable for spec in SOURCES if spec.address is not None}
    assert set(re.findall(r"ICW_[A-Z_]+[A-Z]", README)) <= known


def test_the_exit_codes_are_those_of_the_errors() -> None:
    sentence = re.sub(r"\s+", " ", README[README.index("Exit codes: 0") :].split(". A refresh")[0])
    said = {int(code) for code in re.findall(r"\b(\d)\b", sentence)}
    classes = [value for value in vars(errors).values() if isinstance(value, type)]
    codes = {kind.exit_code for kind in classes if issubclass(kind, errors.WarehouseError)}
    assert said == (codes - {1}) | {0}
