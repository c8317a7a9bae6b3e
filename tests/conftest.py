"""What every room's tests share: one parse of the dbt project, which takes longer than most of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from warehouse.build import parse_project


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manifest of the project, in a folder as homes have it; the workers of a session share it."""
    return parse_project(tmp_path_factory.getbasetemp().parent / "parsed-dbt")
