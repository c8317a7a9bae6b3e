"""A table that is published in parts is the same table: same rows, same order, same logical digest, stored by part."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.support.marks import later
from tests.support.parted_build import SERIES, make_parted_build
from tests.support.sample_build import PASSED, model, redescribe
from warehouse.build import Build
from warehouse.comparison.difference import compare
from warehouse.errors import BuildFailed, IntegrityError, UsageError
from warehouse.logical_digest import logical_digest_of_parquet
from warehouse.settings import load_settings
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import PROFILE_TABLE, Snapshot, snapshot
from warehouse.snapshots.databases import database_of, drop_databases
from warehouse.snapshots.exporting import export
from warehouse.snapshots.importing import import_snapshot
from warehouse.snapshots.manifest import Manifest, TableEntry, part_name
from warehouse.snapshots.publish import publish, publish_again
from warehouse.snapshots.rebuild.comparison import compared
from warehouse.snapshots.star import StarColumn, StarTable
from warehouse.snapshots.tables import MOST_PARTS, table_writer
from warehouse.snapshots.verification import checks, is_sound, verify_rows, verify_snapshot
from warehouse.sql_text import read_parquet

PARTS = [f"fct_series/{source}.parquet" for source in sorted(SERIES)]


def published(home: Path, build: Build) -> Snapshot:
    return snapshot(home, publish(build, [PASSED], home, {}).snapshot_id)


def series_of(found: Snapshot) -> TableEntry:
    table = found.table("fct_series")
    assert table is not None
    return table


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot in parts that tests read and never change."""
    folder = tmp_path_factory.mktemp("parted")
    return published(folder / "home", make_parted_build(folder / "build"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A snapshot of the same rows, each table in one file."""
    folder = tmp_path_factory.mktemp("whole")
    return published(folder / "home", make_parted_build(folder / "build", in_parts=False))


@pytest.fixture
def mine(parted: Snapshot, tmp_path: Path) -> Snapshot:
    """A copy that may be spoiled."""
    shutil.copytree(parted.folder.parents[1], tmp_path / "mine", symlinks=True)
    return snapshot(tmp_path / "mine", None)


_values = st.sampled_from(["bih", "idc", "midrc", "idc-bih:series", "idc-bih:study", "a_b", "0"])
_rows = st.lists(
    st.tuples(_values, st.text(max_size=3), st.one_of(st.none(), st.integers(-5, 5))), max_size=40, unique=True
)


@hypothesis_settings(max_examples=12, deadline=None)
@given(_rows)
def test_parts_one_after_the_other_are_the_table(rows: list[tuple[str, str, int | None]]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        entries, in_database = zip(
            *(_written(folder / (column or "whole"), rows, column) for column in ("value", None)), strict=True
        )
    finally:
        shutil.rmtree(folder)
    parted, whole = entries
    assert parted.logical_digest == whole.logical_digest
    assert in_database[0] == in_database[1]
    values = sorted({value for value, *_ in rows})
    names = [str(part_name(value)) for value in values] or ["empty"]
    assert [part.path for part in parted.parts] == [f"things/{name}.parquet" for name in names]
    assert [part.rows for part in parted.parts] == [
        sum(row[0] == value for row in rows) for value in values or ["empty"]
    ]
    assert whole.parts == ()


def _written(
    folder: Path, rows: list[tuple[str, str, int | None]], parts_by: str | None
) -> tuple[TableEntry, list[tuple[Any, ...]]]:
    """Write rows with the writer of a publish; return the entry, and the rows as the DuckDB file has them."""
    (folder / "tables").mkdir(parents=True)
    with duckdb.connect(str(folder / "build.duckdb")) as connection:
        connection.execute("create schema star")
        connection.execute("create table star.things (value varchar, text varchar, number integer, key integer)")
        for key, row in enumerate(rows):
            connection.execute("insert into star.things values (?, ?, ?, ?)", [*row, key])
    columns = tuple(StarColumn(name, "", None) for name in ("value", "text", "number", "key"))
    order = ("value", "number", "text", "key")
    table = StarTable("things", "Things.", "one thing", ("key",), order, columns, parts_by)
    with table_writer(folder / "build.duckdb", folder / "scratch", threads=2, memory_limit="500MB") as writer:
        (entry,), _ = writer.write([table], folder / "tables", folder / "warehouse.duckdb")
    files = [folder / "tables" / file.path for file in entry.files]
    assert entry.rows == len(rows)
    assert entry.logical_digest == logical_digest_of_parquet(*files)
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        held = connection.execute("from things").fetchall()
        assert connection.execute(f"from {read_parquet(files)}").fetchall() == held
        # The whole order, as DuckDB has it, is what the files have one after the other.
        assert connection.execute("from things order by value, number nulls last, text, key").fetchall() == held
    return entry, held


def test_the_manifest_lists_the_parts_and_its_digests_are_made_of_them(parted: Snapshot, whole: Snapshot) -> None:
    table = series_of(parted)
    assert parted.manifest.format_version == 2
    assert [part.path for part in table.parts] == PARTS
    assert [part.rows for part in table.parts] == [SERIES[source] for source in sorted(SERIES)]
    for part, path in zip(table.parts, parted.files_of(table), strict=True):
        assert path == parted.tables_folder / part.path
        assert part.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert part.bytes == path.stat().st_size
    pairs = [[part.path, part.sha256] for part in table.parts]
    assert table.parquet_sha256 == hashlib.sha256(json.dumps(pairs).encode()).hexdigest()
    assert table.parquet_bytes == sum(part.bytes for part in table.parts)
    assert table.logical_digest == series_of(whole).logical_digest
    assert parted.manifest.logical_digest == whole.manifest.logical_digest
    assert parted.manifest.tables_digest != whole.manifest.tables_digest
    assert Manifest.model_validate_json((parted.folder / "manifest.json").read_text()) == parted.manifest
    sums = (parted.folder / "SHA256SUMS").read_text()
    assert all(f"{part.sha256}  tables/{part.path}\n" in sums for part in table.parts)


def test_how_the_rows_lay_decides_no_byte_of_a_part(parted: Snapshot, tmp_path: Path) -> None:
    again = published(tmp_path / "home", make_parted_build(tmp_path / "build", shuffle="z"))
    assert again.manifest.tables == parted.manifest.tables


def test_only_the_part_that_changed_takes_room(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = published(home, make_parted_build(tmp_path / "one"))
    second = published(home, make_parted_build(tmp_path / "two", larger="midrc"))
    same = {
        part.path: one.samefile(other)
        for part, one, other in zip(
            series_of(second).parts,
            first.files_of(series_of(first)),
            second.files_of(series_of(second)),
            strict=True,
        )
    }
    assert same == {"fct_series/bih.parquet": True, "fct_series/idc.parquet": True, "fct_series/midrc.parquet": False}
    assert is_sound(first)
    assert is_sound(second)
    shutil.rmtree(first.folder)
    assert is_sound(second)


def test_a_source_that_goes_takes_its_part_with_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = published(home, make_parted_build(tmp_path / "one"))
    second = published(home, make_parted_build(tmp_path / "two", {"bih": 40, "idc": 300}))
    assert [part.path for part in series_of(second).parts] == PARTS[:2]
    found = compare(first, second)
    (series,) = (table for table in found.tables if table.name == "fct_series")
    assert series.rows is not None
    assert (series.rows.removed, series.rows.added, series.rows.changed, series.rows.unchanged) == (60, 0, 0, 340)


def rot(path: Path) -> None:
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    path.chmod(0o444)


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (rot, "damaged"),
        (Path.unlink, "missing"),
        (lambda path: shutil.copyfile(path, path.with_name("more.parquet")), "unexpected"),
    ],
    ids=["damaged", "missing", "additional"],
)
def test_verify_finds_a_part_that_is_not_as_it_was(mine: Snapshot, spoil: Callable[[Path], object], found: str) -> None:
    path = mine.tables_folder / PARTS[1]
    spoil(path)
    (fault,) = (check for check in verify_snapshot(mine) if check.is_fault)
    named = path.with_name("more.parquet") if found == "unexpected" else path
    assert (fault.path, fault.found) == (named, found)
    rows = [(check.path, check.found) for check in verify_rows(mine) if check.is_fault]
    if found == "missing":
        assert rows == [(path, "missing")]
    elif found == "unexpected":
        assert rows == []


def test_rows_are_verified_over_all_parts(mine: Snapshot) -> None:
    assert all(not check.is_fault for check in checks(mine.folder.parents[1], None, False, False, logical=True))
    path = mine.tables_folder / PARTS[2]
    path.parent.chmod(0o755)
    other = path.with_name("other")
    duckdb.sql(f"copy (select * replace (size_bytes + 1 as size_bytes) from '{path}') to '{other}' (format parquet)")
    other.replace(path)
    (fault,) = (check for check in verify_rows(mine) if check.is_fault)
    assert fault.path == mine.tables_folder / "fct_series"
    assert "the rows of fct_series are not those that were published" in fault.detail


@pytest.mark.parametrize(("name", "bagit"), [("share", False), ("share", True), ("share.zip", False)])
def test_an_export_comes_back_whole(parted: Snapshot, tmp_path: Path, name: str, *, bagit: bool) -> None:
    export(parted, tmp_path / name, bagit=bagit)
    found = import_snapshot(tmp_path / "other", tmp_path / name).snapshot
    assert found.manifest == parted.manifest
    assert is_sound(found)
    assert [path.read_bytes() for path in found.files_of(series_of(found))] == [
        path.read_bytes() for path in parted.files_of(series_of(parted))
    ]
    assert not list((tmp_path / "other" / "snapshots").glob(".*"))


def test_an_import_shares_the_parts_that_the_home_has(parted: Snapshot, tmp_path: Path) -> None:
    home = tmp_path / "home"
    mine = published(home, make_parted_build(tmp_path / "build", larger="bih"))
    export(parted, tmp_path / "share")
    found = import_snapshot(home, tmp_path / "share").snapshot
    assert [
        one.samefile(other)
        for one, other in zip(mine.files_of(series_of(mine)), found.files_of(series_of(found)), strict=True)
    ] == [False, True, True]


def test_the_latest_names_the_files_of_each_table(parted: Snapshot, tmp_path: Path) -> None:
    export(parted, tmp_path)
    tables = json.loads((tmp_path / "latest.json").read_text())["tables"]
    assert tables["fct_series"] == [f"{parted.id}/tables/{path}" for path in PARTS]
    assert tables["dim_collection"] == [f"{parted.id}/tables/dim_collection.parquet"]
    assert pl.read_parquet([tmp_path / path for path in tables["fct_series"]]).height == sum(SERIES.values())


def test_a_dropped_database_is_made_again_from_the_parts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = published(home, make_parted_build(tmp_path / "one"))
    published(home, make_parted_build(tmp_path / "two", larger="idc"))
    assert [dropped.id for dropped in drop_databases(home, 1)] == [first.id]
    made = database_of(first)
    with duckdb.connect(str(made), read_only=True) as connection:
        held = connection.execute("from fct_series").fetchall()
    with duckdb.connect() as connection:
        assert held == connection.execute(f"from {read_parquet(first.files_of(series_of(first)))}").fetchall()
    again = publish_again(home, first)
    assert again.manifest.tables == first.manifest.tables
    assert is_sound(again)
    pairs = zip(first.files_of(series_of(first)), again.files_of(series_of(again)), strict=True)
    assert all(one.samefile(other) for one, other in pairs)
    rot(first.tables_folder / PARTS[0])
    shutil.rmtree(made.parent)
    with pytest.raises(IntegrityError, match=r"bih\.parquet is damaged or gone"):
        database_of(first)


def test_a_rebuild_is_compared_part_by_part_and_whole_by_rows(
    parted: Snapshot, whole: Snapshot, tmp_path: Path
) -> None:
    def outcomes(one: Snapshot, other: Snapshot) -> dict[str, str]:
        found = compared(one, other.manifest.tables, other.tables_folder, tmp_path / "scratch")
        return {table.table: table.found for table in found}

    again = published(tmp_path / "again", make_parted_build(tmp_path / "a", shuffle="z"))
    assert outcomes(parted, again)["fct_series"] == "bytes"
    assert outcomes(whole, parted)["fct_series"] == "rows"
    other = published(tmp_path / "other", make_parted_build(tmp_path / "b", larger="midrc"))
    found = compared(parted, other.manifest.tables, other.tables_folder, tmp_path / "scratch")
    (series,) = (table for table in found if table.table == "fct_series")
    assert series.rows is not None
    assert series.rows.first is not None
    assert (series.found, series.rows.changed, series.rows.first.column) == ("differs", 1, "size_bytes")


def test_an_older_snapshot_in_whole_files_reads_beside_one_in_parts(whole: Snapshot, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(whole.folder.parents[1], home, symlinks=True)
    # As a release wrote it that knew no parts.
    manifest = home / "snapshots" / whole.id / "manifest.json"
    stated = json.loads(manifest.read_text())
    assert all(table.pop("parts") == [] for table in stated["tables"])
    manifest.chmod(0o644)
    manifest.write_text(json.dumps(stated | {"format_version": 1}))
    older = snapshot(home, whole.id)
    later = published(home, make_parted_build(tmp_path / "build", larger="midrc"))
    assert older.manifest.format_version == 1
    assert older.files_of(series_of(older)) == (older.tables_folder / "fct_series.parquet",)
    found = compare(older, later)
    (series,) = (table for table in found.tables if table.name == "fct_series")
    assert series.rows is not None
    assert (series.rows.changed, series.rows.unchanged) == (1, sum(SERIES.values()) - 1)
    again = publish_again(home, older)
    assert again.manifest.format_version == 1
    assert is_sound(again)


def test_a_release_that_knows_no_parts_refuses_them(
    parted: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(parted, tmp_path / "share")
    # What such a release compares the format with.
    monkeypatch.setattr("warehouse.snapshots.catalog.FORMAT_VERSION", 1)
    monkeypatch.setattr("warehouse.snapshots.exported.FORMAT_VERSION", 1)
    with pytest.raises(UsageError, match="has format 2, which needs a newer release"):
        snapshot(parted.folder.parents[1], parted.id)
    with pytest.raises(UsageError, match="has format 2, which needs a newer release"):
        import_snapshot(tmp_path / "home", tmp_path / "share")


def test_an_empty_table_has_one_part_without_rows_that_every_reader_reads(tmp_path: Path) -> None:
    home = tmp_path / "home"
    empty = published(home, make_parted_build(tmp_path / "one", {}))
    (part,) = series_of(empty).parts
    assert (part.path, part.rows) == ("fct_series/empty.parquet", 0)
    folder = empty.tables_folder / "fct_series"
    assert pq.read_table(folder).column_names == [column.name for column in series_of(empty).columns]
    assert pl.read_parquet(folder / "*.parquet").height == 0
    with duckdb.connect() as connection:
        assert connection.execute(f"select count(*) from '{folder}/*.parquet'").fetchall() == [(0,)]
    assert all(not check.is_fault for check in checks(home, None, False, False, logical=True))
    later = published(home, make_parted_build(tmp_path / "two"))
    for before, after, rows in ((empty, later, 400), (later, empty, 400)):
        (series,) = (table for table in compare(before, after).tables if table.name == "fct_series")
        assert series.rows is not None
        assert series.rows.added + series.rows.removed == rows
    drop_databases(home, 1)
    assert database_of(empty, load_settings(home=home)).is_file()
    export(empty, tmp_path / "share")
    assert import_snapshot(tmp_path / "other", tmp_path / "share").snapshot.manifest == empty.manifest


@pytest.mark.parametrize(
    "value", ["../idc", "", "é", *map(later, ("IDC", "a b", "a/b", "a.b", "-a", "a:", ":a", "x" * 300))]
)
def test_a_value_that_cannot_name_a_file_everywhere_is_refused(tmp_path: Path, home: Path, value: str) -> None:
    build = make_parted_build(tmp_path / "build")
    with duckdb.connect(str(build.database)) as connection:
        connection.execute("update star.fct_series set source_id = ? where source_id = 'bih'", [value])
    with pytest.raises(BuildFailed, match=r"fct_series cannot be published in parts: its column source_id holds"):
        publish(build, [PASSED], home, {})
    assert not list((home / "snapshots").iterdir())


def test_a_null_loses_no_row_in_silence(tmp_path: Path, home: Path) -> None:
    build = make_parted_build(tmp_path / "build")
    with duckdb.connect(str(build.database)) as connection:
        connection.execute("update star.fct_series set source_id = null where size_bytes = 1000")
    with pytest.raises(BuildFailed, match=r"its column source_id holds None"):
        publish(build, [PASSED], home, {})


def test_a_column_with_many_values_is_refused(tmp_path: Path, home: Path) -> None:
    build = make_parted_build(tmp_path / "build", {f"s{number}": 1 for number in range(MOST_PARTS + 1)})
    with pytest.raises(BuildFailed, match=f"has more than {MOST_PARTS} values"):
        publish(build, [PASSED], home, {})


@pytest.mark.parametrize(("order_by", "says"), [(["series_key", "source_id"], "series_key"), (None, "nothing")])
def test_parts_by_another_column_than_the_first_of_the_order_are_refused(
    tmp_path: Path, home: Path, order_by: list[str] | None, says: str
) -> None:
    columns = {"source_id": "The source.", "series_key": "The key."}
    described = model(
        "fct_series", columns, primary_key=["series_key"], grain="one", order_by=order_by, parts_by="source_id"
    )
    build = redescribe(make_parted_build(tmp_path / "build"), described)
    with pytest.raises(BuildFailed, match=f"says parts_by source_id, and its order_by begins with {says}"):
        publish(build, [PASSED], home, {})


def test_the_profile_is_one_file(tmp_path: Path, home: Path) -> None:
    build = make_parted_build(tmp_path / "build")
    with duckdb.connect(str(build.database)) as connection:
        connection.execute(f"create table star.{PROFILE_TABLE} as select 'idc' as source_id")
    columns = {"source_id": "The source."}
    redescribe(
        build,
        model(
            PROFILE_TABLE,
            columns,
            primary_key=["source_id"],
            grain="one",
            order_by=["source_id"],
            parts_by="source_id",
        ),
    )
    with pytest.raises(BuildFailed, match=f"{PROFILE_TABLE} cannot be published in parts"):
        publish(build, [PASSED], home, {})


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../fct_series/bih.parquet"},
        {"path": "fct_series/../../bih.parquet"},
        {"path": "dim_collection.parquet"},
        {"path": "fct_series/BIH.parquet"},
        {"path": PARTS[1]},
        {"sha256": "0" * 64},
        {"rows": 41},
        {"bytes": 7},
    ],
    ids=lambda change: str(next(iter(change.items()))),
)
def test_a_manifest_whose_parts_are_not_the_table_is_none(mine: Snapshot, change: dict[str, Any]) -> None:
    path = mine.folder / "manifest.json"
    stated = json.loads(path.read_text())
    (table,) = (table for table in stated["tables"] if table["name"] == "fct_series")
    table["parts"][0] |= change
    path.chmod(0o644)
    path.write_text(json.dumps(stated))
    (found,) = catalog.unreadable(mine.folder.parents[1])
    assert "its manifest.json is not whole" in found.reason


@given(st.text(max_size=12), st.text(max_size=12))
def test_two_values_have_two_names_on_every_file_system(one: str, other: str) -> None:
    names = part_name(one), part_name(other)
    if None not in names and one != other:
        assert str(names[0]).casefold() != str(names[1]).casefold()
