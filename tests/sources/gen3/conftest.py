"""A small portal for the tests of this room: two MIDRC types out of six, with the dirt that real records have."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.guppy.answers import Type
from tests.support.guppy.server import GuppyServer
from warehouse.landing import Landing, Release
from warehouse.registry import source
from warehouse.settings import Settings
from warehouse.sources.gen3 import Gen3System

# Tests are not judged by the clock: a busy machine must not fail one.
hypothesis.settings.register_profile("no_deadline", deadline=None)
hypothesis.settings.load_profile("no_deadline")

DIRT = [
    "plain",
    'quo"ted, with comma',
    "línea\nnueva\ttab",
    "\u0000control\u0007",
    "日本語 🫁",
    "x" * 5000,
    "no data",
    "",
]


def cases(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Return case documents with missing values, empty lists, several datasets and nested records."""
    draw = random.Random(seed)
    docs = []
    for number in range(count):
        doc: dict[str, Any] = {
            "_case_id": f"{draw.getrandbits(64):016x}-{number}",
            "project_id": draw.choice(["Open-A1", "Open-R1"]),
            "submitter_id": f"case_{number}",
            "sex": draw.choice(["Female", "Male", "no data", None]),
            "age_at_index": draw.choice([None, draw.randint(0, 89), draw.random() * 89]),
            "_imaging_studies_count": draw.randint(0, 9),
            "dataset_submitter_id": draw.choice([[], ["D1"], ["D1", "D2"], None]),
            "surprise": draw.choice(DIRT),
            "is_open": draw.choice([True, False, None]),
            "imaging_studies": draw.choice(
                [
                    None,
                    [],
                    [
                        {"study_uid": f"1.2.{number}", "study_modality": ["CT", "SR"], "study_year": 2020},
                        {"study_uid": None},
                    ],
                ]
            ),
        }
        docs.append({name: value for name, value in doc.items() if value is not None})
    draw.shuffle(docs)
    return docs


CASE_FIELDS: dict[str, Any] = {
    "_case_id": "keyword",
    "project_id": "keyword",
    "submitter_id": "keyword",
    "sex": "keyword",
    "age_at_index": "float",
    "_imaging_studies_count": "long",
    "dataset_submitter_id": "keyword",
    "surprise": "keyword",
    "is_open": "boolean",
    "imaging_studies": {"study_uid": "keyword", "study_modality": "keyword", "study_year": "long"},
}
MEASUREMENT_FIELDS: dict[str, Any] = {
    "_measurement_id": "keyword",
    "submitter_id": "keyword",
    "test_days_from_index": "long",
    "test_name": "keyword",
}


def measurements(count: int) -> list[dict[str, Any]]:
    """Return measurement documents."""
    return [
        {
            "_measurement_id": f"m{number:06d}",
            "submitter_id": f"measurement_{number}",
            "test_days_from_index": number % 37,
            "test_name": "COVID-19",
        }
        for number in range(count)
    ]


def portal_types(case_count: int = 130, measurement_count: int = 40) -> dict[str, Type]:
    """Return the two types with their documents."""
    return {
        "case": Type(dict(CASE_FIELDS), {"dataset_submitter_id", "study_modality"}, cases(case_count)),
        "measurement": Type(dict(MEASUREMENT_FIELDS), set(), measurements(measurement_count)),
    }


@pytest.fixture
def portal() -> Iterator[GuppyServer]:
    """A running portal with 130 cases and 40 measurements."""
    with GuppyServer(portal_types()) as server:
        yield server


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    """An empty landing."""
    return Landing(tmp_path / "home")


SettingsMaker = Callable[..., Settings]


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
