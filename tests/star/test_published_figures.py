"""The figures of the comparison report out of the star: real IDC 23.5.0, portal and hub of the sandbox at scale 1.0."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.support.population import land_population
from tests.support.published_figures import PUBLISHED
from tests.support.shared import population_of
from warehouse.build import DBT_PROJECT, statements
from warehouse.build.layout import lay_out
from warehouse.build.project import Project, project_with_empty_build, tables_read
from warehouse.build.statements import Target
from warehouse.landing import Landing
from warehouse.settings import Settings
from warehouse.sources import idc

SEED_FILE = DBT_PROJECT / "seeds/published_figures.csv"
MAP_FILE = DBT_PROJECT / "seeds/map_published_figure.csv"

# Where the report contradicts the release that it counts: figure, and what release 23.5.0 has.
CONTRADICTED = {
    "idc_derived_other_instances": Decimal("2032"),
    "idc_derived_total_size_gb": Decimal("21458.110950"),
    "idc_license_nlm_terms_size_gb": Decimal("312.479620"),
    "idc_modality_other_instances": Decimal("31354"),
    "idc_modality_other_series": Decimal("9269"),
}

_WITHOUT = "The landed release comes without {}"
_REPORTS = "The content of structured reports is in no index artifact: BigQuery has it (quantitative_measurements)"

NOT_COMPUTED = {
    "idc_algorithm_bamf_brain_mr_source_series": _WITHOUT.format("seg_index"),
    "idc_algorithm_bamf_lung_ct_v2_seg_series": _WITHOUT.format("seg_index"),
    "idc_algorithm_bamf_lung_ct_v2_source_series": _WITHOUT.format("seg_index"),
    "idc_algorithm_bamf_prostate_mr_source_series": _WITHOUT.format("seg_index"),
    "idc_algorithm_nnu_net_3d_fullres_tta_source_series": _WITHOUT.format("seg_index"),
    "idc_algorithm_pan_cancer_nuclei_seg_source_series": _WITHOUT.format("seg_index"),
    "idc_algorithm_totalsegmentator_v1_5_6_source_series": _WITHOUT.format("seg_index"),
    "idc_ann_polygon_annotations": _WITHOUT.format("ann_group_index"),
    "idc_ann_rectangle_annotations": _WITHOUT.format("ann_group_index"),
    "idc_ann_rectangle_groups": _WITHOUT.format("ann_group_index"),
    "idc_clinical_collections_total": _WITHOUT.format("clinical_index"),
    "idc_clinical_tables_total": _WITHOUT.format("clinical_index"),
    "idc_index_columns_total": (
        "A statement about the columns that a software package offers, not about data;"
        " idc_index of release 23.5.0 has 23"
    ),
    "idc_radiomics_features_per_structure": _REPORTS,
    "idc_radiomics_source_ct_images": _REPORTS,
    "idc_radiomics_structures_total": _REPORTS,
    "idc_segmented_collection_acrin_6698_source_series": _WITHOUT.format("seg_index"),
    "idc_segmented_collection_ispy1_source_series": _WITHOUT.format("seg_index"),
    "idc_segmented_collection_ispy2_source_series": _WITHOUT.format("seg_index"),
    "idc_segmented_collection_nlst_seg_series": _WITHOUT.format("seg_index"),
    "idc_segmented_collection_nlst_source_series": _WITHOUT.format("seg_index"),
    "idc_segmented_collection_tcga_brca_source_series": _WITHOUT.format("seg_index"),
    "idc_segmented_collection_upenn_gbm_source_series": _WITHOUT.format("seg_index"),
    "idc_segmented_source_series_total": _WITHOUT.format("seg_index"),
    "idc_single_segment_seg_series": _WITHOUT.format("seg_index"),
    "idc_specialized_indices_total": "A statement about the tables that a software package offers, not about data",
    "idc_totalsegmentator_segments_example": "An example over five rows that the report does not name",
    "idc_totalsegmentator_segments_per_seg_high": (
        "A range that holds for most series, without the share that it leaves out"
    ),
    "idc_totalsegmentator_segments_per_seg_low": (
        "A range that holds for most series, without the share that it leaves out"
    ),
    "idc_totalsegmentator_structures": (
        "The segments of a segmentation are in no index artifact: BigQuery has them (segmentations)"
    ),
}


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_seed_has_every_figure_once() -> None:
    figures = [row["figure_id"] for row in rows_of(SEED_FILE)]
    assert len(figures) == len(set(figures)) == 349
    assert [row["figure_id"] for row in rows_of(MAP_FILE)] == figures


def test_the_seed_and_the_figures_of_the_sandbox_are_the_same_facts() -> None:
    seeded = {row["figure_id"]: row for row in rows_of(SEED_FILE)}
    for figure in rows_of(PUBLISHED):
        row = seeded[figure["figure_id"]]
        assert Decimal(row["published_value"]) == Decimal(figure["value"])
        assert (row["key"], row["metric"], row["published_precision"]) == tuple(
            figure[name] for name in ("key", "metric", "precision")
        )


def test_only_the_comparison_reads_what_was_published(project: Project) -> None:
    manifest = json.loads(project.manifest.read_text(encoding="utf-8"))
    seed = "seed.imaging_commons.published_figures"
    models = [child for child in manifest["child_map"][seed] if child.startswith("model.")]
    assert models == ["model.imaging_commons.rpt_published_figures"]
    assert manifest["child_map"][models[0]] == [
        child for child in manifest["child_map"][models[0]] if child.startswith("test.")
    ]


def read_by(table: str, project: Project) -> set[str]:
    """Return this table and all that it reads, directly or through others."""
    reads = {name: {of for _, of in tables} for (_, name), tables in tables_read(project).items()}
    found, left = set[str](), {table}
    while left:
        found |= left
        left = {name for of in left for name in reads[of] if name in reads} - found
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Iterator[duckdb.DuckDBPyConnection]:
    """What the figures are made of, over the real release and the whole population."""
    home = tmp_path_factory.mktemp("whole")
    settings = Settings(home=home, idc_channels=("wheel",), memory_limit="3GB")
    landing = Landing(home)
    release = idc.land(idc.resolve("23.5.0", settings), landing, settings)
    population = land_population(population_of(tmp_path_factory, 1.0), landing)
    # As a build does it, but for the profiles of what is landed and made, which the figures do not need. The statements
    # name the database, which DuckDB calls as its file.
    database = Path(shutil.copy(project_with_empty_build(settings).empty_build, home / "build.duckdb"))
    needed = read_by("rpt_published_figures", project)
    with duckdb.connect(str(database)) as connection:
        lay_out(connection, landing, {landed.source: landed for landed in (release, *population)})
        for schema, name in tables_read(project):
            if name in needed:
                connection.execute(f"drop table {schema}.{name}")
    wanted = [statement for statement in project.statements if statement.name in needed]
    assert {statement.name for statement in wanted} == needed
    results = statements.run(wanted, Target.of(database, settings))
    assert [(result.name, result.message) for result in results if result.status == "error"] == []
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("use star")
        yield connection


@pytest.mark.full
@pytest.mark.network
def test_every_figure_that_can_be_computed_agrees(whole: duckdb.DuckDBPyConnection) -> None:
    found = whole.execute(
        "select figure_id, status, value_today, not_computed_reason, published_value from rpt_published_figures"
    ).fetchall()
    statuses = {name: status for name, status, *_ in found}
    differing = {name: value for name, status, value, *_ in found if status == "differs"}
    missing = {name: reason for name, status, _, reason, _ in found if status == "not computed"}
    assert differing == CONTRADICTED
    assert missing == NOT_COMPUTED
    assert sum(status == "agrees" for status in statuses.values()) == 349 - len(CONTRADICTED) - len(NOT_COMPUTED)
    assert sum(value == published for _, _, value, _, published in found) > 200


@pytest.mark.full
@pytest.mark.network
def test_the_proxies_are_named(whole: duckdb.DuckDBPyConnection) -> None:
    query = "select figure_id from rpt_published_figures where is_proxy"
    accepting = {row["figure_id"] for row in rows_of(MAP_FILE) if row["accepts_proxy"] == "true"}
    assert {name for (name,) in whole.execute(query).fetchall()} == accepting
    assert len(accepting) == 13
