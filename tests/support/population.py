"""The sandbox's population as landed releases of the portal and the hub, without HTTP.

Reading the services is tested elsewhere; here their files become loads directly, so that a build has the records that
the services serve.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb

from tests.support.shared import SEED
from warehouse.contracts import Column, Contract, load_contract
from warehouse.files import sha256_of
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.sandbox.population import prepare_population
from warehouse.sql_text import literal, quoted

_SERVICES = {"midrc": "midrc_portal", "bih": "bih"}


def land_population(
    folder: Path, landing: Landing, idc_release: Path | None = None, scale: float = 1.0
) -> list[Release]:
    """Synthesise the population in `folder` and land portal, Indexd and hub (some minutes at scale 1.0).

    `idc_release` is the `idc_index.parquet` whose identifiers the hub lists; without one they are invented.
    """
    prepare_population(folder, scale, SEED, idc_release)
    return [_landed(folder, landing, load_contract(source)) for source in _SERVICES]


def _landed(folder: Path, landing: Landing, contract: Contract) -> Release:
    staging = landing.staging_for(contract.source, "whole")
    staging.mkdir(parents=True, exist_ok=True)
    staged: dict[str, Path] = {}
    loads: list[Load] = []
    for dataset, described in contract.datasets.items():
        held = folder / f"{_SERVICES[contract.source]}.{dataset}.parquet"
        path = staging / f"{dataset}.parquet"
        with duckdb.connect() as connection:
            if dataset == "indexd_stats":
                # As the simulated Indexd answers.
                register = literal(str(folder / "indexd.parquet"))
                query = f"select count(*) as file_count, sum(size)::bigint as total_file_size from {register}"
            elif held.exists():
                query = _query(connection, held, described.columns)
            else:
                loads.append(_load(contract.source, dataset, None, 0))
                continue
            connection.execute(f"copy ({query}) to {literal(str(path))} (format parquet)")
            ((rows,),) = connection.execute(f"select count(*) from {literal(str(path))}").fetchall()
        entry = LandedObject(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)
        staged[entry.sha256] = path
        loads.append(_load(contract.source, dataset, entry, rows))
    release = Release(source=contract.source, version="whole", channel="guppy", loads=tuple(loads))
    return landing.commit(release, staged)


def _load(source: str, dataset: str, entry: LandedObject | None, rows: int) -> Load:
    return Load(
        source=source,
        dataset=dataset,
        upstream_version="whole",
        status="absent" if entry is None else "landed",
        channel="guppy",
        url="https://sandbox.invalid",
        fetched_at=datetime(2026, 2, 12, tzinfo=UTC),
        objects=() if entry is None else (entry,),
        rows=rows,
        bytes=0 if entry is None else entry.bytes,
        synthetic=True,
    )


def _query(connection: duckdb.DuckDBPyConnection, path: Path, columns: tuple[Column, ...]) -> str:
    file = literal(str(path))
    found = {name: kind for name, kind, *_ in connection.execute(f"describe select * from {file}").fetchall()}
    chosen = ", ".join(_column(column, found[column.name]) for column in columns if column.name in found)
    return f"select {chosen} from {file}"


def _column(column: Column, found: str) -> str:
    name = quoted(column.name)
    # Guppy answers with a list wherever the mapping says so, also where the sandbox holds the one value.
    is_list = column.type.endswith("[]") and not column.type.startswith("record")
    return f"[{name}] as {name}" if is_list and not found.endswith("[]") else name
