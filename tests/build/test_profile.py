"""The profile of a build: the figures of its loads and tables, as a table of the star."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.support import small_release
from tests.support.small_release import land
from warehouse.build import Build, prepare, run_models
from warehouse.build.statements import read_results
from warehouse.dbt_manifest import read_star_description
from warehouse.profiles.store import profile_path
from warehouse.settings import Settings


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    return small_release.built_once(tmp_path_factory)


@pytest.fixture(scope="module")
def star(build: Build) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(build.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def test_every_load_and_every_table_but_itself_has_its_rows(build: Build, star: duckdb.DuckDBPyConnection) -> None:
    found = star.execute(
        "select layer, source_id, release_version, dataset, number from fct_profile where metric = 'rows'"
    ).fetchall()
    landed = {
        ("landed", "idc", "25.0.5", load.dataset, float(load.rows))
        for load in build.releases[0].loads
        if load.status == "landed"
    }
    # The table that is made of the profile comes after it.
    names = {table.name for table in read_star_description(build.manifest).tables} - {"fct_profile", "mart_quality"}
    tables = {("star", None, None, name, float(count(star, name))) for name in names}
    assert set(found) == landed | tables
    assert len(found) == len(landed | tables)


def test_null_rates_are_shares_of_rows(star: duckdb.DuckDBPyConnection) -> None:
    found = star.execute(
        "select scope_value, number, share_of_rows from fct_profile"
        " where dataset = 'idc_index' and column_name = 'BodyPartExamined' and metric = 'null' order by all"
    ).fetchall()
    assert found == [("CT", 0.0, 0.0), ("MR", 600.0, 1.0), ("SR", 600.0, 1.0), (None, 1200.0, 0.5)]


def test_figures_of_the_star_are_those_of_its_tables(star: duckdb.DuckDBPyConnection) -> None:
    found = star.execute(
        "select scope_value, number, share_of_rows from fct_profile where dataset = 'fct_series'"
        " and metric = 'group rows' and scope_column = 'collection_id' order by all"
    ).fetchall()
    expected = star.execute(
        "select collection_id, count(*)::double, count(*) / (select count(*) from fct_series) from fct_series"
        " group by all order by all"
    ).fetchall()
    assert found == expected
    sizes = star.execute(
        "select number from fct_profile where dataset = 'fct_series' and metric = 'sum' and column_name = 'size_bytes'"
    ).fetchall()
    assert sizes == star.execute("select sum(size_bytes)::double from fct_series").fetchall()


def test_what_has_no_figure_of_its_own_is_told_as_other(star: duckdb.DuckDBPyConnection) -> None:
    found = star.execute(
        "select value, number, share_of_rows from fct_profile where layer = 'landed' and dataset = 'idc_index'"
        " and column_name = 'SeriesInstanceUID' and metric = 'value' and is_other"
    ).fetchall()
    assert found == [(None, 2400.0, 1.0)]
    ((odd,),) = star.execute(r"select count(*) from fct_profile where contains(value, chr(31))").fetchall()
    assert odd == 0


def test_the_key_is_that_of_the_figure_whatever_the_release(tmp_path: Path, star: duckdb.DuckDBPyConnection) -> None:
    """A union over snapshots joins a figure with itself."""
    smaller = {**small_release.FILES, "idc_index": f"{small_release.IDC_INDEX} where i < 2000"}
    landing, release = land(tmp_path, smaller, "25.0.4")
    settings = Settings(home=tmp_path)
    built = prepare(tmp_path, landing, [release], settings)
    run_models(built, settings)
    assert profile_path(tmp_path, release).is_file()
    assert [result.name for result in read_results(built.results)][-2:] == ["fct_profile", "mart_quality"]
    query = (
        "select profile_key, number from fct_profile where layer = 'landed' and dataset = 'idc_index'"
        " and (metric = 'rows' or (metric = 'null' and column_name = 'BodyPartExamined' and scope_column is null))"
        " order by metric"
    )
    with duckdb.connect(str(built.database), read_only=True) as connection:
        connection.execute("use star")
        other = connection.execute(query).fetchall()
        ((rows, keys),) = connection.execute("select count(*), count(distinct profile_key) from fct_profile").fetchall()
    mine = star.execute(query).fetchall()
    assert [key for key, _ in mine] == [key for key, _ in other]
    assert [number for _, number in mine] == [1200.0, 2400.0]
    assert [number for _, number in other] == [800.0, 2000.0]
    assert rows == keys


def count(star: duckdb.DuckDBPyConnection, table: str) -> int:
    ((rows,),) = star.execute(f"select count(*) from {table}").fetchall()
    return rows
