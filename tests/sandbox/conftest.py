from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.shared import SEED, population_of
from warehouse.sandbox.server import Sandbox

SCALE = 0.002


@pytest.fixture(scope="session")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small population, made once; every sandbox of a test serves the same files."""
    return population_of(tmp_path_factory, SCALE)


@pytest.fixture
def sandbox(population: Path) -> Iterator[Sandbox]:
    """A sandbox for one test, which may change its data and break it."""
    with Sandbox(population, SCALE, SEED) as running:
        yield running


@pytest.fixture(scope="module")
def standing(population: Path) -> Iterator[Sandbox]:
    """A sandbox for the tests of a module that only ask."""
    with Sandbox(population, SCALE, SEED) as running:
        yield running


class Guppy:
    """Asks one Guppy of the sandbox as a client would."""

    def __init__(self, base_url: str) -> None:
        self.url = f"{base_url}/guppy"

    def post(self, query: str, **variables: Any) -> requests.Response:
        return requests.post(f"{self.url}/graphql", json={"query": query, "variables": variables}, timeout=20)

    def ask(self, query: str, **variables: Any) -> Any:
        response = self.post(query, **variables)
        assert response.status_code == 200, response.text
        content = response.json()
        assert "errors" not in content, content["errors"]
        return content["data"]

    def errors(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        response = self.post(query, **variables)
        assert response.status_code == 200, response.text
        return response.json()["errors"]

    def rows(self, record_type: str, fields: str, **arguments: Any) -> list[dict[str, Any]]:
        declared = "$offset: Int, $first: Int, $filter: JSON, $sort: JSON"
        passed = "offset: $offset, first: $first, filter: $filter, sort: $sort"
        query = f"query({declared}) {{ {record_type}({passed}) {{ {fields} }} }}"
        arguments = {"offset": 0, "first": 10_000, "sort": {f"_{record_type}_id": "asc"}, **arguments}
        return self.ask(query, **arguments)[record_type]

    def total(self, record_type: str, filter: Any = None) -> int:
        query = f"query($filter: JSON) {{ _aggregation {{ {record_type}(filter: $filter) {{ _totalCount }} }} }}"
        return self.ask(query, filter=filter)["_aggregation"][record_type]["_totalCount"]

    def histogram(self, record_type: str, field: str, filter: Any = None) -> list[tuple[str, int]]:
        query = (
            f"query($filter: JSON) {{ _aggregation {{ {record_type}(filter: $filter) "
            f"{{ {field} {{ histogram {{ key count }} }} }} }} }}"
        )
        buckets = self.ask(query, filter=filter)["_aggregation"][record_type][field]["histogram"]
        return [(bucket["key"], bucket["count"]) for bucket in buckets]


@pytest.fixture
def asked(request: pytest.FixtureRequest) -> Sandbox:
    """The test's own sandbox, if it wants one, else that of its module."""
    return request.getfixturevalue("sandbox" if "sandbox" in request.fixturenames else "standing")


@pytest.fixture
def portal(asked: Sandbox) -> Guppy:
    return Guppy(asked.portal_url)


@pytest.fixture
def hub(asked: Sandbox) -> Guppy:
    return Guppy(asked.bih_url)
