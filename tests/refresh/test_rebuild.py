"""`icw snapshots rebuild`: a published snapshot built again from what was landed for it, and what differs."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from tests.refresh.conftest import FirstNight, Icw
from tests.support.small_bucket import FIRST_VERSION, Bucket
from warehouse.files import sha256_of
from warehouse.logical_digest import logical_digest_of_parquet
from warehouse.snapshots.catalog import Snapshot, snapshot, snapshots
from warehouse.snapshots.manifest import digest_of_files, digest_of_tables, logical_digest_of_tables

pytestmark = pytest.mark.full


def test_the_same_release_in_two_fresh_homes_is_the_same_snapshot_and_builds_again(
    bucket: Bucket, first_night: FirstNight, icw: Icw, tmp_path: Path
) -> None:
    homes = [first_night.copied_to(tmp_path / "one"), tmp_path / "another one"]
    done = icw("refresh", home=homes[1], ICW_THREADS="2")
    assert done.returncode == 0, done.stderr
    one, other = (snapshot(home, None) for home in homes)
    assert one.manifest.tables_digest == other.manifest.tables_digest
    assert one.manifest.logical_digest == other.manifest.logical_digest
    assert one.manifest.logical_digest is not None
    assert one.manifest.input_digest == other.manifest.input_digest
    assert one.id.rpartition("-")[2] == other.id.rpartition("-")[2]

    # A third home, which has never landed anything, gets the snapshot from a folder.
    home = tmp_path / "third"
    for command in (("export", one.id, str(tmp_path / "exported")), ("import", str(tmp_path / "exported"))):
        done = icw("snapshots", *command, home=homes[0] if command[0] == "export" else home)
        assert done.returncode == 0, done.stderr
    assert not (home / "landing").exists()
    one = snapshot(home, one.id)
    files = {path: path.stat().st_mtime_ns for path in (home / "snapshots").rglob("*")}
    bucket.forget_requests()
    done = icw("snapshots", "rebuild", one.id, "--json", home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert (report["outcome"], report["same_input"]) == ("bytes", True)
    assert report["fetched"] == [f"idc {FIRST_VERSION} (bucket)"]
    assert {table["found"] for table in report["tables"]} == {"bytes"}
    assert len(report["tables"]) == len(one.manifest.tables)
    assert any(path.endswith("idc_index.parquet") for path in bucket.requests())
    # Nothing is published or left behind.
    assert {path: path.stat().st_mtime_ns for path in (home / "snapshots").rglob("*")} == files
    assert not (home / "rebuild").exists()

    rewritten(one, "fct_series", "select *")
    done = icw("snapshots", "rebuild", one.id, home=home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "tables have the same rows; the files of 1 of them have other bytes" in done.stdout

    query = "select * replace (size_bytes + (series_instance_uid = '1.2.840.1.7')::bigint as size_bytes)"
    rewritten(snapshot(home, one.id), "fct_series", query)
    done = icw("snapshots", "rebuild", one.id, home=home)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "0 rows only in the snapshot, 0 only in the rebuild, 1 with other values." in done.stdout
    with duckdb.connect(str(other.database), read_only=True) as connection:
        where = "where series_instance_uid = '1.2.840.1.7'"
        [(key, size)] = connection.execute(f"select series_key, size_bytes from fct_series {where}").fetchall()
    first = f"First: in the row series_key = {key}, size_bytes was '{size + 1}' and is '{size}'."
    assert first in done.stdout
    assert f"1 of {len(one.manifest.tables)} tables differ" in done.stdout
    assert [entry.id for entry in snapshots(home)] == [one.id]


def rewritten(published: Snapshot, table: str, select: str) -> None:
    """Write a table of a snapshot anew, and its manifest as if that had been published."""
    stated = published.table(table)
    assert stated is not None
    assert stated.parts
    paths = published.files_of(stated)
    for path in paths:
        other = path.with_name("other")
        path.parent.chmod(0o755)
        duckdb.sql(f"copy ({select} from '{path}') to '{other}' (format parquet, compression snappy)")
        other.replace(path)
    parts = tuple(
        part.model_copy(update={"sha256": sha256_of(path), "bytes": path.stat().st_size})
        for part, path in zip(stated.parts, paths, strict=True)
    )
    changes = {
        "parts": parts,
        "parquet_sha256": digest_of_files(parts),
        "parquet_bytes": sum(part.bytes for part in parts),
        "logical_digest": logical_digest_of_parquet(*paths),
    }
    tables = tuple(
        entry.model_copy(update=changes) if entry.name == table else entry for entry in published.manifest.tables
    )
    manifest = published.manifest.model_copy(
        update={
            "tables": tables,
            "tables_digest": digest_of_tables(tables),
            "logical_digest": logical_digest_of_tables(tables),
        }
    )
    (published.folder / "manifest.json").unlink()
    (published.folder / "manifest.json").write_text(manifest.model_dump_json(indent=2))


def test_a_snapshot_that_does_not_exist_is_a_sentence(icw: Icw) -> None:
    done = icw("snapshots", "rebuild", "nothing")
    assert done.returncode == 2
    assert "There is no snapshot 'nothing'" in done.stderr
    assert "Traceback" not in done.stderr
