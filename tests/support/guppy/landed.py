"""The landed records of a small portal, and the comparison with its documents."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.guppy.answers import Type
from tests.support.guppy.server import GuppyServer
from warehouse.landing import Landing, Release
from warehouse.registry import source
from warehouse.sources.gen3 import Gen3System


def system_of(server: GuppyServer) -> Gen3System:
    """Return the portal as a system with the types that the server has."""
    return midrc_at(server.url, tuple(server.types))


def midrc_at(url: str, types: tuple[str, ...]) -> Gen3System:
    """Return a portal at an address, with some of MIDRC's types."""
    spec = source("midrc")
    return Gen3System(spec.name, url, types, spec.contract, spec.address_variable)


def landed(landing: Landing, release: Release, dataset: str) -> list[dict[str, Any]]:
    """Return the records of a landed dataset."""
    load = release.load_of(dataset)
    assert load is not None
    assert len(load.objects) == 1
    assert landing.missing_objects(release) == []
    rows = pq.read_table(pa.BufferReader(landing.object_path(load.objects[0].sha256).read_bytes())).to_pylist()
    assert len(rows) == load.rows
    return rows


def expected(about: Type, id_field: str) -> list[dict[str, Any]]:
    """Return the documents of a type as they must be landed: by id, every field present, booleans as text."""

    def shaped(fields: dict[str, Any], doc: dict[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, kind in fields.items():
            value = doc.get(name)
            if isinstance(kind, dict) and value is not None:
                value = [shaped(kind, below) for below in value]
            elif kind == "boolean" and value is not None:
                value = "true" if value else "false"
            out[name] = value
        return out

    return sorted((shaped(about.fields, doc) for doc in about.docs), key=lambda doc: doc[id_field])


def assert_exact(server: GuppyServer, landing: Landing, release: Release) -> None:
    """Check that every type was landed record for record, with a proof that agrees, and nothing harmful was sent."""
    for name, about in server.types.items():
        rows = landed(landing, release, name)
        load = release.load_of(name)
        assert load is not None
        proof = load.proof
        if not str(proof["method"]).startswith("ids of"):  # ranges of a number: then that is the order
            rows = sorted(rows, key=lambda row: row[f"_{name}_id"])
        assert rows == expected(about, f"_{name}_id")
        assert (
            proof["total_before"] == proof["rows"] == proof["distinct_ids"] == proof["total_after"] == len(about.docs)
        )
        assert proof["index_before"] == proof["index_after"] == load.upstream_version == about.index
    assert [seen.harmful for seen in server.seen if seen.harmful] == []
