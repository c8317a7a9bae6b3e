"""Each metric three ways: its own SQL, the mart that stores it, and SQL over the facts that knows nothing of either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from tests.support.published_releases import OLDER, published_releases, snapshot_of
from warehouse.metrics.compiler import Question, compiled
from warehouse.metrics.joins import Star
from warehouse.metrics.model import semantic_model
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.described import described_tables

_LICENSED = "join dim_license using (license_key) where commercial_use_allowed"
_IN_RELEASE = "where idc_version between counted_from_version and last_idc_version"
_IMAGES = "semi join (from dim_modality where modality_kind = 'image') as images using (modality_key)"


def of_source(table: str, value: str) -> str:
    return f"select source_id, {value} from {table} group by 1"


def in_holdings(column: str) -> str:
    return f"select source_id, {column} from mart_holdings where grain = 'source'"


# What each metric is by SQL of its own over the facts: its `per`, then the number; and the mart that stores it.
FACTS = {
    "series": of_source("fct_series", "count(*)"),
    "image_series": of_source(f"fct_series {_IMAGES}", "count(*)"),
    "imaged_studies": of_source("(select distinct source_id, study_key from fct_series)", "count(study_key)"),
    "imaged_patients": of_source("(select distinct source_id, patient_key from fct_series)", "count(patient_key)"),
    "imaged_patient_ids": of_source("(select distinct source_id, patient_id from fct_series)", "count(patient_id)"),
    "imaged_collections": of_source(
        "(select distinct source_id, collection_key from fct_series)", "count(collection_key)"
    ),
    "instances": of_source("fct_series", "sum(instance_count)"),
    "series_bytes": of_source("fct_series", "sum(size_bytes)"),
    "commercial_series": f"select source_id, count(*) from fct_series {_LICENSED} group by 1",
    "commercial_bytes": f"select source_id, sum(size_bytes) from fct_series {_LICENSED} group by 1",
    "commercial_series_share": "select source_id, 100.0 * count(*) filter (where license_key in (select license_key"
    " from dim_license where commercial_use_allowed)) / count(*) from fct_series group by 1",
    "commercial_bytes_share": "select source_id, 100.0 * sum(size_bytes) filter (where license_key in (select"
    " license_key from dim_license where commercial_use_allowed)) / sum(size_bytes) from fct_series group by 1",
    "segmentations": "select source_id, count(*) from fct_series join fct_segmentation using (series_key, source_id)"
    " group by 1",
    "segmented_series": f"select source_id, count(*) from fct_series {_IMAGES} where series_key in"
    " (select segmented_series_key from fct_segmentation) group by 1",
    "segmented_series_share": "select source_id, 100.0 * count(*) filter (where series_key in (select"
    f" segmented_series_key from fct_segmentation)) / count(*) from fct_series {_IMAGES}"
    " where source_id in (select source_id from fct_segmentation) group by 1",
    "studies": of_source("dim_study", "count(distinct study_key)"),
    "patients": of_source("dim_patient", "count(distinct patient_key)"),
    "patient_ids": of_source("(select distinct source_id, patient_id from dim_patient)", "count(patient_id)"),
    "people": "select source_id, count(*) from dim_patient where is_human group by 1",
    "collections": "select source_id, count(*) from dim_collection where is_in_release group by 1",
    "files": of_source("fct_file", "count(distinct file_key)"),
    "file_bytes": of_source("fct_file", "sum(size_bytes)"),
    "measurements": of_source("fct_measurement", "count(distinct measurement_key)"),
    "annotations": of_source("fct_annotation", "count(distinct annotation_key)"),
    "reports": of_source("fct_radiology_report", "count(distinct report_key)"),
    "conditions": of_source("fct_condition", "count(distinct condition_key)"),
    "medications": of_source("fct_medication", "count(distinct medication_key)"),
    "procedures": of_source("fct_procedure", "count(distinct procedure_key)"),
    "gap_size": "select comparison_id, sum(case side when 'left' then cause_count else -cause_count end)"
    " from rec_gap_cause group by 1",
    "unexplained_gap": "select comparison_id, sum(cause_count) filter (where not is_explained) from rec_gap_cause"
    " group by 1",
    "mapped_texts": "select source_id, vocabulary, sum(record_count) from rpt_mapping group by all",
    "unmapped_texts": "select source_id, vocabulary, sum(record_count) from rpt_unmapped_value group by all",
    "unmapped_share": "select source_id, vocabulary, 100.0 * sum(unmapped_record_count) / sum(record_count)"
    " from rpt_mapping group by all",
    "release_series": "select idc_version, count(distinct series_instance_uid || collection_id) from"
    f" fct_series_version, dim_idc_version {_IN_RELEASE} group by 1",
    "release_studies": "select idc_version, count(distinct study_instance_uid || collection_id) from"
    f" fct_series_version, dim_idc_version {_IN_RELEASE} group by 1",
    "release_bytes": "select idc_version, sum(size_bytes) from rpt_growth group by 1",
    "days_behind": "select source_id, (max(as_of) over ())::date - as_of::date from (select source_id, max(as_of) as"
    " as_of from rpt_count_history where is_release_of_snapshot group by 1)",
    "missing_cells": "select layer, source_id, dataset, sum(number)::bigint from fct_profile where metric = 'null' and"
    " scope_column is null group by all",
    "cells": "select figure.layer, figure.source_id, figure.dataset, (count(*) * max(whole.number))::bigint from"
    " fct_profile as figure join fct_profile as whole on whole.metric = 'rows' and whole.layer = figure.layer and"
    " whole.dataset = figure.dataset and whole.source_id is not distinct from figure.source_id"
    " where figure.metric = 'null' and figure.scope_column is null group by all",
    "missing_share": "select layer, source_id, dataset, avg(share_of_rows) * 100 from fct_profile where metric = 'null'"
    " and scope_column is null group by all",
}
MARTS = {
    "series": in_holdings("series_count"),
    "imaged_studies": in_holdings("study_count"),
    "imaged_patients": in_holdings("patient_count"),
    "imaged_patient_ids": in_holdings("patient_id_count"),
    "instances": in_holdings("instance_count"),
    "series_bytes": in_holdings("size_bytes"),
    "commercial_series": in_holdings("commercial_series_count"),
    "commercial_bytes": in_holdings("commercial_size_bytes"),
    "patients": of_source("mart_patients", "sum(patient_count)"),
    "people": "select source_id, sum(patient_count) from mart_patients where is_human group by 1",
    "files": of_source("mart_files", "sum(file_count)"),
    "file_bytes": of_source("mart_files", "sum(size_bytes)"),
    "gap_size": "select comparison_id, gap from mart_gaps where grain = 'comparison'",
    "unexplained_gap": "select comparison_id, unexplained_count from mart_gaps where grain = 'comparison'",
    "release_series": "select idc_version, series_count from mart_growth",
    "release_studies": "select idc_version, study_count from mart_growth",
    "release_bytes": "select idc_version, size_bytes from mart_growth",
    "days_behind": "select source_id, days_behind from mart_freshness",
    "missing_cells": "select layer, source_id, dataset, missing_cell_count from mart_quality",
    "cells": "select layer, source_id, dataset, cell_count from mart_quality",
}

# The grains of mart_holdings, and the dimensions of a metric that they are.
GRAINS = {
    "repository": (("repository", "repository_id"),),
    "collection": (("collection", "collection_id"),),
    "modality": (("modality", "modality"),),
    "body part": (("body_part", "body_part_id"),),
    "licence": (("license", "license_id"),),
    "collection, modality": (("collection", "collection_id"), ("modality", "modality")),
    "collection, licence": (("collection", "collection_id"), ("license", "license_id")),
    "modality, body part": (("modality", "modality"), ("body_part", "body_part_id")),
    "modality, licence": (("modality", "modality"), ("license", "license_id")),
}


@pytest.fixture(scope="module")
def connection(published: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    with query.connect(published) as opened:
        yield opened


def told(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[tuple[Any, ...], Decimal]:
    """The groups that have a number other than zero, which only some ways of asking name at all."""
    found = {tuple(row[:-1]): row[-1] for row in connection.execute(sql).fetchall()}
    return {key: Decimal(value) for key, value in found.items() if value}


def require_same(found: Mapping[tuple[Any, ...], Decimal], expected: Mapping[tuple[Any, ...], Decimal]) -> None:
    """The same groups with the same numbers; shares are rounded to three digits."""
    assert found.keys() == expected.keys()
    assert all(abs(found[key] - expected[key]) <= Decimal("0.001") for key in found)


def metric_sql(star: Star, name: str, *by: str) -> str:
    """The query of a metric without the parts of a ratio: its groups, then the number."""
    model = semantic_model()
    question = Question(model.metric(name), by)
    columns = ", ".join(f'"{column}"' for column in (*question.groups, name))
    return f"select {columns} from ({compiled(question, star, model)})"


def test_every_metric_is_computed_over_the_facts() -> None:
    assert {*FACTS} == {metric.name for metric in semantic_model().metrics}


@pytest.mark.parametrize("name", FACTS)
def test_a_metric_is_what_the_facts_say(connection: duckdb.DuckDBPyConnection, star: Star, name: str) -> None:
    expected = told(connection, FACTS[name])
    assert expected
    require_same(told(connection, metric_sql(star, name)), expected)


@pytest.mark.parametrize("name", MARTS)
def test_a_metric_is_what_its_mart_stores(connection: duckdb.DuckDBPyConnection, star: Star, name: str) -> None:
    require_same(told(connection, MARTS[name]), told(connection, metric_sql(star, name)))


@pytest.mark.parametrize("grain", GRAINS)
@pytest.mark.parametrize("name", ["series", "imaged_studies", "imaged_patients", "imaged_patient_ids", "series_bytes"])
def test_each_grain_of_the_holdings_is_the_metric_by_its_dimensions(
    connection: duckdb.DuckDBPyConnection, star: Star, name: str, grain: str
) -> None:
    column = MARTS[name].split()[2]
    columns = ", ".join(stored for _, stored in GRAINS[grain])
    stored = told(
        connection,
        # Two collections of the hub may have one id, or none: one group to the metric, and rows of their own here.
        f"select source_id, {columns}, {column} from mart_holdings where grain = '{grain}'"
        f" qualify count(*) over (partition by source_id, {columns}) = 1",
    )
    asked = told(connection, metric_sql(star, name, *(dimension for dimension, _ in GRAINS[grain])))
    assert stored
    assert stored.items() <= asked.items()


def test_the_marts_add_up_over_what_they_say(connection: duckdb.DuckDBPyConnection) -> None:
    whole = told(connection, in_holdings("series_count"))
    for grain in GRAINS:
        assert (
            told(
                connection, f"select source_id, sum(series_count) from mart_holdings where grain = '{grain}' group by 1"
            )
            == whole
        )
    assert told(
        connection,
        "select comparison_id, sum(unexplained_count) from mart_gaps where grain = 'collection' group by 1",
    ) == told(
        connection,
        "select comparison_id, count(*) from rec_gap_row join rec_gap_cause using (comparison_id, side, cause)"
        " where not is_explained group by 1",
    )


@pytest.mark.full
@pytest.mark.network
def test_the_published_figures_of_idc_come_out_of_metrics_and_marts(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Those that the comparison of February 2026 states of release 23.5.0 (tests/star/idc_v23_checks.csv)."""
    snapshot = snapshot_of(published_releases(tmp_path_factory), OLDER)
    star = Star(described_tables(snapshot.manifest), semantic_model())
    figures = {"patient_ids": 79_569, "studies": 160_199, "series": 994_073, "instances": 46_885_909}
    figures |= {"imaged_patient_ids": 79_569, "imaged_studies": 160_199}
    with query.connect(snapshot) as connection:
        for name, figure in figures.items():
            assert told(connection, metric_sql(star, name))[("idc",)] == figure, name
            if name in MARTS:
                assert told(connection, MARTS[name])[("idc",)] == figure, name
