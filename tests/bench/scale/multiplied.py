"""An IDC release with its series several times over, landed as a release of its own and marked synthetic.

A copy of a series has a SeriesInstanceUID, a CRDC UUID and an address of its own, its patient and study have
identifiers of their own, and earlier revisions of series are copied along: keys stay unique, joins keep their shape,
and the collections hold more. All else of a copy is what the series has.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse.contracts import load_contract
from warehouse.files import sha256_of
from warehouse.landed_views import landed_file
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.sql_text import literal, quoted

MULTIPLIED = ("idc_index", "prior_versions_index")
"""The datasets of the wheel whose rows are series; the others describe collections and releases, and stay."""

# As PyArrow writes by default, and so upstream.
_ROW_GROUP = 1_048_576


def land_multiplied(landing: Landing, release: Release, copies: int, target: Landing) -> Release:
    """Land a release of IDC's wheel with its series `copies` times over in another landing; returns it.

    Copy 0 are the series as they are.

    Raises:
        SystemExit: a key would not be unique.
        StorageError: the target cannot be written.
    """
    folder = target.staging_for(release.source, release.version)
    staged: dict[str, Path] = {}
    loads: list[Load] = []
    for load in release.loads:
        path = landed_file(landing, release, load.dataset)
        if path is None:
            loads.append(load.model_copy(update={"synthetic": True, "objects": ()}))
            continue
        written = folder / f"{load.dataset}.parquet"
        rows = _write(path, written, load.dataset, copies if load.dataset in MULTIPLIED else 1)
        entry = LandedObject(name=written.name, sha256=sha256_of(written), bytes=written.stat().st_size)
        staged[entry.sha256] = written
        of_copies = {
            "objects": (entry,),
            "rows": rows,
            "bytes": entry.bytes,
            "proof": {"multiplied": copies, "of": load.digest},
            "synthetic": True,
        }
        loads.append(load.model_copy(update=of_copies))
    return target.commit(release.model_copy(update={"loads": tuple(loads)}), staged)


def _write(path: Path, written: Path, dataset: str, copies: int) -> int:
    """Write the rows of a landed file as often as is said, and prove that keys are unique; returns the rows."""
    written.unlink(missing_ok=True)
    file = literal(str(written))
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        connection.execute("set memory_limit = '2GB'")
        connection.execute(f"set temp_directory = {literal(str(written.with_suffix('.tmp')))}")
        query = " union all ".join(_copy(path, copy) for copy in range(copies))
        connection.execute(f"copy ({query}) to {file} (format parquet, compression zstd, row_group_size {_ROW_GROUP})")
        key = ", ".join(map(quoted, load_contract("idc").datasets[dataset].key))
        by_key = f"select count(*) as rows from read_parquet({file}) group by {key}"
        ((rows, keys),) = connection.execute(f"select sum(rows)::bigint, count(*) from ({by_key})").fetchall()
    if rows != keys:
        raise SystemExit(f"{dataset} with {copies} copies of its series has {rows:,} rows and {keys:,} keys ({key}).")
    return int(rows)


def _copy(path: Path, copy: int) -> str:
    """Return a query of the rows of a landed file with the identifiers of one copy."""
    source = f"from read_parquet({literal(str(path))})"
    if copy == 0:
        return f"select * {source}"
    uuid = f"cast(cast(md5(crdc_series_uuid || '.{copy}') as uuid) as varchar)"
    return f"""
        select * replace (
            "PatientID" || ' copy {copy}' as "PatientID",
            {_uid("SeriesInstanceUID", copy)} as "SeriesInstanceUID",
            {_uid("StudyInstanceUID", copy)} as "StudyInstanceUID",
            {uuid} as crdc_series_uuid,
            replace(series_aws_url, crdc_series_uuid, {uuid}) as series_aws_url
        )
        {source}
    """


def _uid(column: str, copy: int) -> str:
    """Return SQL for the UID of a copy: two numbers of 64 bits, as long as most UIDs of IDC are.

    One component more would not do: IDC has series whose UIDs are that of another and `.1`, and UIDs of 64 characters.
    """
    text = f"{quoted(column)} || '.{copy}'"
    return f"'2.25.' || cast(md5_number_upper({text}) as varchar) || '.' || cast(md5_number_lower({text}) as varchar)"
