"""A build whose series are published in parts, one for each source."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from tests.support.sample_build import COLLECTION_COLUMNS, make_build, model, redescribe, relationships_test
from warehouse.build import Build

COLUMNS = {
    "source_id": "Which source describes the series.",
    "series_key": "Surrogate key.",
    "collection_key": "Key of the collection.",
    "modality": "DICOM Modality; null if unknown.",
    "size_bytes": "Size of the series in bytes.",
}

SERIES: Mapping[str, int] = {"bih": 40, "idc": 300, "midrc": 60}
"""How many series each source has."""


def make_parted_build(
    folder: Path,
    series: Mapping[str, int] = SERIES,
    *,
    in_parts: bool = True,
    larger: str | None = None,
    shuffle: str = "a",
    synthetic: bool = False,
) -> Build:
    """Write a build with so many series of each source.

    In one series of the source `larger` the size differs. `shuffle` changes the order in which the rows lie. Without
    `in_parts` the same rows are described as one file.
    """
    build = make_build(folder, shuffle=shuffle, digest=str([*sorted(series.items()), larger]), synthetic=synthetic)
    queries = [
        f"select '{source}' as source_id, (md5_number_lower('{source}' || i) >> 1)::bigint as series_key, "
        "(md5_number_lower('c' || i % 7) >> 1)::bigint as collection_key, "
        "case i % 3 when 0 then null when 1 then 'CT' else 'MR' end as modality, "
        f"1000 * i + {int(source == larger)} * (i = 3)::integer as size_bytes from range({rows}) t(i)"
        for source, rows in series.items()
    ]
    with duckdb.connect(str(build.database)) as connection:
        connection.execute(
            f"create or replace table star.fct_series ({', '.join(f'{name} {kind}' for name, kind in _TYPES.items())})"
        )
        if queries:
            rows = " union all ".join(queries)
            connection.execute(f"insert into star.fct_series from ({rows}) order by md5(series_key || '{shuffle}')")
    return redescribe(
        build,
        model("dim_collection", COLLECTION_COLUMNS, primary_key=["collection_key"], grain="one collection"),
        model(
            "fct_series",
            COLUMNS,
            primary_key=["series_key"],
            grain="one DICOM series",
            order_by=["source_id", "collection_key"],
            parts_by="source_id" if in_parts else None,
        ),
        relationships_test("fct_series", "collection_key", "dim_collection", "collection_key"),
    )


_TYPES = {
    "source_id": "varchar",
    "series_key": "bigint",
    "collection_key": "bigint",
    "modality": "varchar",
    "size_bytes": "bigint",
}
