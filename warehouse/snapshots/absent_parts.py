"""What the tables of a build lack because upstream data is not there: absent, which is not zero.

The table of a dataset that the channel does not carry is empty, and a column that the landed release does not have is
null; neither says anything about the world. The manifest and the comments of the tables carry what is lacking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow.parquet as pq

from warehouse.build import Build
from warehouse.build.history import LostRelease
from warehouse.build.layout import COUNT_HISTORY, HISTORY
from warehouse.build.lineage import datasets_of_tables, staged_columns, tables_of_dataset
from warehouse.contracts import load_contract
from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.landing import Landing, Load, Release
from warehouse.snapshots.manifest import AbsentPart
from warehouse.sql_text import literal, quoted

# A dataset by its source and name.
Dataset = tuple[str, str]


def absent_parts(build: Build, landing: Landing) -> tuple[AbsentPart, ...]:
    """Return what the tables of a build lack, by table and column.

    A table without a row of its own for a dataset that is absent lacks rows. A column is lacking where all that it is
    made of is lacking, by its name in staging, and it is null in every row of the source.

    Raises:
        BuildFailed: the build does not say what its tables are made of.
    """
    datasets = datasets_of_tables(build.manifest, STAR_SCHEMA)
    releases = {release.source: release for release in build.releases}
    needed = frozenset[Dataset]().union(*datasets.values())
    reasons = {dataset: reason for dataset in needed if (reason := _why_absent(releases, dataset)) is not None}
    missing = {dataset: _missing_columns(releases, landing, dataset) for dataset in needed - reasons.keys()}
    lost = {dataset: names for dataset, names in missing.items() if names}
    found: list[AbsentPart] = []
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(build.database))} as build (read_only)")
        tables = {table: _Table(connection, table) for table in sorted(datasets) if _is_built(connection, table)}
        filled = frozenset[Dataset]().union(*(datasets[name] for name, table in tables.items() if table.rows))
        partly = filled & (lost.keys() | {dataset for dataset in reasons if dataset[0] in releases})
        staged = staged_columns(build.database, partly)
        for table, star in tables.items():
            read = datasets[table]
            for dataset in sorted(read & (reasons.keys() | lost.keys())):
                gone = lost.get(dataset)
                columns = [
                    name
                    for name, upstream in staged.get(dataset, {}).items()
                    if upstream and (gone is None or upstream <= gone) and star.is_null(name, dataset[0])
                ]
                if gone is None and not columns:
                    found.append(_rows_of(table, dataset, reasons[dataset], releases, star.rows == 0))
                found += [
                    _column_of(
                        table,
                        name,
                        dataset,
                        reasons.get(dataset) or _why_missing(releases, dataset, staged[dataset][name]),
                    )
                    for name in columns
                ]
        if not build.evidence.counts:
            found += [_first_counts(table) for table in tables_of_dataset(build.manifest, STAR_SCHEMA, COUNT_HISTORY)]
        if not build.evidence.releases and "idc" in releases:
            compared = tables_of_dataset(build.manifest, STAR_SCHEMA, HISTORY)
            found += [
                _nothing_earlier(table, releases["idc"], build.evidence.lost)
                for table in compared
                if table in tables and not tables[table].rows
            ]
    return tuple(dict.fromkeys(found))


def _is_built(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether the attached build has a table: the publish itself refuses one that is described and not built."""
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = 'build' and schema_name = ? and table_name = ?",
        [STAR_SCHEMA, table],
    )
    return found.fetchone() is not None


class _Table:
    """A table of the star in an attached build."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self._connection = connection
        self._relation = f"build.{quoted(STAR_SCHEMA)}.{quoted(name)}"
        described = connection.execute(f"describe {self._relation}").fetchall()
        self._columns = {str(column) for column, *_ in described}
        [(self.rows,)] = connection.execute(f"select count(*) from {self._relation}").fetchall()

    def is_null(self, column: str, source: str) -> bool:
        """Whether the table has rows of a source, and this column, and none of these rows has a value in it."""
        if column not in self._columns or not self.rows:
            return False
        condition = f"where source_id = {literal(source)}" if "source_id" in self._columns else ""
        [(rows, values)] = self._connection.execute(
            f"select count(*), count({quoted(column)}) from {self._relation} {condition}"
        ).fetchall()
        return rows > 0 and values == 0


def _why_absent(releases: Mapping[str, Release], dataset: Dataset) -> str | None:
    """Return why a dataset is not in the landing; None if it is."""
    source, name = dataset
    release = releases.get(source)
    if release is None:
        return f"the snapshot has no load of {source} (`icw status` says why)"
    load = release.load_of(name)
    if load is not None and load.status == "landed":
        return None
    contract = load_contract(source)
    if variable := contract.datasets[name].on_request:
        stated = None if load is None else load.proof.get("reason")
        return str(stated or f"not requested: set {variable}, and refresh")
    whole = contract.whole_channels
    if whole and release.channel not in whole:
        return (
            f"{source} {release.version} was taken from the channel {release.channel}, which does not carry {name}; "
            f"{' and '.join(whole)} carry all that the release has (ICW_{source.upper()}_CHANNELS)"
        )
    stated = None if load is None else load.proof.get("absent_because")
    return f"{source} {release.version} has no {name}" + (f" ({str(stated).rstrip('.')})" if stated else "")


def _missing_columns(releases: Mapping[str, Release], landing: Landing, dataset: Dataset) -> frozenset[str]:
    """Return the columns of the contract that a landed dataset does not have."""
    source, name = dataset
    load: Load | None = releases[source].load_of(name)
    entry = None if load is None else load.object_named(f"{name}.parquet")
    if entry is None or not (path := landing.object_path(entry.sha256)).is_file():
        return frozenset()
    names = pq.read_schema(path).names
    columns = load_contract(source).datasets[name].columns
    return frozenset(column.name for column in columns if column.found_in(names) is None)


def _why_missing(releases: Mapping[str, Release], dataset: Dataset, upstream: frozenset[str]) -> str:
    source, name = dataset
    release = releases[source]
    contract = {column.name: column.description for column in load_contract(source).datasets[name].columns}
    since = {text.rsplit("; ", 1)[-1].rstrip(".") for text in map(contract.__getitem__, upstream) if "; null" in text}
    version = f"{source} {release.version}" if load_contract(source).one_version else f"the landed load of {source}"
    return f"{name} of {version} has no {', '.join(sorted(upstream))}" + (
        f" ({', '.join(sorted(since))})" if since else ""
    )


def _rows_of(table: str, dataset: Dataset, reason: str, releases: Mapping[str, Release], is_empty: bool) -> AbsentPart:
    source, name = dataset
    return AbsentPart(
        table=table,
        column=None,
        is_empty=is_empty,
        source=source,
        dataset=name if source in releases else None,
        reason=reason,
    )


def _nothing_earlier(table: str, release: Release, lost: Sequence[LostRelease]) -> AbsentPart:
    reason = (
        " ".join(entry.reason for entry in lost).rstrip(".")
        or f"no earlier release of IDC is landed to compare {release.version} with; `icw refresh --idc` with an "
        "earlier version lands one, and the next build reads it"
    )
    return AbsentPart(table=table, column=None, is_empty=True, source="idc", dataset="earlier releases", reason=reason)


def _first_counts(table: str) -> AbsentPart:
    reason = "no earlier load of such data, real or synthetic, was counted in this home; each new load adds a point"
    return AbsentPart(
        table=table, column=None, is_empty=False, source="the home", dataset="earlier snapshots", reason=reason
    )


def _column_of(table: str, column: str, dataset: Dataset, reason: str) -> AbsentPart:
    source, name = dataset
    return AbsentPart(table=table, column=column, is_empty=False, source=source, dataset=name, reason=reason)
