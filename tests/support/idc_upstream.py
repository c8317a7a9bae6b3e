"""The three channels of the IDC artifacts, laid out on one loopback server as upstream lays them out.

The releases are small and made here: Parquet files with the columns of the contract and invented values. `real` names
what they imitate: file names, sidecars, footers, wheel and index pages are in upstream's formats.
"""

from __future__ import annotations

import base64
import hashlib
import io
import random
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq

from tests.support.loopback import Loopback
from warehouse.contracts import Column, ColumnType, load_contract
from warehouse.settings import Settings

# What a release carries; the others are landed on request.
DATASETS = tuple(name for name, dataset in load_contract("idc").datasets.items() if not dataset.on_request)
IN_WHEEL = DATASETS[:5]
ROWS = 1500
TEXTS = ("", "CHEST", "HEAD", "ABDOMEN", None)

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "string": pa.large_string(),
    "integer": pa.int64(),
    "float": pa.float64(),
    "boolean": pa.bool_(),
    "string[]": pa.list_(pa.string()),
    "integer[]": pa.list_(pa.int64()),
    "float[]": pa.list_(pa.float64()),
    "record": pa.list_(pa.struct({"source_doi": pa.string(), "license": pa.struct({"license_url": pa.string()})})),
    "record[]": pa.list_(pa.struct({"value": pa.string()})),
}


def table_of(dataset: str, rows: int = ROWS, drop: Iterable[str] = ()) -> pa.Table:
    """A table with the columns of the contract; the same content whenever it is made."""
    chance = random.Random(dataset)
    columns = [column for column in load_contract("idc").datasets[dataset].columns if column.name not in set(drop)]
    return pa.table({column.name: _values(column, rows, chance) for column in columns})


def _values(column: Column, rows: int, chance: random.Random) -> pa.Array:
    if column.type == "string" and column.name.lower().endswith(("uid", "uuid", "url", "patientid", "name", "column")):
        values: list[object] = [f"1.3.6.1.4.1.{chance.getrandbits(96)}" for _ in range(rows)]
    else:
        samples: dict[ColumnType, list[object]] = {
            "string": list(TEXTS),
            "integer": [1, 24, 25, None],
            "float": [0.5, 12.25, None],
            "boolean": [True, False, None],
            "string[]": [["a", "b"], [], None],
            "integer[]": [[1], None],
            "float[]": [[0.0, 1.5], None],
            "record": [[{"source_doi": "10.1000/x", "license": {"license_url": "https://example.org"}}], None],
            "record[]": [[{"value": "x"}], None],
        }
        values = [chance.choice(samples[column.type]) for _ in range(rows)]
    return pa.array(values, ARROW_TYPES[column.type])


def parquet_bytes(table: pa.Table, footer: Mapping[str, str] | None = None) -> bytes:
    """A table as a Parquet file in memory, with further keys in its footer."""
    sink = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(dict(footer or {})), sink, compression="zstd")
    return sink.getvalue()


@cache
def parquet_of(dataset: str, version: str) -> bytes:
    """The file of a dataset as upstream publishes it: the footer names the release from 24.2.1 on."""
    rows = ROWS if dataset in ("idc_index", "prior_versions_index", "sm_index") else 25
    names_release = tuple(map(int, version.split("."))) >= (24, 2, 1)
    return parquet_bytes(
        table_of(dataset, rows), {"idc_index_data_version": f"{version}-0-gf08b112"} if names_release else {}
    )


def files_of(datasets: Iterable[str], version: str) -> dict[str, bytes]:
    """The files of a release as they are in a channel, without sidecars."""
    files: dict[str, bytes] = {}
    for dataset in datasets:
        files[f"{dataset}.parquet"] = parquet_of(dataset, version)
        files[f"{dataset}_schema.json"] = f'{{"table_description": "{dataset} of {version}", "columns": []}}'.encode()
        files[f"{dataset}.sql"] = f"SELECT * FROM `bigquery-public-data.idc_current.{dataset}` -- {version}\n".encode()
    return files


def sidecar_of(name: str, content: bytes) -> bytes:
    return f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()


def wheel_of(files: Mapping[str, bytes], version: str, record: Mapping[str, str | None] | None = None) -> bytes:
    """A wheel that carries `files`. `record` replaces lines of RECORD by member name; None leaves the line out."""
    folder = f"idc_index_data-{version}.dist-info"
    members = {f"idc_index_data/{name}": content for name, content in files.items()}
    members[f"{folder}/METADATA"] = f"Metadata-Version: 2.3\nName: idc-index-data\nVersion: {version}\n".encode()
    members[f"{folder}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    lines: dict[str, str | None] = {name: record_line(name, content) for name, content in members.items()}
    lines[f"{folder}/RECORD"] = f"{folder}/RECORD,,"
    lines |= record or {}
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        archive.writestr(
            zipfile.ZipInfo(f"{folder}/RECORD"), "\n".join(line for line in lines.values() if line is not None) + "\n"
        )
    return sink.getvalue()


def record_line(name: str, content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(content)}"


class IdcUpstream:
    """Bucket, GitHub and package index on one server."""

    def __init__(self, server: Loopback) -> None:
        self.server = server
        self.bucket_url = f"{server.url}/bucket"
        self.github_url = f"{server.url}/github/idc-index-data"
        self.index_url = f"{server.url}/simple/"
        self._links: list[str] = []

    def settings(self, home: Path, **overrides: object) -> Settings:
        """Settings that point at this upstream and do not wait long."""
        chosen: dict[str, object] = {
            "home": home,
            "idc_url": self.bucket_url,
            "idc_github_url": self.github_url,
            "package_index_urls": (self.index_url,),
            "connect_timeout_s": 2.0,
            "answer_timeout_s": 5.0,
            "read_timeout_s": 5.0,
            "retries": 2,
            "retry_wait_s": 0.01,
            "retry_wait_max_s": 1.0,
        }
        return Settings(**{**chosen, **overrides})  # type: ignore[arg-type]

    def bucket_path(self, version: str, name: str) -> str:
        return f"/bucket/{version}/release_artifacts/{name}"

    def github_path(self, version: str, name: str) -> str:
        return f"/github/idc-index-data/releases/download/{version}/{name}"

    def wheel_path(self, version: str) -> str:
        return f"/files/idc_index_data-{version}-py3-none-any.whl"

    def publish_in_bucket(self, version: str, datasets: Iterable[str] = DATASETS, sidecars: bool = True) -> None:
        for name, content in files_of(datasets, version).items():
            self.put_in_bucket(version, name, content, sidecar=sidecars)

    def put_in_bucket(self, version: str, name: str, content: bytes, sidecar: bool = True) -> None:
        self.server.serve(self.bucket_path(version, name), content)
        if sidecar and name.endswith(".parquet"):
            self.server.serve(self.bucket_path(version, f"{name}.sha256"), sidecar_of(name, content))

    def make_current(self, version: str) -> None:
        """Copy what `resolve` reads of a release to `current/`."""
        name = "version_metadata_index.parquet"
        self.server.serve(self.bucket_path("current", name), parquet_of("version_metadata_index", version))

    def list_bucket(self, prefix: str, versions: Iterable[str], marker: str = "", next_marker: str = "") -> None:
        query = f"delimiter=/&prefix={prefix}" + (f"&marker={marker}" if marker else "")
        self.server.serve(f"/bucket?{query}", bucket_listing(versions, next_marker), "application/xml; charset=UTF-8")

    def publish_on_github(self, version: str, datasets: Iterable[str] = DATASETS, sidecars: bool = True) -> None:
        for name, content in files_of(datasets, version).items():
            self.server.serve(self.github_path(version, name), content)
            if sidecars and name.endswith(".parquet"):
                self.server.serve(self.github_path(version, f"{name}.sha256"), sidecar_of(name, content))
        self.server.redirect("/github/idc-index-data/releases/latest", f"{self.github_url}/releases/tag/{version}")

    def tag_on_github(self, tags: Iterable[str]) -> None:
        self.server.serve(
            "/github/idc-index-data.git/info/refs?service=git-upload-pack",
            tag_advertisement(tags),
            "application/x-git-upload-pack-advertisement",
        )

    def publish_wheel(
        self,
        version: str,
        datasets: Iterable[str] = IN_WHEEL,
        *,
        content: bytes | None = None,
        digest: str | None = None,
        attributes: str = "",
    ) -> bytes:
        """Put a wheel on the index. `digest` replaces the hash that the page states; empty states none."""
        body = wheel_of(files_of(datasets, version), version) if content is None else content
        name = self.wheel_path(version).rpartition("/")[2]
        stated = hashlib.sha256(body).hexdigest() if digest is None else digest
        self.server.serve(self.wheel_path(version), body)
        fragment = f"#sha256={stated}" if stated else ""
        self._links.append(f'<a href="../../files/{name}{fragment}" {attributes}>{name}</a><br/>')
        page = f"<!DOCTYPE html><html><body>\n{''.join(self._links)}\n</body></html>\n"
        self.server.serve("/simple/idc-index-data/", page, "text/html")
        return body


def bucket_listing(versions: Iterable[str], next_marker: str = "") -> str:
    """A page of the XML listing of a bucket of Google Cloud Storage."""
    prefixes = "".join(f"<CommonPrefixes><Prefix>{escape(version)}/</Prefix></CommonPrefixes>" for version in versions)
    paging = f"<NextMarker>{escape(next_marker)}</NextMarker><IsTruncated>true</IsTruncated>" if next_marker else (
        "<IsTruncated>false</IsTruncated>"
    )  # fmt: skip
    return (
        "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
        ""
        f"<Name>bucket</Name><Prefix></Prefix><Marker></Marker><Delimiter>/</Delimiter>{paging}{prefixes}</ListBucketResult>"
    )


def tag_advertisement(tags: Iterable[str]) -> str:
    """A reference advertisement of git's smart HTTP protocol; each tag is annotated, so a peeled line follows it."""
    refs = ["HEAD\0multi_ack side-band-64k agent=git", "refs/heads/main", "refs/pull/23/head"]
    for tag in tags:
        refs += [f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}"]
    lines = [f"{hashlib.sha1(ref.encode()).hexdigest()} {ref}\n" for ref in refs]
    packets = "".join(f"{len(line) + 4:04x}{line}" for line in lines)
    return f"001e# service=git-upload-pack\n0000{packets}0000"
