"""What a publish writes, what it refuses, and when it makes no new snapshot."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.support.marks import later
from tests.support.sample_build import (
    COLLECTION_COLUMNS,
    FAILED,
    PASSED,
    SERIES_COLUMNS,
    WARNING,
    make_build,
    model,
    redescribe,
    relationships_test,
    tree,
    write_dbt_manifest,
)
from warehouse.build import Build
from warehouse.errors import AuditFailed, BuildFailed, StorageError
from warehouse.quality.verdicts import Verdict
from warehouse.snapshots.catalog import Snapshot, current, snapshots
from warehouse.snapshots.manifest import Manifest
from warehouse.snapshots.publish import publish
from warehouse.snapshots.star import star_tables


def parquet_digests(home: Path) -> dict[str, str]:
    found = current(home)
    assert found is not None
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in found.tables_folder.iterdir()}


def test_a_snapshot_is_a_folder_with_these_files(build: Build, home: Path) -> None:
    manifest = publish(build, [PASSED], home, {"model": 1.5})

    files = {
        "CITATION.cff",
        "README.md",
        "SHA256SUMS",
        "citation.bib",
        "citation.csl.json",
        "citation.ris",
        "croissant.json",
        "datacite.json",
        "datapackage.json",
        "licences.json",
        "manifest.json",
        "quality.json",
        "ro-crate-metadata.json",
        "tables",
        "tables/dim_collection.parquet",
        "tables/fct_series.parquet",
        "warehouse.duckdb",
    }
    folder = f"snapshots/{manifest.snapshot_id}"
    assert tree(home) == {"current", "snapshots", folder, *(f"{folder}/{name}" for name in files)}
    assert os.readlink(home / "current") == f"snapshots/{manifest.snapshot_id}"


def test_the_manifest_says_what_is_in_the_snapshot(build: Build, home: Path) -> None:
    returned = publish(build, [PASSED, WARNING], home, {"model": 1.5})

    folder = home / "snapshots" / returned.snapshot_id
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_text())
    assert manifest == returned
    assert manifest.snapshot_id == f"{manifest.created_at:%Y%m%dT%H%M%SZ}-{manifest.tables_digest[:12]}"
    assert manifest.input_digest == build.input_digest
    assert manifest.verdicts == (PASSED, WARNING)
    assert manifest.timings["model"] == 1.5
    assert manifest.timings["publish"] > 0
    assert manifest.dependencies["duckdb"] == duckdb.__version__
    assert {"python", "dbt-core", "dbt-duckdb", "pyarrow"} <= set(manifest.dependencies)
    [source] = manifest.sources
    assert (source.source, source.version, source.channel) == ("idc", "23.5.0", "bucket")
    assert [(entry.dataset, entry.status) for entry in source.datasets] == [
        ("idc_index", "landed"),
        ("sm_index", "absent"),
    ]
    assert source.datasets[0].objects[0].sha256 == build.releases[0].loads[0].objects[0].sha256

    collections, series = manifest.tables
    assert (collections.name, collections.rows, series.name, series.rows) == ("dim_collection", 7, "fct_series", 500)
    assert [column.name for column in series.columns] == list(SERIES_COLUMNS)
    assert [column.type for column in series.columns] == [
        "BIGINT",
        "BIGINT",
        "VARCHAR",
        "VARCHAR",
        "DATE",
        "BIGINT",
        "BIGINT",
    ]
    assert {column.name: column.references for column in series.columns if column.references} == {
        "collection_key": "dim_collection.collection_key"
    }
    assert series.order_by == ("collection_key", "series_key")
    for table in manifest.tables:
        content = (folder / "tables" / f"{table.name}.parquet").read_bytes()
        assert (table.parquet_bytes, table.parquet_sha256) == (len(content), hashlib.sha256(content).hexdigest())
    pairs = sorted([table.name, table.parquet_sha256] for table in manifest.tables)
    assert manifest.tables_digest == hashlib.sha256(json.dumps(pairs).encode()).hexdigest()
    assert manifest.duckdb_file.bytes == (folder / "warehouse.duckdb").stat().st_size


def test_both_forms_hold_the_rows_of_the_build_in_their_total_order(build: Build, home: Path) -> None:
    publish(build, [PASSED], home, {})

    folder = home / "current"
    with duckdb.connect(str(build.database), read_only=True) as connection:
        columns = ", ".join(SERIES_COLUMNS)
        expected = connection.execute(f"select {columns} from star.fct_series").fetchall()
    expected.sort(key=lambda row: (row[1], row[0]))
    table = pq.read_table(folder / "tables" / "fct_series.parquet")
    assert table.column_names == list(SERIES_COLUMNS)
    assert [tuple(row.values()) for row in table.to_pylist()] == expected
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        assert connection.execute("from fct_series").fetchall() == expected


def test_the_duckdb_file_carries_descriptions_and_keys_that_are_not_null(build: Build, home: Path) -> None:
    publish(build, [PASSED], home, {})

    with duckdb.connect(str(home / "current" / "warehouse.duckdb"), read_only=True) as connection:
        tables = connection.execute("select table_name, comment from duckdb_tables() order by 1").fetchall()
        columns = connection.execute(
            "select column_name, comment, is_nullable from duckdb_columns() where table_name = 'dim_collection' "
            "order by column_index"
        ).fetchall()
    assert tables == [
        ("dim_collection", "The table dim_collection, it's described | here. Grain: one collection."),
        ("fct_series", "The table fct_series, it's described | here. Grain: one DICOM series."),
    ]
    assert columns == [
        ("collection_key", COLLECTION_COLUMNS["collection_key"], False),
        ("collection_id", COLLECTION_COLUMNS["collection_id"], True),
    ]


def test_the_digests_verify_with_the_usual_tool(published: Snapshot) -> None:
    finished = subprocess.run(
        ["sha256sum", "--check", "SHA256SUMS"], cwd=published.folder, capture_output=True, text=True
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
    checked = {line.split(":")[0] for line in finished.stdout.splitlines()}
    assert checked == {name for name in tree(published.folder) if name not in ("tables", "SHA256SUMS")}


def test_the_readme_tells_a_stranger_what_this_is(published: Snapshot) -> None:
    text = (published.folder / "README.md").read_text()

    manifest = published.manifest
    assert text.splitlines()[0] == f"# Imaging Commons Warehouse, snapshot {manifest.snapshot_id}"
    assert "SYNTHETIC" not in text
    assert "### idc 23.5.0" in text
    assert manifest.sources[0].datasets[0].objects[0].sha256 in text
    assert "Not carried by this channel, or not asked for: sm_index" in text
    assert (
        "| fct_series | 500 | one DICOM series | series_key | The table fct_series, it's described \\| here. |" in text
    )
    assert "1 of 2 expectations were met." in text
    assert "- fct_series (star.values): At most 1 % of the series have no body part. Observed: 34 %" in text
    assert manifest.tables_digest in text
    assert str(published.folder.parent.parent) not in text


def test_what_the_readme_says_about_opening_works(published: Snapshot) -> None:
    text = (published.folder / "README.md").read_text()
    program = text.split("```python\n")[1].split("```")[0] + "print(len(frame))\n"

    finished = subprocess.run([sys.executable, "-c", program], cwd=published.folder, capture_output=True, text=True)

    assert finished.stdout == "10\n", finished.stderr


def test_quality_json_holds_every_verdict(published: Snapshot) -> None:
    verdicts = json.loads((published.folder / "quality.json").read_text())

    assert [Verdict.model_validate(verdict) for verdict in verdicts] == [PASSED, WARNING]


def test_made_up_data_is_marked_everywhere(tmp_path: Path, home: Path) -> None:
    manifest = publish(make_build(tmp_path / "build", synthetic=True), [PASSED], home, {})

    assert manifest.synthetic
    assert manifest.snapshot_id.startswith("synthetic-")
    text = (home / "current" / "README.md").read_text()
    assert text.splitlines()[0].startswith("# SYNTHETIC: ")
    citation = text.split("## Cite it")[1]
    assert "SYNTHETIC data" in citation


@pytest.mark.parametrize(
    ("threads", "memory_limit", "shuffle"), [later(1, "1GB", "a"), (4, "1GB", "b"), later(2, "60MB", "c")]
)
def test_the_same_rows_give_the_same_bytes(
    tmp_path: Path, reference_digests: dict[str, str], threads: int, memory_limit: str, shuffle: str
) -> None:
    build = make_build(tmp_path / shuffle, series=300_000, shuffle=shuffle)

    publish(build, [PASSED], tmp_path / "a longer path", {}, threads=threads, memory_limit=memory_limit)

    assert parquet_digests(tmp_path / "a longer path") == reference_digests


@pytest.fixture(scope="module")
def reference_digests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Digests of a publish of 300,000 series: more than two row groups."""
    folder = tmp_path_factory.mktemp("reference")
    publish(make_build(folder / "build", series=300_000, shuffle="z"), [PASSED], folder / "home", {})
    metadata = pq.read_metadata(folder / "home" / "current" / "tables" / "fct_series.parquet")
    assert metadata.num_row_groups == 3
    return parquet_digests(folder / "home")


def test_an_error_of_the_audit_stops_the_publish_before_anything_is_written(build: Build, home: Path) -> None:
    with pytest.raises(AuditFailed) as caught:
        publish(build, [PASSED, FAILED, WARNING], home, {})

    assert str(caught.value) == (
        "The build was not published: 1 of 3 expectations failed as errors: The star has as many series as the "
        "landed file. (landed.counts, fct_series), observed 499 series, 500 landed. "
        "What was in service before stays in service; `icw quality` lists all that was found."
    )
    assert not home.exists()


def test_an_error_of_the_audit_leaves_the_current_snapshot_in_service(build: Build, tmp_path: Path, home: Path) -> None:
    before = publish(build, [PASSED], home, {})
    files = tree(home)

    with pytest.raises(AuditFailed, match="and 2 more"):
        publish(make_build(tmp_path / "next", version="24.2.2"), [FAILED] * 7, home, {})

    found = current(home)
    assert found is not None
    assert found.manifest == before
    assert tree(home) == files


def test_a_build_that_nothing_has_judged_is_not_published(build: Build, home: Path) -> None:
    with pytest.raises(AuditFailed, match="no expectation has judged it"):
        publish(build, [], home, {})

    assert not home.exists()


def test_the_same_build_again_is_the_same_snapshot(build: Build, home: Path) -> None:
    first = publish(build, [PASSED], home, {})
    files = tree(home)

    assert publish(build, [PASSED, WARNING], home, {}) == first
    assert tree(home) == files


def test_other_input_with_the_same_tables_is_another_snapshot(tmp_path: Path, home: Path) -> None:
    first = publish(make_build(tmp_path / "build", digest="1" * 64), [PASSED], home, {})
    second = publish(make_build(tmp_path / "build", digest="2" * 64), [PASSED], home, {})

    assert first.tables_digest == second.tables_digest
    assert first.snapshot_id != second.snapshot_id
    assert [entry.id for entry in snapshots(home)] == [first.snapshot_id, second.snapshot_id]


def test_going_back_to_an_earlier_build_puts_its_snapshot_into_service_again(tmp_path: Path, home: Path) -> None:
    first = publish(make_build(tmp_path / "build", version="24.2.2"), [PASSED], home, {})
    publish(make_build(tmp_path / "build", version="25.0.5"), [PASSED], home, {})

    assert publish(make_build(tmp_path / "build", version="24.2.2"), [PASSED], home, {}) == first

    found = current(home)
    assert found is not None
    assert found.id == first.snapshot_id
    assert len(snapshots(home)) == 2


def test_a_home_can_be_moved(build: Build, home: Path, tmp_path: Path) -> None:
    manifest = publish(build, [PASSED], home, {})

    shutil.move(home, tmp_path / "elsewhere")

    found = current(tmp_path / "elsewhere")
    assert found is not None
    assert found.manifest == manifest


def _altered(build: Build, statement: str) -> Build:
    with duckdb.connect(str(build.database)) as connection:
        connection.execute(statement)
    return build


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("insert into star.dim_collection from star.dim_collection limit 1", "8 rows, 7 different keys"),
        ("insert into star.dim_collection values (null, 'x')", "1 rows with a null in the key"),
        ("drop table star.dim_collection", "has no table star.dim_collection"),
        ("alter table star.dim_collection add column extra integer", "built but not described: extra"),
        ("alter table star.dim_collection drop column collection_id", "described but not built: collection_id"),
        (
            "alter table star.fct_series alter column size_bytes type hugeint",
            r"size_bytes \(HUGEINT becomes DOUBLE\)",
        ),
    ],
)
def test_a_table_that_cannot_be_published_faithfully_stops_the_publish(
    build: Build, home: Path, statement: str, message: str
) -> None:
    with pytest.raises(BuildFailed, match=message):
        publish(_altered(build, statement), [PASSED], home, {})

    assert tree(home) == {"snapshots"}


@pytest.mark.parametrize(
    ("primary_key", "grain", "order_by", "message"),
    [
        (None, "one collection", None, "config.meta lacks a value"),
        (["collection_key"], None, None, "config.meta lacks a value"),
        (["collection"], "one collection", None, r"names columns that are not described \(collection\)"),
        (["collection_key"], "one collection", ["size"], r"names columns that are not described \(size\)"),
    ],
)
def test_a_model_must_say_what_identifies_its_rows(
    build: Build,
    home: Path,
    primary_key: list[str] | None,
    grain: str | None,
    order_by: list[str] | None,
    message: str,
) -> None:
    node = model("dim_collection", COLLECTION_COLUMNS, primary_key=primary_key, grain=grain, order_by=order_by)

    with pytest.raises(BuildFailed, match=message):
        publish(redescribe(build, node), [PASSED], home, {})

    assert not home.exists()


def test_a_column_refers_to_published_tables_alone_and_by_a_condition_to_several(tmp_path: Path) -> None:
    names = ("dim_a", "dim_b", "fct_c")
    tables = [model(name, {"a_key": "Key."}, primary_key=["a_key"], grain="one row") for name in names]
    terms = {"unique_id": "model.imaging_commons.seed_d", "resource_type": "seed", "schema": "seeds", "alias": "seed_d"}
    tests = [relationships_test("fct_c", "a_key", parent, "a_key") for parent in ("dim_a", "dim_b", "seed_d")]
    for number, test in enumerate(tests):
        test["unique_id"] += str(number)
    write_dbt_manifest(tmp_path / "manifest.json", *tables, terms, *tests)

    (column,) = star_tables(tmp_path / "manifest.json")[-1].columns

    assert column.references == "dim_a.a_key or dim_b.a_key"


def test_a_column_without_a_description_is_not_published(build: Build, home: Path) -> None:
    columns = COLLECTION_COLUMNS | {"collection_id": " "}
    node = model("dim_collection", columns, primary_key=["collection_key"], grain="one collection")

    with pytest.raises(BuildFailed, match="dim_collection cannot be published: collection_id has no description"):
        publish(redescribe(build, node), [PASSED], home, {})


@pytest.mark.parametrize("content", [None, "", "[]", '{"nodes": {}}'])
def test_without_dbts_description_nothing_is_published(build: Build, home: Path, content: str | None) -> None:
    path = build.manifest
    path.unlink()
    if content is not None:
        path.write_text(content)

    with pytest.raises(BuildFailed, match=r"manifest\.json"):
        publish(build, [PASSED], home, {})

    assert not home.exists()


def test_an_empty_table_is_published(build: Build, home: Path) -> None:
    publish(_altered(build, "delete from star.dim_collection"), [PASSED], home, {})

    table = pq.read_table(home / "current" / "tables" / "dim_collection.parquet")
    assert (table.num_rows, table.column_names) == (0, list(COLLECTION_COLUMNS))


def test_a_home_that_cannot_be_made_is_an_error_with_advice(build: Build, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    with pytest.raises(StorageError, match="point ICW_HOME at a folder that can be written"):
        publish(build, [PASSED], tmp_path / "file" / "home", {})


def test_a_parquet_file_describes_its_columns(published: Snapshot) -> None:
    found = pq.read_metadata(published.tables_folder / "fct_series.parquet").metadata
    assert found[b"description"].startswith(b"The table fct_series")
    columns = json.loads(found[b"columns"])
    assert list(columns) == list(SERIES_COLUMNS)
    assert columns["collection_key"] == "Key of the collection. -> dim_collection.collection_key"
