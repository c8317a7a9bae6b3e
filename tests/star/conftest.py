from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pytest

from tests.support.planted_sources import built_once
from warehouse.build import Build


@contextmanager
def rolled_back(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Undo what is done to a database while the context lasts, also where it fails: the next test reads the same."""
    connection.execute("begin")
    try:
        yield
    finally:
        connection.execute("rollback")


@pytest.fixture(scope="session")
def conformed(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """A build of the three sources with dirty records in the portals; whoever spoils it copies it."""
    return built_once(tmp_path_factory)


@pytest.fixture(scope="module")
def star(conformed: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    """The star of that build; a module about another one has a fixture of its own."""
    with duckdb.connect(str(conformed.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def rows(star: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return star.execute(query).fetchall()


def number(star: duckdb.DuckDBPyConnection, query: str) -> int:
    ((value,),) = rows(star, query)
    return int(value or 0)
