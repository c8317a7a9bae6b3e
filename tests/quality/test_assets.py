"""Verdicts are placed on the assets that they judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.quality.conftest import Plant
from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.build import Build
from warehouse.contracts import load_contract
from warehouse.dbt_manifest import read_star_description
from warehouse.landing import Landing, Release
from warehouse.quality.assets import by_asset
from warehouse.quality.audit import audit_landed, audit_star
from warehouse.quality.suite import Declared
from warehouse.quality.suites import STAR
from warehouse.quality.verdicts import Asset, Verdict
from warehouse.registry import SOURCE_NAMES

CONTRACTS = tuple(map(load_contract, SOURCE_NAMES))


@pytest.fixture(scope="module")
def declared(sound_build: Build) -> Declared:
    return Declared(CONTRACTS, read_star_description(sound_build.manifest))


def failed(verdicts: list[Verdict]) -> dict[Asset, set[str]]:
    """Return the suites that fail on each asset."""
    placed = {
        asset: {verdict.suite for verdict in of_it if not verdict.passed} for asset, of_it in by_asset(verdicts).items()
    }
    return {asset: suites for asset, suites in placed.items() if suites}


def test_a_fault_of_the_star_shows_on_its_table_alone(plant: Plant) -> None:
    build = plant(
        "update star.bridge_study_patient set patient_key = 42 where rowid < 3;"
        "update star.dim_source set source_kind = 'planet' where source_id = 'bih_tcia'"
    )
    verdicts = audit_star(build)
    assert failed(verdicts) == {
        ("star", "bridge_study_patient"): {"star references"},
        ("star", "dim_source"): {"star columns"},
    }
    (verdict,) = (verdict for verdict in by_asset(verdicts)["star", "bridge_study_patient"] if not verdict.passed)
    assert verdict.severity == "error"
    expected = "bridge_study_patient.patient_key -> star.dim_patient.patient_key: 3 orphans, such as '42' x 3"
    assert verdict.observed == expected


def test_what_a_staging_model_declares_shows_on_the_landed_dataset(plant: Plant) -> None:
    build = plant(
        "create table landed.more as from landed_idc.ann_index;"
        """insert into landed.more ("SeriesInstanceUID") values ('1.2.3'), ('1.2.3');"""
        "create or replace view landed_idc.ann_index as from landed.more"
    )
    assert "star columns" in failed(audit_star(build))["idc", "ann_index"]


def test_a_table_that_nobody_declares_shows_on_the_default(plant: Plant) -> None:
    verdicts = audit_star(plant("create table star.rpt_stray as select 1 as answer"))
    assert failed(verdicts) == {("star", "fct_series"): {"star keys"}}


def _of_portal(landing: Landing, release: Release) -> Release:
    """Return a release of the portal that has a type which its contract does not know, and nothing else."""
    (load,) = (load for load in release.loads if load.dataset == "idc_index")
    loads = (load.model_copy(update={"source": "midrc", "dataset": "novelty"}),)
    return release.model_copy(update={"source": "midrc", "loads": loads})


@pytest.mark.parametrize(
    ("alter", "asset"),
    [(_of_portal, ("midrc", "case")), (lambda landing, release: release, ("idc", "seg_index"))],
    ids=["of no dataset", "of a dataset"],
)
def test_a_fault_of_a_landed_file_shows_on_its_dataset_or_else_on_the_first_of_its_source(
    tmp_path: Path, alter: Callable[[Landing, Release], Release], asset: Asset
) -> None:
    landing, release = land(tmp_path, {**FILES, "seg_index": f"select 1 as other from ({IDC_INDEX})"})
    verdicts = audit_landed([alter(landing, release)], landing)
    assert asset in failed(verdicts)
    assert {source for source, _ in failed(verdicts)} == {asset[0]}


def test_every_verdict_is_on_some_asset_and_holds_where_all_its_parts_do(sound_build: Build) -> None:
    for verdict in audit_star(sound_build):
        assert verdict.findings
        assert verdict.passed == all(finding.passed for finding in verdict.findings)
        assert "findings" not in verdict.model_dump()


def test_verdicts_of_a_record_are_refused() -> None:
    verdict = Verdict(suite="gaps", expectation="e", severity="error", passed=True, observed="o", subject="star")
    with pytest.raises(ValueError, match="names no asset: it was read from a record"):
        by_asset([verdict])


def test_a_suite_of_the_star_judges_declared_tables_and_landed_datasets(declared: Declared) -> None:
    tables = {("star", table.name) for table in declared.star.tables}
    judged = {suite.name: {*suite.assets(declared), suite.default} for suite in STAR}
    assert tables <= set().union(*judged.values()) <= tables | declared.landed
