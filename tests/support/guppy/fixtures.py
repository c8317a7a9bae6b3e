"""Fixtures of tests with a small portal: the portal, an empty landing, settings with small pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.guppy.documents import portal_types
from tests.support.guppy.server import GuppyServer
from warehouse.landing import Landing
from warehouse.settings import Settings

SettingsMaker = Callable[..., Settings]


@pytest.fixture
def portal() -> Iterator[GuppyServer]:
    """A running portal with 130 cases and 40 measurements."""
    with GuppyServer(portal_types()) as server:
        yield server


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing."""
    return Landing(tmp_path / "home")


@pytest.fixture
def quick(tmp_path: Path) -> SettingsMaker:
    """Make settings with small pages and hardly any waiting."""

    def make(**overrides: Any) -> Settings:
        given = {
            "home": tmp_path / "home",
            "guppy_page_size": 16,
            "retry_wait_s": 0.001,
            "retry_wait_max_s": 0.01,
            "retries": 3,
            "guppy_read_timeout_s": 5.0,
        }
        return Settings(**{**given, **overrides})

    return make
