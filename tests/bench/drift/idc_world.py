"""Real releases of IDC, cut down to some whole collections: the past, and the release under test.

The releases come from the package index and are kept below .bench/drift. What the cut goes through is stated anew: the
collections and subjects of an analysis result whose other collections are not in the sample.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from tests.bench.drift.seeding import relation_of
from tests.bench.drift.world import World
from warehouse.files import sha256_of
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.settings import Settings
from warehouse.sources import idc
from warehouse.sql_text import literal

VERSIONS = ("22.1.5", "23.5.0", "24.2.2", "25.0.5")

# Collections whose analysis results describe no or few other ones, and one of each other bucket.
_CHOSEN = (
    "cptac_ccrcc",
    "cptac_pda",
    "cptac_ucec",
    "pancreas_ct",
    "rider_lung_ct",
    "rms_mutation_prediction",
    "lung_pet_ct_dx",
    "fdg_pet_ct_lesions",
    "acrin_flt_breast",
    "nlm_visible_human_project",
)
_SERIES, _LARGEST = 26_000, 4_000


def idc_world(folder: Path, versions: Sequence[str] = VERSIONS) -> World:
    """Fetch the releases and land the sample of each in `folder`, unless they are there."""
    landing = Landing(folder / "nights")
    held = {release.version: release for release in landing.releases("idc")}
    if held.keys() >= set(versions):
        return World(landing, tuple(held[version] for version in versions))
    whole = Landing(folder / "releases")
    settings = Settings(home=folder / "releases", idc_channels=("wheel",))
    fetched = [
        whole.release("idc", version) or idc.land(idc.resolve(version, settings), whole, settings)
        for version in versions
    ]
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '2GB'")
        connection.execute("set threads = 2")
        chosen = _collections(connection, whole, fetched[-1])
        return World(landing, tuple(_sample(connection, whole, landing, release, chosen) for release in fetched))


def _collections(connection: duckdb.DuckDBPyConnection, landing: Landing, release: Release) -> list[str]:
    """Return the collections of the sample: the chosen ones, and others in an order that depends on nothing."""
    index = relation_of(landing, release, "idc_index")
    found = connection.execute(
        f"select collection_id, count(*) from {index} group by collection_id having count(*) <= {_LARGEST}"
        " order by md5(collection_id), collection_id"
    ).fetchall()
    sizes = dict(found)
    chosen = [name for name in _CHOSEN if name in sizes]
    series = sum(sizes[name] for name in chosen)
    for name, size in found:
        if name not in chosen and series + size <= _SERIES:
            chosen.append(name)
            series += size
    return chosen


def _sample(
    connection: duckdb.DuckDBPyConnection, whole: Landing, landing: Landing, release: Release, chosen: Sequence[str]
) -> Release:
    staging = landing.staging_for("idc", release.version)
    held = f"collection_id in ({', '.join(map(literal, chosen))})"
    queries: dict[str, str] = {}
    index = relation_of(whole, release, "idc_index")
    names = _columns(connection, str(index))
    for name in ("idc_index", "prior_versions_index", "collections_index", "version_metadata_index"):
        relation = relation_of(whole, release, name)
        if relation is not None:
            queries[name] = f"select * from {relation}" + ("" if name == "version_metadata_index" else f" where {held}")
    results = relation_of(whole, release, "analysis_results_index")
    if results is not None and "analysis_result_id" in names:
        queries["analysis_results_index"] = _restated(connection, results, str(index), held, chosen)
    staged: dict[str, Path] = {}
    loads: list[Load] = []
    for load in release.loads:
        changed = load.model_copy(update={"status": "absent", "objects": (), "rows": 0, "bytes": 0})
        if load.dataset in queries:
            path = staging / f"{load.dataset}.parquet"
            connection.execute(f"copy ({queries[load.dataset]}) to {literal(str(path))} (format parquet)")
            ((rows,),) = connection.execute(f"select count(*) from read_parquet({literal(str(path))})").fetchall()
            entry = LandedObject(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)
            staged[entry.sha256] = path
            update = {"status": "landed", "objects": (entry,), "rows": rows, "bytes": entry.bytes}
            changed = load.model_copy(update=update)
        loads.append(changed)
    return landing.commit(release.model_copy(update={"loads": tuple(loads)}), staged)


def _restated(connection: duckdb.DuckDBPyConnection, results: str, index: str, held: str, chosen: Sequence[str]) -> str:
    """Return the query for the analysis results of the sample, those that the cut goes through stated anew."""
    stated = connection.execute(f"select analysis_result_id, collections from {results}").fetchall()
    counted = dict(
        connection.execute(
            f'select lower(analysis_result_id), count(distinct "PatientID") from {index} where {held} group by all'
        ).fetchall()
    )
    cases: dict[str, list[str]] = {"collections": [], "subjects": []}
    kept: list[str] = []
    wanted = {_plain(name) for name in chosen}
    for result, collections in stated:
        subjects = counted.get(str(result).lower())
        if not subjects:
            continue
        kept.append(result)
        parts = [part.strip() for part in str(collections or "").split(",")]
        inside = [part for part in parts if _plain(part) in wanted]
        if inside and inside != parts:
            when = f"when {literal(result)} then"
            cases["collections"].append(f"{when} {literal(', '.join(inside))}")
            cases["subjects"].append(f"{when} {subjects}")
    where = f"analysis_result_id in ({', '.join(map(literal, kept)) or 'null'})"
    if not cases["subjects"]:
        return f"select * from {results} where {where}"
    # The names of the columns began with a capital in earlier releases.
    replaced = ", ".join(
        f"case analysis_result_id {' '.join(lines)} else {name} end as {name}"
        for name in _columns(connection, results)
        if (lines := cases.get(name.lower()))
    )
    return f"select * replace ({replaced}) from {results} where {where}"


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> list[str]:
    return [name for name, *_ in connection.execute(f"describe select * from {relation}").fetchall()]


def _plain(name: str) -> str:
    """Return a collection's name as its id writes it."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
