"""Every metric compiles to one query with every dimension that it has, and its groups add up where it says so."""

from __future__ import annotations

import re
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse.errors import UsageError
from warehouse.metrics.compiler import Question, compiled
from warehouse.metrics.joins import Star, dimensions_of
from warehouse.metrics.model import Measure, Metric, SemanticModel, semantic_model
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot

METRICS = {metric.name: metric for metric in semantic_model().metrics}


@pytest.fixture(scope="module")
def connection(published: Snapshot) -> Any:
    with query.connect(published) as opened:
        yield opened


def rows(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    found = connection.execute(sql)
    names = [name for name, *_ in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def ask(connection: duckdb.DuckDBPyConnection, star: Star, name: str, *by: str, where: str | None = None) -> Any:
    model = semantic_model()
    return rows(connection, compiled(Question(model.metric(name), by, where), star, model))


@given(data=st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_groups_add_up_to_the_whole_where_a_metric_says_so(
    connection: duckdb.DuckDBPyConnection, star: Star, model: SemanticModel, data: st.DataObject
) -> None:
    metric: Metric = data.draw(st.sampled_from(model.metrics))
    names = [dimension.name for dimension in dimensions_of(metric, star, model)]
    by = data.draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    wholes = ask(connection, star, metric.name)
    groups = ask(connection, star, metric.name, *by)
    assert [*groups[0]][: len({*metric.per, *by})] == list(dict.fromkeys((*metric.per, *by))) if groups else True
    assert len({tuple(row[name] for name in (*metric.per, *by)) for row in groups}) == len(groups)
    if isinstance(metric, Measure) and (metric.additive == "all" or {*by} <= {*metric.additive, *metric.per}):
        assert summed(groups, metric) == summed(wholes, metric)


def summed(found: list[dict[str, Any]], metric: Metric) -> dict[tuple[Any, ...], Any]:
    sums: dict[tuple[Any, ...], Any] = {}
    for row in found:
        key = tuple(row[name] for name in metric.per)
        values = [value for value in (sums.get(key), row[metric.name]) if value is not None]
        sums[key] = sum(values) if values else None
    return sums


def test_a_number_of_different_things_does_not_add_up(connection: duckdb.DuckDBPyConnection, star: Star) -> None:
    """Patients have series of several modalities: a metric that claimed to add up over them would be caught."""
    metric = METRICS["imaged_patients"]
    assert summed(ask(connection, star, metric.name, "modality"), metric) != summed(
        ask(connection, star, metric.name), metric
    )


def test_sources_stand_side_by_side(connection: duckdb.DuckDBPyConnection, star: Star) -> None:
    found = ask(connection, star, "series", "modality", where="modality = 'CT'")
    assert {row["source"] for row in found} == {"idc", "midrc", "bih"}


def test_what_nobody_tells_is_null(connection: duckdb.DuckDBPyConnection, star: Star) -> None:
    found = {row["source"]: row for row in ask(connection, star, "commercial_bytes_share")}
    assert found["bih"]["commercial_bytes_share"] is None
    assert found["idc"]["commercial_bytes_share"] > 0
    shares = {row["source"]: row["segmented_series_share"] for row in ask(connection, star, "segmented_series_share")}
    assert shares["idc"] > 0
    assert shares["midrc"] is None


def test_a_group_without_a_segmentation_is_zero(connection: duckdb.DuckDBPyConnection, star: Star) -> None:
    found = ask(connection, star, "segmented_series_share", "modality", where="source = 'idc'")
    assert {row["modality"]: row["segmented_series"] for row in found} == {"CT": 1, "MR": 0, "SR": 0}


def test_a_segmentation_has_the_dimensions_of_what_it_segments(
    connection: duckdb.DuckDBPyConnection, star: Star
) -> None:
    found = ask(connection, star, "segmentations", "modality", "body_part")
    assert [(row["modality"], row["body_part"]) for row in found] == [("CT", "LUNG")]


@pytest.mark.parametrize(
    ("name", "by", "sentence"),
    [
        ("studies", "modality", "bridge_study_modality has several for one"),
        ("measurements", "collection", "one row of fct_measurement has no single collection"),
        ("gap_size", "modality", "It can be grouped by comparison, compared_entity"),
        ("series", "modalty", "Did you mean modality"),
    ],
)
def test_a_join_that_would_count_a_row_several_times_is_refused(
    star: Star, model: SemanticModel, name: str, by: str, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        compiled(Question(model.metric(name), (by,)), star, model)


@pytest.mark.parametrize(
    "where",
    [
        "true) or (true",
        "modality = 'CT'; drop table fct_series",
        "modality = 'CT' group by 1",
        "modality = 'CT', true",
        "",
        "1 = 1",
        "modality = 'CT' -- and\n) or (true",
        "\udcff",
    ],
)
def test_a_condition_is_one_expression_over_dimensions(star: Star, model: SemanticModel, where: str) -> None:
    with pytest.raises(UsageError, match="--where"):
        compiled(Question(model.metric("series"), (), where), star, model)


@pytest.mark.parametrize(
    "where",
    [
        "modality = 'CT' -- only these",
        "MODALITY = 'CT'",
        "\"modality\" in ('CT') /* ( */",
        "modality is not null and modality < 'CU' and modality > 'CS'",
    ],
)
def test_a_condition_chooses_rows(connection: duckdb.DuckDBPyConnection, star: Star, where: str) -> None:
    expected = rows(
        connection,
        "select source_id as source, count(*) as series from fct_series where modality = 'CT' group by 1 order by 1",
    )
    assert ask(connection, star, "series", where=where) == expected


def test_a_condition_cannot_mean_the_metric_itself(connection: duckdb.DuckDBPyConnection, star: Star) -> None:
    with pytest.raises(duckdb.Error):
        ask(connection, star, "series", where="modality = 'CT' and series > 1")


def test_a_metric_that_the_snapshot_has_no_table_for_says_so(published: Snapshot, model: SemanticModel) -> None:
    empty = Star((), model)
    with pytest.raises(UsageError, match=r"no table fct_series, which the metric reads: it is older than the metric"):
        compiled(Question(model.metric("series")), empty, model)


def test_the_rows_have_a_total_order(star: Star, model: SemanticModel) -> None:
    sql = compiled(Question(model.metric("series"), ("modality",)), star, model)
    assert re.search(r'order by\n    "source" nulls last,\n    "modality" nulls last$', sql)
