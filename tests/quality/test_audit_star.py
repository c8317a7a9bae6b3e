"""Suites over the star: each expectation is made to fail by spoiling a copy of a sound build (`star_faults`)."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.quality.conftest import Plant
from tests.quality.star_faults import FAULTS, Fault
from tests.quality.test_evidence import ALL as EVERY_EVIDENCE_EXPECTATION
from tests.quality.test_freshness import ALL as EVERY_FRESHNESS_EXPECTATION
from tests.quality.test_gaps import ALL as EVERY_GAP_EXPECTATION
from tests.quality.test_mappings import ALL as EVERY_MAPPING_EXPECTATION
from tests.quality.test_reported import ALL as EVERY_REPORTED_EXPECTATION
from tests.support.spoiled_build import spoiled
from warehouse.build import Build
from warehouse.errors import BuildFailed
from warehouse.files import sha256_of
from warehouse.quality.audit import audit_star, failed_errors
from warehouse.quality.record import SUITES
from warehouse.quality.rules import CONSERVATION, conformed, idc, idc_clinical, releases
from warehouse.quality.verdicts import COULD_RUN, Verdict


@pytest.fixture(scope="module")
def sound_verdicts(sound_build: Build) -> list[Verdict]:
    return audit_star(sound_build)


@pytest.fixture(scope="module")
def spoiled_verdicts(sound_build: Build, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Verdict]]:
    """The verdicts on each spoiled copy."""
    verdicts = {}
    for copy in dict.fromkeys(fault.copy for fault in FAULTS):
        folder = tmp_path_factory.mktemp(copy)
        sql = ";".join(fault.sql for fault in FAULTS if fault.copy == copy)
        verdicts[copy] = audit_star(spoiled(sound_build, folder, sql))
    return verdicts


def _one(verdicts: list[Verdict], expectation: str) -> Verdict:
    (found,) = (verdict for verdict in verdicts if verdict.expectation == expectation)
    return found


def test_a_sound_build_passes_every_expectation(sound_verdicts: list[Verdict]) -> None:
    assert [verdict for verdict in sound_verdicts if not verdict.passed] == []
    assert {verdict.subject for verdict in sound_verdicts} == {"star"}
    assert list(dict.fromkeys(verdict.suite for verdict in sound_verdicts)) == list(SUITES["star"])


def test_every_expectation_has_a_fault_that_breaks_it(sound_verdicts: list[Verdict]) -> None:
    # The rules of an area of its own are broken beside its models, in tests/star; the others in modules of their own.
    elsewhere = {rule.sentence for rule in CONSERVATION}
    elsewhere -= {rule.sentence for rule in (*releases.CONSERVATION, *idc.CONSERVATION)}
    elsewhere |= {rule.sentence for rule in (*conformed.VALUES, *idc_clinical.VALUES)} | EVERY_REPORTED_EXPECTATION
    elsewhere |= EVERY_GAP_EXPECTATION | EVERY_MAPPING_EXPECTATION | EVERY_EVIDENCE_EXPECTATION
    elsewhere |= EVERY_FRESHNESS_EXPECTATION
    expected = {
        (verdict.suite, verdict.expectation, verdict.severity)
        for verdict in sound_verdicts
        if verdict.expectation not in elsewhere
    }
    # No reference of the star is declared as one that may be broken; the test below declares one.
    optional = ("star references", "Every reference that may be broken finds its row", "warning")
    assert {(fault.suite, fault.expectation, fault.severity) for fault in FAULTS} | {optional} == expected


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.expectation)
def test_a_fault_is_found_and_named(fault: Fault, spoiled_verdicts: dict[str, list[Verdict]]) -> None:
    verdicts = spoiled_verdicts[fault.copy]
    found = _one(verdicts, fault.expectation)
    assert not found.passed
    assert found.observed == fault.observed
    assert (found in failed_errors(verdicts)) == (fault.severity == "error")


def test_figures_of_a_sound_build_are_shown(sound_verdicts: list[Verdict]) -> None:
    series = _one(sound_verdicts, "fct_series has one row for each IDC series")
    assert series.observed == "landed 2400, star 2400"
    assert _one(sound_verdicts, "Every reference finds its row").observed.endswith(" hold")


def test_a_dbt_test_of_severity_warn_makes_a_broken_reference_a_warning(plant: Plant, tmp_path: Path) -> None:
    build = plant("update star.fct_series set license_key = 42 where modality = 'MR'")
    manifest = json.loads((build.manifest).read_text())
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node["column_name"] == "license_key":
            node["config"]["severity"] = "warn"
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    verdicts = audit_star(replace(build, folder=tmp_path))
    found = _one(verdicts, "Every reference that may be broken finds its row")
    assert not found.passed
    assert "fct_series.license_key -> star.dim_license.license_key: 600 orphans" in found.observed
    assert _one(verdicts, "Every reference finds its row").passed


def test_analysis_results_are_not_judged_without_their_index(plant: Plant) -> None:
    build = plant(
        "create table landed.none as from landed_idc.analysis_results_index limit 0;"
        "create or replace view landed_idc.analysis_results_index as from landed.none;"
        "update star.dim_analysis_result set is_described = false"
    )
    sentence = "Every analysis result that series name is described by the index of analysis results"
    assert _one(audit_star(build), sentence).passed


def test_null_rates_are_not_judged_for_derived_objects_nor_for_few_series(plant: Plant) -> None:
    build = plant("update star.fct_series set manufacturer = null where modality in ('SR', 'MR')")
    assert _one(audit_star(build), "No image modality lacks more values than before").passed


@pytest.mark.full
def test_the_audit_does_not_write(plant: Plant) -> None:
    build = plant("select 1")
    digest = sha256_of(build.database)
    audit_star(build)
    assert sha256_of(build.database) == digest
    assert list(build.database.parent.iterdir()) == [build.database]


def test_a_missing_table_stops_the_audit(plant: Plant) -> None:
    with pytest.raises(BuildFailed, match="lacks the star tables dim_study, which dbt's manifest declares"):
        audit_star(plant("drop table star.dim_study"))


@pytest.mark.full
def test_a_build_whose_columns_do_not_fit_is_an_error_of_every_suite_that_needs_them(plant: Plant) -> None:
    verdicts = audit_star(plant("alter table star.fct_series drop column source_doi"))
    failed = [verdict for verdict in failed_errors(verdicts) if verdict.expectation == COULD_RUN]
    assert failed
    assert all("could not run: BinderException" in verdict.observed for verdict in failed)
    assert {verdict.suite for verdict in verdicts} == set(SUITES["star"])


def test_a_missing_database_stops_the_audit(sound_build: Build, tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="cannot be audited"):
        audit_star(replace(sound_build, database=tmp_path / "build.duckdb"))


def test_a_missing_manifest_stops_the_audit(sound_build: Build, tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="the keys of the star are unknown"):
        audit_star(replace(sound_build, folder=tmp_path))


@pytest.mark.full
def test_a_reader_may_hold_the_build_open(sound_build: Build, tmp_path: Path) -> None:
    database = tmp_path / "build.duckdb"
    shutil.copy(sound_build.database, database)
    with duckdb.connect(str(database), read_only=True) as reader:
        assert failed_errors(audit_star(replace(sound_build, database=database))) == []
        assert reader.execute("select count(*) from star.fct_series").fetchall() == [(2400,)]
