"""What another engine is handed over: each landed file as its contract says, by itself or through DuckDB."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.planted_sources import built_once
from warehouse.build import Build
from warehouse.build.engines.inputs import LIST, Input, Inputs, hand_over, read_list, write_list
from warehouse.build.engines.session import engine_type, memory_of
from warehouse.build.engines.tables import take_table
from warehouse.build.statements import ModelResult
from warehouse.contracts import load_contract
from warehouse.engine_packages import engine_versions
from warehouse.errors import UsageError
from warehouse.landing import Landing
from warehouse.reading import found_columns, is_cast, reading_of
from warehouse.sql_text import literal, quoted

# DuckDB's names of the words that inputs have for types.
_DUCKDB = {"string": "varchar", "string[]": "varchar[]"}


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Build, Path, Inputs]:
    build = built_once(tmp_path_factory)
    folder = tmp_path_factory.mktemp("inputs")
    landing = Landing(build.folder.parents[1])
    return build, folder, hand_over(build.database, landing, build.releases, build.input_digest, folder, copy=False)


def as_read(table: Input, folder: Path) -> str:
    """SQL that reads an input as an engine does: casts of the columns of its file."""
    columns = ", ".join(
        f"cast({'null' if column.found is None else quoted(column.found)} as {_DUCKDB.get(column.type, column.type)}) "
        f"as {quoted(column.name)}"
        for column in table.columns
    )
    return f"select {columns} from read_parquet({literal(str(folder / table.path))})"


def test_every_input_says_what_the_models_read(handed: tuple[Build, Path, Inputs]) -> None:
    build, folder, inputs = handed
    read_themselves = 0
    with duckdb.connect(str(build.database), read_only=True) as connection:
        for table in inputs.tables:
            view = f"select * from {table.schema}.{quoted(table.name)}"
            texts = [
                f"cast({quoted(c.name)} as varchar) as {quoted(c.name)}" for c in table.columns if c.type == "string"
            ]
            view = f"select * replace ({', '.join(texts)}) from ({view})" if texts else view
            read = as_read(table, folder)
            for left, right in ((view, read), (read, view)):
                assert connection.execute(f"({left}) except all ({right})").fetchall() == [], table.name
            read_themselves += Path(table.path).is_absolute()
    names = {(table.schema, table.name) for table in inputs.tables}
    assert {("landed_idc", "idc_index"), ("landed", "loads"), ("seeds", "seed_source")} <= names
    # The hub's series and studies among them: large files need no second copy.
    assert read_themselves >= 3
    assert inputs.synthetic


def test_inputs_that_are_copied_can_be_moved(handed: tuple[Build, Path, Inputs], tmp_path: Path) -> None:
    build, _, _ = handed
    landing = Landing(build.folder.parents[1])
    hand_over(build.database, landing, build.releases, build.input_digest, tmp_path / "here", copy=True)
    (tmp_path / "here").rename(tmp_path / "there")
    moved = read_list((tmp_path / "there" / LIST).read_bytes(), str(tmp_path / "there"))
    assert all(
        Path(table.path).is_relative_to(tmp_path / "there") and Path(table.path).is_file() for table in moved.tables
    )


def test_the_list_of_a_store_has_its_addresses(handed: tuple[Build, Path, Inputs], tmp_path: Path) -> None:
    _, _, inputs = handed
    write_list(inputs, tmp_path)
    listed = read_list((tmp_path / LIST).read_bytes(), "s3://bucket/inputs/")
    relative = {(table.schema, table.name) for table in inputs.tables if not Path(table.path).is_absolute()}
    assert relative
    for table in listed.tables:
        assert (table.path == f"s3://bucket/inputs/{table.schema}/{table.name}.parquet") == (
            (table.schema, table.name) in relative
        )


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"{", "no list of inputs"), (b"[]", "no list of inputs"), (b'{"format": 2}', "format 2"), (b"\xff", "no list")],
)
def test_what_is_no_list_is_told(content: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_list(content, "folder")


ARRIVED = {
    "varchar": pa.array(["5", None, "x"]),
    "bigint": pa.array([5, None, 2**53 + 1]),
    "integer": pa.array([5, None, -1], pa.int32()),
    "unsigned": pa.array([5, None, 2**63], pa.uint64()),
    "double": pa.array([5.0, None, 0.5]),
    "boolean": pa.array([True, None, False]),
    "texts": pa.array([["5"], None, []]),
    "numbers": pa.array([[5], None, [None]]),
    "records": pa.array([[{"a": 1}], None, []]),
}


@pytest.mark.parametrize("arrived", ARRIVED)
def test_a_column_that_a_cast_reads_is_read_by_duckdb_in_the_same_way(arrived: str, tmp_path: Path) -> None:
    """Whatever type arrives, for every column of every contract: never a cast where DuckDB reads less or more."""
    path = tmp_path / "arrived.parquet"
    pq.write_table(pa.table({"x": ARRIVED[arrived]}), path)
    casts = 0
    with duckdb.connect() as connection:
        (found,) = found_columns(connection, path)
        kinds = {
            c.type: c
            for name in ("idc", "midrc", "bih")
            for d in load_contract(name).datasets.values()
            for c in d.columns
        }
        for kind, column in kinds.items():
            if not is_cast(column, found):
                continue
            casts += 1
            word = {"string": "varchar", "integer": "bigint", "float": "double"}.get(kind.removesuffix("[]"), "boolean")
            sql_type = word + "[]" * kind.endswith("[]")
            read, cast = reading_of(column, found).value, f"cast(x as {sql_type})"
            source = f"read_parquet({literal(str(path))})"
            assert connection.execute(
                f"select count(*) from {source} where {read} is distinct from {cast}"
            ).fetchall() == [(0,)]
    assert casts == {"unsigned": 0, "records": 0, "bigint": 2, "integer": 2, "numbers": 2}.get(arrived, 1)


@given(
    number=st.integers(1, 4000),
    unit=st.sampled_from(["KB", "MB", "GB", "KiB", "MiB", "GiB"]),
)
def test_a_limit_of_memory_is_one_of_spark(number: int, unit: str) -> None:
    size = {"K": 1, "M": 2, "G": 3}[unit[0]]
    given_bytes = number * (1024 if "i" in unit else 1000) ** size
    mebibytes = int(memory_of(f"{number}{unit}").removesuffix("m"))
    assert 0 <= given_bytes - mebibytes * 2**20 < 2**20


def test_types_have_the_names_of_spark() -> None:
    assert [engine_type(word) for word in ("string", "integer", "bigint[]", "decimal(12, 3)", "timestamp")] == [
        "string", "int", "array<bigint>", "decimal(12, 3)", "timestamp",
    ]  # fmt: skip


def test_an_engine_that_is_not_here_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.metadata

    def lacking(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", lacking)
    with pytest.raises(UsageError, match=r"needs the package .*imaging-commons-warehouse\[spark\]"):
        engine_versions("spark")


def test_a_table_of_which_rows_are_lost_is_not_taken(tmp_path: Path) -> None:
    """Half of an engine's files, or none of them, is no table; a file that is no Parquet is DuckDB's error."""
    folder = tmp_path / "made"
    folder.mkdir()
    pq.write_table(pa.table({"a": [1, 2]}), folder / "part.parquet")
    with duckdb.connect() as shapes, duckdb.connect() as connection:
        for opened in (shapes, connection):
            opened.execute("create schema star")
        shapes.execute("create table star.made (a bigint)")
        told = ModelResult("model.imaging_commons.made", "success", 0.0, 1.0, "", 2)
        assert take_table(connection, shapes, "star", told, folder) == told
        assert connection.execute("select a from star.made order by a").fetchall() == [(1,), (2,)]
        for rows, place in ((3, folder), (1, folder), (2, tmp_path / "nowhere")):
            lost = take_table(connection, shapes, "star", replace(told, rows=rows), place)
            assert (lost.status, lost.rows) == ("error", 0)
            assert f"made {rows} rows" in lost.message
        (folder / "broken.parquet").write_bytes(b"no Parquet")
        with pytest.raises(duckdb.Error):
            take_table(connection, shapes, "star", told, folder)
