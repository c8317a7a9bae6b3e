"""Seeding: the release that a defect leaves of a good one, landed as if upstream had sent it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from tests.bench.drift.defect import Defect
from tests.bench.drift.histograms import REPORTED, histograms
from tests.bench.drift.world import World
from warehouse.contracts import load_contract
from warehouse.files import sha256_of
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.sql_text import literal, quoted


def seeded(world: World, defect: Defect, size: float, name: str) -> tuple[Release, int]:
    """Land the release that is the night but for the defect, and return it with the number of rows that are hit.

    `name` is that of its folder in the staging.
    """
    landing, night = world.landing, world.night
    staging = landing.staging_for(night.source, name)
    files: dict[str, Path | None] = {}
    with duckdb.connect() as connection:
        connection.execute("set threads = 1")
        connection.execute("set memory_limit = '2GB'")
        _lay_out(connection, landing, night, "night")
        if world.earlier:
            _lay_out(connection, landing, world.earlier[-1], "before")
            _lay_out(connection, landing, world.earlier[0], "first")
        _choose(connection, night.source, defect, size)
        for dataset, query in defect.changes.items():
            files[dataset] = None if query is None else staging / f"{dataset}.parquet"
            if query is not None:
                columns = connection.execute(f"describe {query}").fetchall()
                excluded = " exclude (hit)" if any(column == "hit" for column, *_ in columns) else ""
                _copy(connection, f"select *{excluded} from ({query})", staging / f"{dataset}.parquet")
        if defect.counts == "as sent" and REPORTED not in defect.changes:
            counts = _recounted(connection, landing, night, files)
            if counts:
                files[REPORTED] = staging / f"{REPORTED}.parquet"
                _copy(connection, counts, staging / f"{REPORTED}.parquet")
        ((hits,),) = connection.execute(f"select count(*) from night.{quoted(defect.on)} where hit").fetchall()
        return _landed(connection, landing, night, files, defect.manifest), hits


def forget(landing: Landing, release: Release, kept: Iterable[Release]) -> None:
    """Remove the files of a seeded release that no good one has."""
    shared = {entry.sha256 for good in kept for load in good.loads for entry in load.objects}
    for load in release.loads:
        for entry in load.objects:
            if entry.sha256 not in shared:
                landing.object_path(entry.sha256).unlink(missing_ok=True)


def relation_of(landing: Landing, release: Release, dataset: str) -> str | None:
    """Return the file of a dataset as a relation (SQL), or None where the release has none."""
    load = release.load_of(dataset)
    entry = load.object_named(f"{dataset}.parquet") if load is not None else None
    return None if entry is None else f"read_parquet({literal(str(landing.object_path(entry.sha256)))})"


def _lay_out(connection: duckdb.DuckDBPyConnection, landing: Landing, release: Release, schema: str) -> None:
    connection.execute(f"create schema {schema}")
    for load in release.loads:
        relation = relation_of(landing, release, load.dataset)
        if relation is not None:
            connection.execute(f"create view {schema}.{quoted(load.dataset)} as from {relation}")


def _choose(connection: duckdb.DuckDBPyConnection, source: str, defect: Defect, size: float) -> None:
    """Make the table of the chosen units, and the column `hit`. Which these are depends on nothing but the values."""
    key = load_contract(source).datasets[defect.on].key
    unit = defect.unit or f"concat_ws('|', {', '.join(map(quoted, key))})"
    night = f"night.{quoted(defect.on)}"
    connection.execute(f"create table located as from {night}")
    connection.execute(
        f"""
        create table chosen as
        with units as (
            select distinct cast({unit} as varchar) as unit from located where ({defect.within}) and {unit} is not null
        ),
        ranked as (
            select unit, row_number() over (order by md5(unit || {literal(defect.name)}), unit) as place,
                count(*) over () as units
            from units
        )
        select unit from ranked where place <= greatest(1, cast(round(units * {size}) as bigint))
        """
    )
    connection.execute(f"drop view {night}")
    connection.execute(
        f"create view {night} as select *, coalesce(({defect.within}) and cast({unit} as varchar)"
        " in (select unit from chosen), false) as hit from located"
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> None:
    connection.execute(f"copy ({query}) to {literal(str(path))} (format parquet)")


def _recounted(
    connection: duckdb.DuckDBPyConnection, landing: Landing, night: Release, files: Mapping[str, Path | None]
) -> str | None:
    """Return the query for the histograms of a night of which some files differ; None for a source without any."""
    held = relation_of(landing, night, REPORTED)
    if held is None:
        return None
    recounted = [name for name in files if name in load_contract(night.source).datasets]
    parts = [f"select * from {held} where entity not in ({', '.join(map(literal, recounted))})"]
    for name in recounted:
        path = files[name]
        if path is not None:
            parts += histograms(connection, name, f"read_parquet({literal(str(path))})")
    return " union all ".join(parts)


def _landed(
    connection: duckdb.DuckDBPyConnection,
    landing: Landing,
    night: Release,
    files: Mapping[str, Path | None],
    manifest: Mapping[str, Mapping[str, object]],
) -> Release:
    staged: dict[str, Path] = {}
    loads: list[Load] = []
    for load in night.loads:
        changed = load
        if load.dataset in files:
            path = files[load.dataset]
            if path is None:
                changed = load.model_copy(update={"status": "absent", "objects": (), "rows": 0, "bytes": 0})
            else:
                ((rows,),) = connection.execute(f"select count(*) from read_parquet({literal(str(path))})").fetchall()
                entry = LandedObject(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)
                staged[entry.sha256] = path
                changed = load.model_copy(update={"objects": (entry,), "rows": rows, "bytes": entry.bytes})
        loads.append(changed.model_copy(update=dict(manifest.get(load.dataset, {}))))
    # Without a manifest: the landing knows the good releases alone.
    for digest, path in staged.items():
        target = landing.object_path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    return night.model_copy(update={"loads": tuple(loads)})
