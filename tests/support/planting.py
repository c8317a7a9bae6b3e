"""Records planted in a landed release: copies of landed records in which only the named columns differ.

A planted record maps columns to SQL expressions. Its other values are those of the first landed record of its dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from warehouse.files import sha256_of
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.sql_text import literal, quoted

Records = Mapping[str, tuple[dict[str, str], ...]]


def planted(landing: Landing, release: Release, records: Records) -> Release:
    """Commit and return the release as version `planted`, with the records added to its datasets."""
    staging = landing.staging_for(release.source, "planted")
    staged: dict[str, Path] = {}
    loads = tuple(
        _with_records(landing, load, records.get(load.dataset, ()), staging, staged) for load in release.loads
    )
    return landing.commit(release.model_copy(update={"loads": loads, "version": "planted"}), staged)


def _with_records(
    landing: Landing, load: Load, records: tuple[dict[str, str], ...], staging: Path, staged: dict[str, Path]
) -> Load:
    entry = load.object_named(f"{load.dataset}.parquet")
    if not records or entry is None:
        return load
    path = staging / entry.name
    with duckdb.connect() as connection:
        connection.execute(
            f"create table landed as from read_parquet({literal(str(landing.object_path(entry.sha256)))})"
        )
        if load.dataset == "data_file":
            _hold_measures_as_text(connection)
        connection.execute("create table template as from landed order by all limit 1")
        for record in records:
            values = ", ".join(f"{value} as {quoted(column)}" for column, value in record.items())
            connection.execute(f"insert into landed select * replace ({values}) from template")
        connection.execute(f"copy landed to {literal(str(path))} (format parquet)")
    planted = LandedObject(name=entry.name, sha256=sha256_of(path), bytes=path.stat().st_size)
    staged[planted.sha256] = path
    return load.model_copy(update={"objects": (planted,), "rows": load.rows + len(records), "bytes": planted.bytes})


def _hold_measures_as_text(landed: duckdb.DuckDBPyConnection) -> None:
    """Retype the table `landed` of data files as older deployments of the portal's ETL do: measures as text."""
    landed.execute("alter table landed alter file_size type varchar")
    landed.execute("alter table landed alter slice_thickness type varchar[]")
