"""The sandbox's portal and hub (synthetic) on a row of nights, growing as the real ones do.

Four cases in five are there on the first night. The others arrive with all that belongs to them: on most nights a few,
on some none, on some as many as two in a hundred, and two datasets as a whole. Now and then a text is corrected, a
case of a larger collection withdrawn. No night has an error in it.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from tests.bench.drift.histograms import REPORTED, histograms
from tests.bench.drift.seeding import relation_of
from tests.bench.drift.world import World
from tests.support.population import land_population
from warehouse.files import sha256_of
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.sql_text import literal, quoted

PORTALS = ("midrc", "bih")
FIRST_NIGHT = datetime(2026, 2, 12, tzinfo=UTC)

# Of the cases: who arrives after the first night, and who is withdrawn; of the records: whose text is corrected.
_LATER, _WITHDRAWN, _CORRECTED = 0.2, 0.004, 0.02
# Nobody is withdrawn who is a large part of a collection: that one as good as vanishes is an error.
_MEMBERS = 30
_BURSTS = (0, 1, 1, 2, 2, 3, 8)


@dataclass(frozen=True)
class _Growth:
    """How a portal grows: the type of its owners with their name and group, and the owner of a record of each type.

    `corrected` names the column of each type that is corrected now and then.
    """

    owners: str
    name: str
    group: str
    owner_of: dict[str, str]
    corrected: dict[str, str]


_GROWTH = {
    "midrc": _Growth(
        owners="case",
        name="submitter_id",
        group="dataset_submitter_id[1]",
        owner_of={
            "case": "submitter_id",
            "imaging_study": "case_ids[1]",
            "data_file": "case_ids[1]",
            "measurement": "case_ids[1]",
            "annotation": "case_ids[1]",
            "radiology_report": "case_submitter_id[1]",
        },
        corrected={"imaging_study": "study_description", "data_file": "series_description"},
    ),
    "bih": _Growth(
        owners="subject",
        name="submitter_id",
        group="collection_id[1]",
        owner_of={"subject": "submitter_id", "imaging_study": "subject_id[1]", "imaging_series": "subject_id[1]"},
        corrected={"imaging_study": "StudyDescription", "imaging_series": "SeriesDescription"},
    ),
}

# What a hub or portal says of itself beside its records.
_VERSION = "select 'portal' as component, '2026.02' as version, 'a1b2c3' as commit"
_METADATA = (
    "select 'dg.MD1R/' || i as guid, 'discovery_metadata' as guid_type,"
    """ '{"gen3_discovery": {"full_name": "Dataset ' || i || '"}}' as record from range(20) as numbers(i)"""
)


def portal_world(folder: Path, source: str, nights: int, scale: float = 0.01, landed: int | None = None) -> World:
    """Land the nights of a portal in `folder` unless they are there, the last of them being the one under test.

    How it grows depends on the number of `nights`; only the first ones are landed where `landed` says how many.
    """
    landing = Landing(folder / "nights")
    wanted = [_version(number) for number in range(nights if landed is None else landed)]
    held = {release.version: release for release in landing.releases(source)}
    if held.keys() >= set(wanted):
        return World(landing, tuple(held[version] for version in wanted))
    whole = Landing(folder / "population")
    (release,) = whole.releases(source) or [
        found for found in land_population(folder / "population" / "made", whole, scale=scale) if found.source == source
    ]
    with duckdb.connect() as connection:
        connection.execute("set memory_limit = '2GB'")
        connection.execute("set threads = 1")
        for load in release.loads:
            relation = relation_of(whole, release, load.dataset)
            if relation is not None:
                connection.execute(f"create table {quoted(load.dataset)} as from {relation}")
        connection.execute(_owners(_GROWTH[source], nights))
        made = [_night(connection, landing, release, number, nights) for number in range(len(wanted))]
        return World(landing, tuple(made))


def _version(number: int) -> str:
    return f"night-{number}"


def _chance(text: str, salt: str) -> str:
    """Return a number from 0 to 1 (SQL) that depends on a text alone."""
    return f"(cast('0x' || left(md5({text} || {literal(salt)}), 8) as bigint) / 4294967296.0)"


def _owners(growth: _Growth, nights: int) -> str:
    """Return the statement for the table of owners: when each arrives and when it is withdrawn."""
    shares = random.Random(nights)
    weights = [shares.choice(_BURSTS) for _ in range(1, nights)] or [1]
    total = sum(weights) or 1
    steps, reached = [], 0
    for number, weight in enumerate(weights, start=1):
        reached += weight
        steps.append(f"when place < {reached / total} then {number}")
    place = f"(({_chance('owner', 'arrives')}) - {1 - _LATER}) / {_LATER}"
    # Two groups of some size arrive as a whole; which, their names decide.
    return f"""
        create table owners as
        with named as (
            select distinct on (owner) {growth.name} as owner, {growth.group} as group_name
            from {quoted(growth.owners)} where {growth.name} is not null order by owner, group_name
        ),
        counted as (
            select *, count(*) over (partition by group_name) as members from named
        ),
        sized as (
            select group_name, row_number() over (order by md5(group_name)) as place
            from named group by group_name having count(*) between 4 and 0.03 * (select count(*) from named)
        )
        select
            owner,
            case
                when sized.place = 1 then {max(1, nights // 2)}
                when sized.place = 2 then {max(1, nights * 3 // 4)}
                when place.place < 0 then 0
                {" ".join(step.replace("place <", "place.place <") for step in steps)}
                else {nights - 1}
            end as arrives,
            case when {_chance("owner", "leaves")} < {_WITHDRAWN} and members >= {_MEMBERS}
                then cast(1 + floor({nights} * {_chance("owner", "when")}) as bigint) else {nights + 1} end as leaves
        from counted
        left join sized on counted.group_name = sized.group_name
        cross join lateral (select {place} as place) as place
    """


def _night(
    connection: duckdb.DuckDBPyConnection, landing: Landing, release: Release, number: int, nights: int
) -> Release:
    """Land the state of one night."""
    staging = landing.staging_for(release.source, _version(number))
    growth = _GROWTH[release.source]
    queries = {name: _records(connection, release.source, name, number, nights) for name in growth.owner_of}
    if release.source == "bih":
        queries["dataset"] = (
            f"select {_dated(connection, 'dataset', number)} from dataset where collection_id not in ("
            "select collection_id[1] from subject join owners on submitter_id = owner group by 1"
            f" having min(arrives) > {number})"
        )
    files: dict[str, Path] = {}
    for name, query in queries.items():
        files[name] = staging / f"{name}.parquet"
        connection.execute(f"copy ({query}) to {literal(str(files[name]))} (format parquet)")
    if release.source == "midrc":
        register = (
            "select count(*) + 20 as file_count, cast(sum(file_size) as bigint) as total_file_size from data_file"
        )
        for name, query in {"indexd_stats": register, "mds_metadata": _METADATA, "version": _VERSION}.items():
            files[name] = staging / f"{name}.parquet"
            held = query.replace("from data_file", f"from read_parquet({literal(str(files['data_file']))})")
            connection.execute(f"copy ({held}) to {literal(str(files[name]))} (format parquet)")
    else:
        files["version"] = staging / "version.parquet"
        connection.execute(f"copy ({_VERSION}) to {literal(str(files['version']))} (format parquet)")
    counts = [
        query
        for name in [*queries]
        for query in histograms(connection, name, f"read_parquet({literal(str(files[name]))})")
    ]
    files[REPORTED] = staging / f"{REPORTED}.parquet"
    connection.execute(f"copy ({' union all '.join(counts)}) to {literal(str(files[REPORTED]))} (format parquet)")
    return _landed(connection, landing, release, number, files)


def _records(connection: duckdb.DuckDBPyConnection, source: str, name: str, number: int, nights: int) -> str:
    """Return the query for the records of one type on one night."""
    growth = _GROWTH[source]
    owner = growth.owner_of[name]
    columns = _dated(connection, name, number)
    corrected = growth.corrected.get(name)
    if corrected:
        key = f"_{name}_id"
        when = f"{_chance(key, 'corrected')} < {_CORRECTED * number / nights}"
        # What the sandbox plants as a text for nothing is no good record.
        column = quoted(corrected)
        text = f"case when {when} then coalesce({column}, 'Chest') || ' (corrected)' else nullif({column}, 'None') end"
        columns = columns.replace(column, f"{text} as {column}")
    return (
        f"select {columns} from {quoted(name)} left join owners on {owner} = owner"
        f" where coalesce(arrives, 0) <= {number} and coalesce(leaves, {nights + 1}) > {number}"
    )


def _dated(connection: duckdb.DuckDBPyConnection, name: str, number: int) -> str:
    """Return the columns of a type; the hub read one third of its repositories each night, and says when."""
    found = connection.execute(f"describe {quoted(name)}").fetchall()
    columns = []
    for column, kind, *_ in found:
        expression = quoted(column)
        if column == "metadata_source_date":
            commons = "commons_name" if kind == "VARCHAR" else "commons_name[1]"
            back = f"(({number} + length({commons})) % 3)"
            date = f"strftime(date '{FIRST_NIGHT:%Y-%m-%d}' + cast({number} - {back} as integer), '%Y-%m-%d')"
            text = date if kind == "VARCHAR" else f"[{date}]"
            expression = f"case when {commons} is null then {expression} else {text} end as {expression}"
        columns.append(expression)
    return ", ".join(columns)


def _landed(
    connection: duckdb.DuckDBPyConnection, landing: Landing, release: Release, number: int, files: dict[str, Path]
) -> Release:
    staged: dict[str, Path] = {}
    loads: list[Load] = []
    for load in release.loads:
        update: dict[str, object] = {
            "upstream_version": _version(number),
            "fetched_at": FIRST_NIGHT + timedelta(days=number),
        }
        path = files.get(load.dataset)
        if path is not None:
            ((rows,),) = connection.execute(f"select count(*) from read_parquet({literal(str(path))})").fetchall()
            entry = LandedObject(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)
            staged[entry.sha256] = path
            update |= {"status": "landed", "objects": (entry,), "rows": rows, "bytes": entry.bytes}
        loads.append(load.model_copy(update=update))
    landed = release.model_copy(update={"loads": tuple(loads), "version": _version(number)})
    return landing.commit(landed, staged)
