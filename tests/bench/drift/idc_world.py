"""Real releases of IDC, cut down to some whole collections: the past, and the release under test.

The releases come from the package index and are kept below .bench/drift. What the cut goes through is stated anew: the
collections and subjects of an analysis result whose other collections are not in the sample.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
# So many series in all, and so many in each of the other collections at most: these are many, and small.
_SERIES, _LARGEST = 26_000, 400


def idc_world(folder: Path, versions: Sequence[str] = VERSIONS) -> World:
    """Fetch the releases and land the sample of each in `folder`, unless they are there."""
    landing = Landing(folder / "nights")
    held = {release.version: release for release in landing.releases("idc")}
    if held.keys() >= set(versions):
        return World(landing, tuple(held[version] for version in versions))
    fetched = _fetched(folder, versions)
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '2GB'")
        connection.execute("set threads = 2")
        chosen = _collections(connection, fetched.landing, fetched.night)
        return World(
            landing,
            tuple(_sample(connection, fetched.landing, landing, release, chosen) for release in fetched.releases),
        )


def _fetched(folder: Path, versions: Sequence[str]) -> World:
    """Fetch the releases, unless they are there."""
    landing = Landing(folder / "releases")
    settings = Settings(home=folder / "releases", idc_channels=("wheel",))
    return World(
        landing,
        tuple(
            landing.release("idc", version) or idc.land(idc.resolve(version, settings), landing, settings)
            for version in versions
        ),
    )


def grown_world(folder: Path, first: int) -> World:
    """Land the newest release, whole, as it grew: as of each version from the `first` on, one after the other.

    A release holds what was there by then in the form that it has now, so none has an error that the newest has not.
    """
    newest = _fetched(folder, VERSIONS[-1:])
    landing = Landing(folder / "grown")
    held = {release.version: release for release in landing.releases("idc")}
    releases: list[Release] = []
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '2GB'")
        connection.execute("set threads = 2")
        for major in range(first, int(newest.night.version.split(".")[0]) + 1):
            version = f"{major}.0.0"
            queries = _as_of(connection, newest, major)
            releases.append(held.get(version) or _landed(connection, landing, newest.night, version, queries))
    return World(landing, tuple(releases))


def _as_of(connection: duckdb.DuckDBPyConnection, newest: World, major: int) -> dict[str, str]:
    """Return the queries for the files of a release as of a version."""
    index, prior, collections, results, versions = (
        str(relation_of(newest.landing, newest.night, f"{name}_index"))
        for name in ("idc", "prior_versions", "collections", "analysis_results", "version_metadata")
    )
    there = f"(select * from {index} where series_revised_idc_version <= {major})"
    names = [name for (name,) in connection.execute(f"select distinct collection_id from {there}").fetchall()]
    dois = connection.execute(f'select distinct lower("source_DOI") from {there} where "source_DOI" <> \'\'').fetchall()
    known = f"lambda source: list_contains([{', '.join(literal(doi) for (doi,) in dois)}], lower(source.source_doi))"
    return {
        "idc_index": f"select * from {there}",
        "prior_versions_index": f"select * from {prior} where max_idc_version < {major}",
        "version_metadata_index": f"select * from {versions} where idc_version <= {major}",
        "collections_index": f'select * replace ((select count(distinct "PatientID") from {there} as there'
        f" where there.collection_id = described.collection_id) as subjects,"
        f" list_filter(sources, {known}) as sources) from {collections} as described"
        f" where collection_id in ({', '.join(map(literal, names))})",
        "analysis_results_index": _restated(connection, results, there, "true", names),
    }


def _collections(connection: duckdb.DuckDBPyConnection, landing: Landing, release: Release) -> list[str]:
    """Return the collections of the sample: the chosen ones, and others in an order that depends on nothing."""
    index = relation_of(landing, release, "idc_index")
    sizes = dict(
        connection.execute(
            f"select collection_id, count(*) from {index} group by collection_id order by md5(collection_id)"
        ).fetchall()
    )
    chosen = [name for name in _CHOSEN if name in sizes]
    series = sum(sizes[name] for name in chosen)
    for name, size in sizes.items():
        if name not in chosen and size <= _LARGEST and series + size <= _SERIES:
            chosen.append(name)
            series += size
    return chosen


def _sample(
    connection: duckdb.DuckDBPyConnection, whole: Landing, landing: Landing, release: Release, chosen: Sequence[str]
) -> Release:
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
    return _landed(connection, landing, release, release.version, queries)


def _landed(
    connection: duckdb.DuckDBPyConnection,
    landing: Landing,
    release: Release,
    version: str,
    queries: Mapping[str, str],
) -> Release:
    """Land what the queries fill as a version of a release, and nothing else of it."""
    staging = landing.staging_for("idc", version)
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
        loads.append(changed.model_copy(update={"upstream_version": version}))
    return landing.commit(release.model_copy(update={"loads": tuple(loads), "version": version}), staged)


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
