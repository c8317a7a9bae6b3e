"""Nights of a small portal (synthetic): its files, measurements and register, which grow each night."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from warehouse.contracts import load_contract
from warehouse.files import sha256_of
from warehouse.landing import LandedObject, Landing, Load, Release

FIRST_NIGHT = datetime(2026, 10, 1, tzinfo=UTC)


def files_of(night: int) -> dict[str, str]:
    """Return the queries for the records of a night: 4,000 files of 400 cases at first, and 20 more each night."""
    return {
        "data_file": f"""
            select
                'file-' || i as "_data_file_id",
                'Open-A1' as project_id,
                md5('bytes' || i) as md5sum,
                cast(1000 + i * 37 % 90000 as bigint) as file_size,
                '1.2.840.1.' || i as series_uid,
                ['1.2.840.2.' || i // 5] as study_uid,
                ['case-' || i // 10] as case_ids,
                ['dataset_' || i // 10 % 8] as dataset_submitter_id,
                case when i % 4 = 0 then 'CT' when i % 4 = 1 then 'MR' else 'DX' end as modality,
                case when i % 10 < 9 then 'CHEST' end as body_part_examined,
                case when i % 3 > 0 then 'GE' end as manufacturer,
                'CC BY 4.0' as license,
                cast(1 + i % 90 as bigint) as number_of_instances
            from range({4000 + 20 * night}) as numbers(i)
        """,
        "measurement": f"""
            select
                'measurement-' || i as "_measurement_id",
                'Open-A1' as project_id,
                ['case-' || i % 400] as case_ids,
                cast(i * 7 % 300 as bigint) as test_days_from_index,
                'COVID-19' as test_name,
                case when i % 5 = 0 then 'Positive' else 'Negative' end as test_result_text,
                ['dataset_' || i % 8] as dataset_submitter_id
            from range({2000 + 10 * night}) as numbers(i)
        """,
        "indexd_stats": f"""
            select
                cast({4000 + 20 * night} as bigint) as file_count,
                cast({184_000_000 + 920_000 * night} as bigint) as total_file_size
        """,
    }


def land_night(home: Path, night: int, files: Mapping[str, str]) -> tuple[Landing, Release]:
    """Land the files that the queries fill as the load of a night; the other types are absent."""
    landing, version = Landing(home), f"night-{night}"
    folder = landing.staging_for("midrc", version)
    staged: dict[str, Path] = {}
    loads: list[Load] = []
    for dataset in load_contract("midrc").datasets:
        origin: dict[str, object] = {
            "source": "midrc",
            "dataset": dataset,
            "upstream_version": version,
            "channel": "guppy",
            "url": "https://portal.example/",
            "fetched_at": FIRST_NIGHT + timedelta(days=night),
            "synthetic": True,
        }
        if dataset not in files:
            loads.append(Load.model_validate({**origin, "status": "absent"}))
            continue
        path = folder / f"{dataset}.parquet"
        with duckdb.connect() as connection:
            connection.execute(f"copy ({files[dataset]}) to '{path}' (format parquet)")
            ((rows,),) = connection.execute(f"select count(*) from '{path}'").fetchall()
        entry = LandedObject(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)
        staged[entry.sha256] = path
        landed = {"status": "landed", "objects": (entry,), "rows": rows, "bytes": entry.bytes}
        loads.append(Load.model_validate({**origin, **landed}))
    return landing, landing.commit(
        Release(source="midrc", version=version, channel="guppy", loads=tuple(loads)), staged
    )
