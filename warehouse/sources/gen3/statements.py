"""The small datasets in which a commons speaks of itself beside its records: its version and its file registry.

The metadata service is not among them: it has pages, and a short cut of its own.
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
"""Grain: one component of the commons that names its version."""


@dataclass(frozen=True)
class Statement:
    """One small dataset: its name, the path below the base address that it comes from, and how it is had, whole."""

    dataset: str
    path: str
    fetch: Callable[[], pa.Table]


def statements(client: GuppyClient, contract: Mapping[str, Dataset]) -> tuple[Statement, ...]:
    """Return the statements that the contract of a commons knows; each costs one request when it is fetched."""
    found = [Statement("version", "guppy/_version", lambda: version_table(client))]
    if "indexd_stats" in contract:
        found.append(Statement("indexd_stats", "index/_stats", lambda: fetch_stats(client.transport)))
    return tuple(found)


def version_table(client: GuppyClient) -> pa.Table:
    """Return what Guppy says of its version, as a table of the schema `VERSION`."""
    return pa.Table.from_pylist([{"component": "guppy", **client.version()}], schema=VERSION)
