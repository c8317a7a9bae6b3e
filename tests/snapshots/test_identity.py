"""What identifies a snapshot: its id, and the digests of its tables, of their rows and of its input.

The sentences are those of warehouse/README.md, "What identifies a snapshot".
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from tests.support import small_release
from tests.support.icw import ICW
from tests.support.portal_nights import files_of, land_night
from tests.support.sample_build import COLLECTION_COLUMNS, PASSED, make_build, model, redescribe
from warehouse.build import Build, input_digest
from warehouse.errors import BuildFailed, UsageError
from warehouse.logical_digest import logical_digest, logical_digest_of_parquet
from warehouse.snapshots.catalog import Snapshot, point_current_at, snapshot
from warehouse.snapshots.manifest import Manifest, logical_digest_of_tables
from warehouse.snapshots.publish import publish
from warehouse.snapshots.verification import FileCheck, checks, verify_rows


def altered(build: Build, statement: str) -> Build:
    with duckdb.connect(str(build.database)) as connection:
        connection.execute(statement)
    return build


def table_digests(manifest: Manifest) -> dict[str, str | None]:
    return {table.name: table.logical_digest for table in manifest.tables}


def test_the_id_is_when_it_was_made_and_the_beginning_of_the_digest_of_its_tables(published: Snapshot) -> None:
    manifest = published.manifest
    assert published.id == f"{manifest.created_at:%Y%m%dT%H%M%SZ}-{manifest.tables_digest[:12]}"


def test_the_logical_digest_is_over_the_pairs_of_table_and_logical_digest(published: Snapshot) -> None:
    manifest = published.manifest
    pairs = sorted([table.name, table.logical_digest] for table in manifest.tables)
    assert manifest.logical_digest == hashlib.sha256(json.dumps(pairs).encode()).hexdigest()
    for table in manifest.tables:
        assert table.logical_digest == logical_digest_of_parquet(published.tables_folder / f"{table.name}.parquet")
    assert f"Logical digest (SHA-256): `{manifest.logical_digest}`" in (published.folder / "README.md").read_text()


def test_a_query_for_the_rows_in_their_order_has_the_same_logical_digest(published: Snapshot) -> None:
    for table in published.manifest.tables:
        query = f"from {table.name} order by {', '.join(table.order_by)}"
        with duckdb.connect(str(published.database), read_only=True) as connection:
            assert logical_digest(connection.sql(query).to_arrow_reader(100)) == table.logical_digest


def test_where_and_in_which_order_the_build_lay_decides_nothing(tmp_path: Path) -> None:
    made = [
        publish(make_build(tmp_path / name, shuffle=name), [PASSED], tmp_path / f"home {name}", {}, threads=threads)
        for name, threads in (("a", 1), ("b", 2))
    ]
    assert made[0].tables_digest == made[1].tables_digest
    assert made[0].logical_digest == made[1].logical_digest
    assert made[0].input_digest == made[1].input_digest


@pytest.mark.parametrize(
    "statement",
    [
        "update star.fct_series set instance_count = 7 where series_instance_uid = '1.2.840.1.23.5.0'",
        "update star.fct_series set modality = '' where modality is null",
        "alter table star.fct_series alter column instance_count type integer",
        "alter table star.fct_series alter column size_bytes type decimal(18, 0)",
        "delete from star.fct_series where series_key = (select min(series_key) from star.fct_series)",
        # Another order of the rows: the total order begins with the collection.
        "update star.fct_series set collection_key = -collection_key",
    ],
    ids=["value", "null", "type", "decimal", "row", "order"],
)
def test_another_value_type_or_order_is_another_digest_of_both_kinds(
    tmp_path: Path, home: Path, published: Snapshot, statement: str
) -> None:
    manifest = publish(altered(make_build(tmp_path / "build"), statement), [PASSED], home, {})
    assert manifest.tables_digest != published.manifest.tables_digest
    assert manifest.logical_digest != published.manifest.logical_digest
    found, before = table_digests(manifest), table_digests(published.manifest)
    assert [name for name in before if found[name] != before[name]] == ["fct_series"]


def test_another_compression_or_size_of_row_groups_is_the_same_logical_digest(
    tmp_path: Path, build: Build, published: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.snapshots.ordered_parquet.COMPRESSION_LEVEL", 9)
    monkeypatch.setattr("warehouse.snapshots.ordered_parquet.ROW_GROUP_ROWS", 2048)
    build = make_build(tmp_path / "large", series=20_000)
    manifest = publish(build, [PASSED], tmp_path / "fine", {})
    monkeypatch.undo()
    usual = publish(build, [PASSED], tmp_path / "usual", {})
    assert manifest.tables_digest != usual.tables_digest
    assert manifest.logical_digest == usual.logical_digest
    assert manifest.snapshot_id.rpartition("-")[2] != usual.snapshot_id.rpartition("-")[2]


def test_what_is_said_of_the_tables_is_not_in_their_digests(published: Snapshot) -> None:
    manifest = published.manifest
    assert manifest.model_copy(update={"created_at": None, "verdicts": ()}).tables_digest == manifest.tables_digest
    tables = [table.model_copy(update={"parquet_sha256": "0" * 64, "description": ""}) for table in manifest.tables]
    assert logical_digest_of_tables(tables) == manifest.logical_digest


def test_a_manifest_from_before_logical_digests_is_read(published: Snapshot) -> None:
    stated = json.loads((published.folder / "manifest.json").read_text())
    del stated["logical_digest"]
    for table in stated["tables"]:
        del table["logical_digest"]
    manifest = Manifest.model_validate(stated)
    assert manifest.logical_digest is None
    assert logical_digest_of_tables(manifest.tables) is None


def test_a_table_whose_rows_have_no_logical_digest_is_not_published(build: Build, home: Path) -> None:
    odd = altered(build, "alter table star.fct_series alter column modality type map(varchar, integer) using map()")
    with pytest.raises(BuildFailed, match=r"fct_series cannot be published.*The column modality has the type map"):
        publish(odd, [PASSED], home, {})
    assert not list((home / "snapshots").iterdir())


def test_another_name_of_a_column_is_another_digest_of_both_kinds(
    tmp_path: Path, home: Path, published: Snapshot
) -> None:
    build = altered(make_build(tmp_path / "build"), "alter table star.dim_collection rename collection_id to name")
    columns = {"collection_key": COLLECTION_COLUMNS["collection_key"], "name": COLLECTION_COLUMNS["collection_id"]}
    redescribe(build, model("dim_collection", columns, primary_key=["collection_key"], grain="one collection"))
    manifest = publish(build, [PASSED], home, {})
    assert manifest.tables_digest != published.manifest.tables_digest
    before = table_digests(published.manifest)
    assert table_digests(manifest)["dim_collection"] != before["dim_collection"]


def test_another_description_is_another_digest_of_the_bytes_alone(
    tmp_path: Path, home: Path, published: Snapshot
) -> None:
    columns = COLLECTION_COLUMNS | {"collection_id": "Described in other words."}
    described = model("dim_collection", columns, primary_key=["collection_key"], grain="one collection")
    (table,) = publish(redescribe(make_build(tmp_path / "build"), described), [PASSED], home, {}).tables
    before = {entry.name: entry for entry in published.manifest.tables}["dim_collection"]
    assert table.parquet_sha256 != before.parquet_sha256
    assert table.logical_digest == before.logical_digest


def test_when_a_load_was_fetched_is_in_the_input_digest_of_portals_alone(tmp_path: Path) -> None:
    _, release = small_release.land(tmp_path / "idc")
    _, night = land_night(tmp_path / "midrc", 1, files_of(1))
    later = {"fetched_at": datetime(2027, 1, 1, tzinfo=UTC)}
    for landed, counts in ((release, False), (night, True)):
        again = landed.model_copy(update={"loads": tuple(load.model_copy(update=later) for load in landed.loads)})
        assert again.digest == landed.digest
        assert (input_digest([again]) != input_digest([landed])) == counts


@pytest.fixture
def mine(published: Snapshot, tmp_path: Path) -> Snapshot:
    """A copy of the published snapshot that may be spoiled, in service in a home of its own."""
    home = tmp_path / "spoiled"
    shutil.copytree(published.folder, home / "snapshots" / published.id)
    point_current_at(home, snapshot(home, published.id))
    return snapshot(home, None)


def faults(found: Snapshot) -> list[FileCheck]:
    return [check for check in verify_rows(found) if check.found != "sound"]


def replaced(path: Path, make: Callable[[Path], object]) -> None:
    path.parent.chmod(0o755)
    other = path.with_name("other")
    make(other)
    other.replace(path)


def test_rows_that_are_as_they_were_published_have_no_fault(mine: Snapshot) -> None:
    found = list(verify_rows(mine))
    # Each table twice: in its Parquet file and in the DuckDB file.
    assert [check.found for check in found] == ["sound"] * 4
    assert list(checks(mine.folder.parents[1], None, landing=False, everything=False, logical=True))[-4:] == found


def test_one_other_value_in_either_file_is_found(mine: Snapshot) -> None:
    path = mine.tables_folder / "fct_series.parquet"
    size = "size_bytes + (series_key = (select max(series_key) from f))::bigint"
    query = f"with f as (from '{path}') select * replace ({size} as size_bytes) from f"
    replaced(path, lambda other: duckdb.sql(f"copy ({query}) to '{other}' (format parquet)"))
    (fault,) = faults(mine)
    assert (fault.path, fault.found, fault.detail) == (
        path,
        "damaged",
        "the rows of fct_series are not those that were published",
    )
    mine.database.chmod(0o644)
    with duckdb.connect(str(mine.database)) as connection:
        connection.execute("update dim_collection set collection_id = 'other' where collection_id = 'collection 3'")
    assert [(fault.path, fault.detail) for fault in faults(mine)[1:]] == [
        (mine.database, "the rows of dim_collection are not those that were published")
    ]


def test_what_cannot_be_read_is_a_fault_and_not_a_traceback(mine: Snapshot) -> None:
    (mine.tables_folder / "dim_collection.parquet").unlink()
    replaced(mine.tables_folder / "fct_series.parquet", lambda other: other.write_bytes(b"PAR1 nothing PAR1"))
    replaced(mine.database, lambda other: other.write_bytes(b"nothing"))
    found = {fault.path.name: fault.found for fault in faults(mine)}
    assert found == {
        "dim_collection.parquet": "missing",
        "fct_series.parquet": "damaged",
        "warehouse.duckdb": "damaged",
    }
    mine.database.unlink()
    assert [fault.found for fault in faults(mine)] == ["missing", "damaged", "missing"]


def test_rows_without_a_stated_digest_are_not_called_sound(mine: Snapshot) -> None:
    home, path = mine.folder.parents[1], mine.folder / "manifest.json"
    stated = json.loads(path.read_text())
    del stated["logical_digest"]
    replaced(path, lambda other: other.write_text(json.dumps(stated)))
    with pytest.raises(UsageError, match="published before logical digests were taken"):
        list(checks(home, None, landing=False, everything=False, logical=True))
    found = list(checks(home, None, landing=False, everything=True, logical=True))
    assert [check.path for check in found if check.found == "unstated"] == [mine.folder]


def test_a_snapshot_whose_logical_digest_is_not_that_of_its_tables_is_damaged(mine: Snapshot) -> None:
    path = mine.folder / "manifest.json"
    text = path.read_text().replace(str(mine.manifest.logical_digest), "0" * 64)
    replaced(path, lambda other: other.write_text(text))
    (fault,) = faults(snapshot(mine.folder.parents[1], None))
    assert (fault.path, fault.detail) == (path, "its logical digest is not that of its tables")


def test_the_command_reads_the_rows_and_ends_with_3_where_they_are_others(mine: Snapshot) -> None:
    home = mine.folder.parents[1]

    def icw(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "ICW_HOME": str(home)}
        return subprocess.run([ICW, *arguments], env=environment, capture_output=True, text=True, timeout=120)

    for command in (["verify"], ["snapshots", "verify"]):
        done = icw(*command, "--logical", "--json")
        assert (done.returncode, done.stderr) == (0, "")
        report = json.loads(done.stdout)
        assert (report["faults"], report["unstated"]) == ([], [])
    plain = json.loads(icw("verify", "--json").stdout)
    assert report["checked"] == plain["checked"] + 2 * len(mine.manifest.tables)
    mine.database.chmod(0o644)
    with duckdb.connect(str(mine.database)) as connection:
        connection.execute("update dim_collection set collection_id = 'other' where collection_id = 'collection 3'")
    done = icw("snapshots", "verify", mine.id, "--logical")
    assert done.returncode == 3
    assert "the rows of dim_collection are not those that were published" in done.stdout
    assert icw("verify", "--logical", "--landing").returncode == 2
