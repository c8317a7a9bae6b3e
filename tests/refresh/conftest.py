from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.support.icw import DBT_CACHE, ICW
from tests.support.idc_upstream import IdcUpstream
from tests.support.loopback import Loopback
from tests.support.receiver import Receiver
from tests.support.shared import made_once
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


def parquet_bytes(query: str, version: str) -> bytes:
    """The result of a query as a Parquet file whose footer names the release, as upstream writes it."""
    with duckdb.connect() as connection:
        table = connection.sql(query).to_arrow_table()
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({"idc_index_data_version": f"{version}-0-gf08b112"}), sink)
    return sink.getvalue()


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    with Loopback() as server:
        yield Bucket(IdcUpstream(server))


Icw = Callable[..., subprocess.CompletedProcess[str]]


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


@pytest.fixture
def icw(bucket: Bucket, tmp_path: Path) -> Icw:
    """Run `icw` as a process of its own, against the loopback bucket, in a home below `tmp_path`."""

    def run(*arguments: str, home: Path = tmp_path / "home", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ICW, *arguments],
            env=environment(bucket, home, **more),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return run


@dataclass(frozen=True)
class FirstNight:
    """A home in which `icw refresh` has published a first release, what it printed, and the messages it has sent."""

    home: Path
    stdout: str
    stderr: str
    messages: tuple[Mapping[str, str], ...]

    def copied_to(self, home: Path) -> Path:
        """Return a copy of the home, to go on from there."""
        return Path(shutil.copytree(self.home, home, symlinks=True))


@pytest.fixture(scope="module")
def first_night(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> FirstNight:
    """The first night of a home, once for a run of the tests; the bucket has its release. Nobody changes the home."""
    bucket.publish(FIRST_VERSION, LISTED)

    def make(folder: Path) -> None:
        receiver = Receiver()
        try:
            settings = environment(bucket, folder / "home", ICW_ALERTS=receiver.address)
            done = subprocess.run(
                [ICW, "refresh"], env=settings, capture_output=True, text=True, timeout=300, check=False
            )
            assert done.returncode == 0, done.stderr
            told = {"stdout": done.stdout, "stderr": done.stderr, "messages": receiver.messages}
            (folder / "told.json").write_text(json.dumps(told))
        finally:
            receiver.close()

    folder = made_once(tmp_path_factory, "first-night", make)
    told = json.loads((folder / "told.json").read_text())
    return FirstNight(folder / "home", told["stdout"], told["stderr"], tuple(told["messages"]))
