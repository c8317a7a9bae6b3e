"""A small star of which it is known to which collections each row belongs, with several to a row and none."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import duckdb

from tests.support.sample_build import PASSED, model, relationships_test, release, write_dbt_manifest
from warehouse.build import Build
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.publish import publish

COLLECTIONS, PATIENTS, SERIES, MEASUREMENTS = 6, 12, 40, 25
LICENCES = {1: ("CC-BY-4.0", True), 2: ("CC-BY-NC-4.0", False), 3: ("OWN", None)}


@dataclass(frozen=True)
class Series:
    """One series: its patient, size, what it states of its collection, and all collections that it is in."""

    key: int
    patient: int
    size: int
    collection: int | None
    doi: str | None
    licence: int | None
    collections: frozenset[int]


@dataclass(frozen=True)
class Planted:
    """The snapshot, and what is true of it."""

    snapshot: Snapshot
    series: tuple[Series, ...]
    patients: dict[int, frozenset[int]]
    measurements: dict[int, int]
    """The patient of each measurement."""


def plant(folder: Path, seed: int = 3) -> Planted:
    """Publish the star below a folder."""
    chance = random.Random(seed)
    patients = {key: frozenset(chance.sample(range(COLLECTIONS), chance.choice((1, 1, 2)))) for key in range(PATIENTS)}
    series = tuple(_series(chance, key, patients) for key in range(SERIES))
    measurements = {key: chance.randrange(PATIENTS) for key in range(MEASUREMENTS)}
    build = folder / "build"
    build.mkdir(parents=True)
    with duckdb.connect(str(build / "build.duckdb")) as connection:
        _write(connection, series, patients, measurements)
    _describe(build / "manifest.json")
    made = Build(build, build / "build.duckdb", (release("23.5.0"),), (), "0" * 64)
    publish(made, [PASSED], folder / "home", {})
    return Planted(snapshot(folder / "home", None), series, patients, measurements)


def _series(chance: random.Random, key: int, patients: dict[int, frozenset[int]]) -> Series:
    patient = chance.randrange(PATIENTS)
    collections = frozenset(chance.sample(sorted(patients[patient]), chance.randint(1, len(patients[patient]))))
    one = next(iter(collections)) if len(collections) == 1 else None
    states = one is not None and chance.random() < 0.8
    return Series(
        key=key,
        patient=patient,
        size=chance.randrange(100),
        collection=one,
        doi=f"10.1/series-{one}-{chance.randrange(2)}" if states else None,
        licence=chance.choice(sorted(LICENCES)) if states else None,
        collections=collections,
    )


def _write(
    connection: duckdb.DuckDBPyConnection,
    series: tuple[Series, ...],
    patients: dict[int, frozenset[int]],
    measurements: dict[int, int],
) -> None:
    connection.execute("create schema star")
    connection.execute(
        f"create table star.dim_collection as select i as collection_key, 'collection ' || i as collection_id, "
        f"'10.1/collection-' || i as collection_doi, 1::bigint as license_key from range({COLLECTIONS}) t(i)"
    )
    connection.execute(
        "create table star.dim_license (license_key bigint, license_id varchar, license_short_name varchar, "
        "license_long_name varchar, license_url varchar, note varchar, commercial_use_allowed boolean)"
    )
    rows = [(key, name, allowed) for key, (name, allowed) in LICENCES.items()]
    connection.executemany("insert into star.dim_license values (?, ?, null, null, null, null, ?)", rows)
    connection.execute(
        "create table star.fct_series (series_key bigint, patient_key bigint, size_bytes bigint, "
        "collection_key bigint, source_doi varchar, license_key bigint)"
    )
    connection.executemany(
        "insert into star.fct_series values (?, ?, ?, ?, ?, ?)",
        [(one.key, one.patient, one.size, one.collection, one.doi, one.licence) for one in series],
    )
    connection.execute("create table star.dim_patient as select i as patient_key from range(12) t(i)")
    connection.execute("create table star.fct_measurement (measurement_key bigint, patient_key bigint)")
    connection.executemany("insert into star.fct_measurement values (?, ?)", list(measurements.items()))
    connection.execute("create table star.bridge_series_collection (series_key bigint, collection_key bigint)")
    pairs = [(one.key, collection) for one in series for collection in one.collections]
    connection.executemany("insert into star.bridge_series_collection values (?, ?)", pairs)
    connection.execute("create table star.bridge_patient_collection (patient_key bigint, collection_key bigint)")
    pairs = [(key, collection) for key, collections in patients.items() for collection in collections]
    connection.executemany("insert into star.bridge_patient_collection values (?, ?)", pairs)


def _describe(path: Path) -> None:
    tables = {
        "dim_collection": (["collection_key"], ["collection_id", "collection_doi", "license_key"]),
        "dim_license": (
            ["license_key"],
            ["license_id", "license_short_name", "license_long_name", "license_url", "note", "commercial_use_allowed"],
        ),
        "fct_series": (["series_key"], ["patient_key", "size_bytes", "collection_key", "source_doi", "license_key"]),
        "dim_patient": (["patient_key"], []),
        "fct_measurement": (["measurement_key"], ["patient_key"]),
        "bridge_series_collection": (["series_key", "collection_key"], []),
        "bridge_patient_collection": (["patient_key", "collection_key"], []),
    }
    keys = {"patient_key": "dim_patient", "collection_key": "dim_collection", "license_key": "dim_license"}
    keys["series_key"] = "fct_series"
    references = [
        relationships_test(table, column, keys[column], column)
        for table, (key, columns) in tables.items()
        for column in (*key, *columns)
        if column in keys and keys[column] != table
    ]
    models = [
        model(table, {column: f"The {column}." for column in (*key, *columns)}, primary_key=key, grain=f"one {table}")
        for table, (key, columns) in tables.items()
    ]
    write_dbt_manifest(path, *models, *references)
