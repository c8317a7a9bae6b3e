"""The reports over a small IDC release with all artifacts and no other source: counts, proxies, what is not landed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from tests.support import small_release


@pytest.fixture(scope="module")
def star(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    build = small_release.built_once(tmp_path_factory)
    with duckdb.connect(str(build.database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


def rows(star: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return star.execute(query).fetchall()


@pytest.mark.parametrize("dimension", ["modality", "modality_kind", "body_part", "license", "collection"])
@pytest.mark.parametrize("metric", ["series", "instances", "size_bytes"])
def test_the_values_of_a_dimension_add_up_to_the_total(
    star: duckdb.DuckDBPyConnection, dimension: str, metric: str
) -> None:
    column = {"series": "count(*)", "instances": "sum(instance_count)", "size_bytes": "sum(size_bytes)"}[metric]
    ((total,),) = rows(star, f"select {column} from fct_series where source_id = 'idc'")
    ((found,),) = rows(
        star,
        "select sum(counted) from rpt_counts where source_id = 'idc' and entity = 'series'"
        f" and dimension = '{dimension}' and metric = '{metric}'",
    )
    assert found == total > 0


def test_what_seg_index_describes_is_counted_from_it(star: duckdb.DuckDBPyConnection) -> None:
    landed = """
        select "AlgorithmName", count(*), count(distinct "segmented_SeriesInstanceUID")
        from landed_idc.seg_index
        where "AlgorithmName" is not null
        group by all
    """
    counted = """
        select dimension_value, segmentation_series_count, segmented_series_count
        from rpt_segmentation
        where dimension = 'algorithm' and dimension_value <> 'no data'
    """
    assert sorted(rows(star, counted)) == sorted(rows(star, landed)) != []
    assert rows(star, "select * from rpt_segmentation where is_proxy") == []
    assert rows(star, "select * from rpt_published_figures where is_proxy") == []


def test_a_landed_artifact_without_such_records_counts_zero(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select value_today, status, difference + published_value
        from rpt_published_figures
        where figure_id = 'idc_algorithm_bamf_lung_ct_v2_seg_series'
    """
    assert rows(star, query) == [(0, "differs", 0)]


def test_figures_of_sources_that_are_not_landed_say_so(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select distinct system, status, agrees, not_computed_reason
        from rpt_published_figures
        where system <> 'idc'
    """
    found = rows(star, query)
    assert {(status, agrees) for _, status, agrees, _ in found} == {("not computed", None)}
    assert {(system, reason) for system, _, _, reason in found} >= {
        ("indexd", "No release of midrc is landed"),
        ("midrc_portal", "No release of midrc is landed"),
        ("bih", "No release of bih is landed"),
        ("bih", "No release of bih_midrc is landed"),
    }


def test_every_figure_has_a_value_or_a_reason(star: duckdb.DuckDBPyConnection) -> None:
    query = """
        select count(*), count(value_today), count(*) filter ((value_today is null) = (not_computed_reason is null))
        from rpt_published_figures
    """
    ((figures, computed, without),) = rows(star, query)
    assert figures == 349
    assert 150 < computed < 190
    assert without == 0


def test_reports_of_what_is_not_landed_are_there_and_empty(star: duckdb.DuckDBPyConnection) -> None:
    assert rows(star, "select * from rpt_files") == []
    assert rows(star, "select distinct source_id from rpt_demographics") == [("idc",)]
    ((repositories, subjects),) = rows(star, "select count(*), count(patient_count) from rpt_bih_by_repository")
    assert (repositories, subjects) == (7, 0)
