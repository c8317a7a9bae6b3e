"""The small datasets of a commons' services, one response each: its version and the counts of its file registry.

The metadata service is not among them: it has pages, and a comparison of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from warehouse.contracts import Dataset
from warehouse.sources.gen3.guppy.client import GuppyClient
from warehouse.sources.gen3.indexd import fetch_stats

VERSION = pa.schema(
    [
        pa.field("component", pa.string(), nullable=False),
        pa.field("version", pa.string()),
        pa.field("commit", pa.string()),
    ]
)
"""Grain: one component of the commons that reports its version."""


@dataclass(frozen=True)
class ServiceDataset:
    """One small dataset: its name, its path below the base address, and what fetches it."""

    dataset: str
    path: str
    fetch: Callable[[], pa.Table]


def service_datasets(client: GuppyClient, contract: Mapping[str, Dataset]) -> tuple[ServiceDataset, ...]:
    """Return those that the contract of a commons has; each costs one request when it is fetched."""
    found = [ServiceDataset("version", "guppy/_version", lambda: version_table(client))]
    if "indexd_stats" in contract:
        found.append(ServiceDataset("indexd_stats", "index/_stats", lambda: fetch_stats(client.transport)))
    return tuple(found)


def version_table(client: GuppyClient) -> pa.Table:
    """Return the version of Guppy as a table of the schema `VERSION`."""
    return pa.Table.from_pylist([{"component": "guppy", **client.version()}], schema=VERSION)
