"""A loopback artifact bucket of IDC with small releases, and the settings of a home that reads it."""

from __future__ import annotations

import functools
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from tests.support.icw import DBT_CACHE
from tests.support.idc_upstream import IdcUpstream
from tests.support.small_release import FILES

FIRST_VERSION = "24.2.2"
LISTED = {"version_metadata_index": f"select * from ({FILES['version_metadata_index']}) where idc_version <= 24"}
"""What replaces a file of the small release in one of its major version: it lists no later one."""


@dataclass
class Bucket:
    """A loopback artifact bucket with small releases that pass every audit."""

    upstream: IdcUpstream
    published: dict[str, str] = field(default_factory=dict)

    def publish(self, version: str, changes: Mapping[str, str] | None = None) -> None:
        """Put a release into the bucket and let `current` be it. `changes` replaces the query of a dataset."""
        for dataset, query in (dict(FILES) | dict(changes or {})).items():
            content = parquet_bytes(query, version)
            self.upstream.put_in_bucket(version, f"{dataset}.parquet", content)
            self.upstream.put_in_bucket(version, f"{dataset}.sql", f"-- {dataset}\n".encode())
            if dataset == "version_metadata_index":
                path = self.upstream.bucket_path("current", f"{dataset}.parquet")
                self.upstream.server.serve(path, content)

    def requests(self) -> list[str]:
        return [request.path for request in self.upstream.server.requests]

    def forget_requests(self) -> None:
        self.upstream.server.requests.clear()


@functools.lru_cache(maxsize=64)
def parquet_bytes(query: str, version: str) -> bytes:
    """The result of a query as a Parquet file whose footer names the release, as upstream writes it."""
    with duckdb.connect() as connection:
        table = connection.sql(query).to_arrow_table()
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"idc_index_data_version": f"{version}-0-gf08b112"}), sink)
    return sink.getvalue()


def environment(bucket: Bucket, home: Path, **more: str) -> dict[str, str]:
    """The settings of a home that reads the loopback bucket; dbt knows its project already, as after one run."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ICW_", "DAGSTER_"))}
    return kept | {
        "NO_PROXY": "127.0.0.1",
        "ICW_HOME": str(home),
        "ICW_DBT_CACHE": str(DBT_CACHE),
        "ICW_THREADS": "1",
        "ICW_IDC_URL": bucket.upstream.bucket_url,
        "ICW_IDC_CHANNELS": json.dumps(["bucket"]),
        "ICW_UPSTREAMS": json.dumps(["idc"]),
        "ICW_RETRIES": "1",
        "ICW_SOURCE_RETRIES": "0",
        **more,
    }
