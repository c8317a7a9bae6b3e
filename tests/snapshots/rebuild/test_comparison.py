"""Tables of a snapshot against those of another build: the same bytes, the same rows, or the first row that differs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.support.sample_build import PASSED, make_build
from warehouse.build import Build
from warehouse.files import sha256_of
from warehouse.logical_digest import logical_digest_of_parquet
from warehouse.snapshots.catalog import Snapshot, snapshot
from warehouse.snapshots.manifest import CodeVersion, ColumnEntry
from warehouse.snapshots.publish import publish
from warehouse.snapshots.rebuild import Rebuild, code_differences
from warehouse.snapshots.rebuild.comparison import FirstDifference, RowDifferences, TableComparison, compared

Compare = Callable[[Build], dict[str, TableComparison]]


@pytest.fixture
def compare(published: Snapshot, tmp_path: Path) -> Compare:
    """Compare the published snapshot with what another build gives."""

    def against(build: Build) -> dict[str, TableComparison]:
        publish(build, [PASSED], tmp_path / "other", {})
        other = snapshot(tmp_path / "other", None)
        found = compared(published, other.manifest.tables, other.tables_folder, tmp_path / "scratch")
        return {table.table: table for table in found}

    return against


def altered(folder: Path, *statements: str) -> Build:
    build = make_build(folder)
    with duckdb.connect(str(build.database)) as connection:
        for statement in statements:
            connection.execute(statement)
    return build


def found(tables: dict[str, TableComparison]) -> dict[str, str]:
    return {name: table.found for name, table in tables.items()}


def first_row(published: Snapshot) -> tuple[int, int]:
    """The key and the size of the first series in the order of the table."""
    with duckdb.connect(str(published.database), read_only=True) as connection:
        query = "select series_key, size_bytes from fct_series order by collection_key, series_key limit 1"
        [row] = connection.execute(query).fetchall()
    return row


def test_the_same_build_has_the_same_bytes(compare: Compare, tmp_path: Path) -> None:
    assert found(compare(make_build(tmp_path / "b", shuffle="z"))) == {"dim_collection": "bytes", "fct_series": "bytes"}


def test_another_compression_has_the_same_rows(published: Snapshot, tmp_path: Path) -> None:
    folder = tmp_path / "tables"
    folder.mkdir()
    entries = []
    for table in published.manifest.tables:
        path = folder / f"{table.name}.parquet"
        rows = f"from '{published.tables_folder / path.name}'"
        duckdb.sql(f"copy ({rows}) to '{path}' (format parquet, compression snappy)")
        digests = {"parquet_sha256": sha256_of(path), "logical_digest": logical_digest_of_parquet(path)}
        entries.append(table.model_copy(update=digests))
    tables = compared(published, entries, folder, tmp_path)
    assert [table.found for table in tables] == ["rows", "rows"]
    # A snapshot from before logical digests were taken: its files say what its rows are.
    older = [table.model_copy(update={"logical_digest": None}) for table in published.manifest.tables]
    before = dataclasses.replace(
        published, manifest=published.manifest.model_copy(update={"tables": tuple(older), "logical_digest": None})
    )
    assert [table.found for table in compared(before, entries, folder, tmp_path)] == ["rows", "rows"]


def test_the_first_row_that_differs_is_named_with_both_values(
    compare: Compare, published: Snapshot, tmp_path: Path
) -> None:
    key, size = first_row(published)
    build = altered(
        tmp_path / "b",
        f"update star.fct_series set size_bytes = 1 where series_key = {key}",
        "update star.fct_series set modality = 'XA' where modality is null",
    )
    tables = compare(build)
    assert found(tables) == {"dim_collection": "bytes", "fct_series": "differs"}
    rows = tables["fct_series"].rows
    assert rows is not None
    assert (rows.only_published, rows.only_rebuilt) == (0, 0)
    # 100 of 500 have no modality; the first row in the order may be one of them.
    assert rows.changed in (100, 101)
    assert rows.first is not None
    assert rows.first.key == {"series_key": str(key)}
    if rows.changed == 101:
        assert rows.first == FirstDifference({"series_key": str(key)}, "both", "size_bytes", str(size), "1")


def test_a_null_differs_from_a_text(compare: Compare, published: Snapshot, tmp_path: Path) -> None:
    tables = compare(altered(tmp_path / "b", "update star.fct_series set modality = '' where modality is null"))
    rows = tables["fct_series"].rows
    assert rows is not None
    assert rows.changed == 100
    assert rows.first is not None
    assert (rows.first.column, rows.first.published, rows.first.rebuilt) == ("modality", None, "")


def test_rows_that_only_one_side_has_are_counted(compare: Compare, published: Snapshot, tmp_path: Path) -> None:
    key, _ = first_row(published)
    tables = compare(
        altered(
            tmp_path / "b",
            f"delete from star.fct_series where series_key = {key}",
            "insert into star.fct_series select * replace (-1::bigint as series_key, -2::bigint as collection_key) "
            "from star.fct_series limit 1",
        )
    )
    rows = tables["fct_series"].rows
    assert rows == RowDifferences(1, 1, 0, FirstDifference({"series_key": "-1"}, "rebuilt"))
    assert (tables["fct_series"].rows_published, tables["fct_series"].rows_rebuilt) == (500, 500)


def test_another_type_is_a_difference_though_every_value_is_alike(compare: Compare, tmp_path: Path) -> None:
    tables = compare(altered(tmp_path / "b", "alter table star.fct_series alter column instance_count type integer"))
    table = tables["fct_series"]
    assert table.found == "differs"
    assert table.columns == ("instance_count was BIGINT and is INTEGER",)
    assert table.rows == RowDifferences(0, 0, 0, None)


def test_columns_that_came_or_went_are_named(published: Snapshot, tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    publish(build, [PASSED], tmp_path / "other", {})
    other = snapshot(tmp_path / "other", None)
    collections, series = other.manifest.tables
    renamed = tuple(
        column if column.name != "modality" else ColumnEntry(name="kind", type="VARCHAR", description="")
        for column in series.columns
    )
    changed = series.model_copy(update={"columns": renamed, "parquet_sha256": "0" * 64, "logical_digest": "0" * 64})
    tables = compared(published, [collections, changed], other.tables_folder, tmp_path)
    assert tables[1].columns == ("the rebuild has no column modality", "the snapshot has no column kind")
    moved = series.model_copy(
        update={"columns": series.columns[::-1], "parquet_sha256": "0" * 64, "logical_digest": "0" * 64}
    )
    tables = compared(published, [collections, moved], other.tables_folder, tmp_path)
    assert tables[1].columns == ("the columns are in another order",)
    other_key = moved.model_copy(update={"primary_key": ("series_instance_uid",)})
    tables = compared(published, [collections, other_key], other.tables_folder, tmp_path)
    assert tables[1].rows is None
    assert "primary key is another one" in str(tables[1].unexplained)


def test_tables_that_came_or_went_are_named(published: Snapshot, tmp_path: Path) -> None:
    collections, series = published.manifest.tables
    new = series.model_copy(update={"name": "fct_new"})
    tables = compared(published, [collections, new], published.tables_folder, tmp_path)
    assert [(table.table, table.found) for table in tables] == [
        ("dim_collection", "bytes"),
        ("fct_new", "new"),
        ("fct_series", "gone"),
    ]


def test_a_published_file_that_is_not_as_it_was_explains_nothing(tmp_path: Path) -> None:
    publish(make_build(tmp_path / "build"), [PASSED], tmp_path / "home", {})
    mine = snapshot(tmp_path / "home", None)
    path = mine.tables_folder / "fct_series.parquet"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"2")
    build = altered(tmp_path / "b", "update star.fct_series set size_bytes = 1")
    publish(build, [PASSED], tmp_path / "other", {})
    other = snapshot(tmp_path / "other", None)
    (_, table) = compared(mine, other.manifest.tables, other.tables_folder, tmp_path)
    assert (table.found, table.rows) == ("differs", None)
    assert table.unexplained == f"{path} is not as it was published: its rows cannot be compared"


@pytest.mark.parametrize(
    ("tables", "outcome"),
    [
        (("bytes", "bytes"), "bytes"),
        (("bytes", "rows"), "rows"),
        (("rows", "differs"), "differs"),
        (("bytes", "new"), "differs"),
        (("gone", "bytes"), "differs"),
    ],
)
def test_the_worst_table_is_the_outcome(tables: tuple[str, ...], outcome: str) -> None:
    compared_tables = tuple(TableComparison("t", kind, 1, 1) for kind in tables)  # type: ignore[arg-type]
    assert Rebuild("s", (), True, (), compared_tables).outcome == outcome


def test_other_code_and_other_engines_are_said(published: Snapshot) -> None:
    manifest = published.manifest.model_copy(
        update={"code_version": CodeVersion(package="1", commit="a", dirty=False), "dependencies": {"duckdb": "2.0.0"}}
    )
    same = CodeVersion(package="1", commit="a", dirty=False)
    assert code_differences(manifest, same, {"duckdb": "2.0.0"}) == ()
    other = CodeVersion(package="1", commit="b", dirty=False)
    assert code_differences(manifest, other, {"duckdb": "2.1.0", "polars": "2"}) == (
        "The snapshot was built by 1, commit a; this is 1, commit b.",
        "Other versions: duckdb 2.0.0 then, 2.1.0 now; polars absent then, 2 now.",
    )
    (sentence,) = code_differences(manifest, same.model_copy(update={"dirty": True}), {"duckdb": "2.0.0"})
    assert "this one had uncommitted changes: whether it is the same code cannot be told" in sentence
    unknown = CodeVersion(package="1")
    (sentence,) = code_differences(manifest.model_copy(update={"code_version": unknown}), unknown, {"duckdb": "2.0.0"})
    assert "without a commit" in sentence
