"""Suites over the star: each expectation is made to fail by spoiling a copy of a build that dbt made.

Faults that do not touch each other's figures share a copy, so that a few audits judge all of them.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import pytest

from tests.quality.conftest import Plant
from tests.quality.test_gaps import ALL as EVERY_GAP_EXPECTATION
from tests.quality.test_mappings import ALL as EVERY_MAPPING_EXPECTATION
from tests.quality.test_reported import ALL as EVERY_REPORTED_EXPECTATION
from tests.support.spoiled_build import spoiled
from warehouse.build import Build
from warehouse.errors import BuildFailed
from warehouse.landing import sha256_of
from warehouse.quality.audit import audit_star, failed_errors
from warehouse.quality.conservation import IDC, LOADS, RULES
from warehouse.quality.record import SUITES
from warehouse.quality.values_conformed import CONFORMED as CONFORMED_VALUES
from warehouse.quality.verdicts import Severity, Verdict


@dataclass(frozen=True)
class Fault:
    """SQL that spoils a copy of the build (named by `copy`), and the verdict that it must yield."""

    copy: str
    suite: str
    expectation: str
    severity: Severity
    sql: str
    observed: str


def _conservation(copy: str, expectation: str, sql: str, observed: str) -> Fault:
    return Fault(copy, "conservation", expectation, "error", sql, observed)


def _value(severity: Severity, expectation: str, sql: str, observed: str) -> Fault:
    return Fault("values", "values", expectation, severity, sql, observed)


_FIRST = "series_instance_uid = '1.2.840.1.0'"
_SIXTH = "series_number = '5'"

KEY_FAULTS = (
    Fault(
        "keys",
        "star keys",
        "Every table declares a primary key",
        "error",
        "create table star.rpt_stray as select 1 as answer",
        "rpt_stray (no primary key declared)",
    ),
    Fault(
        "keys",
        "star keys",
        "No primary key has a null part",
        "error",
        "alter table star.fct_series_version alter series_version_key drop not null;"
        "update star.fct_series_version set series_version_key = null where crdc_series_uuid = 'old-1'",
        "fct_series_version (series_version_key): 2410 rows, 1 null, 0 repeated",
    ),
    Fault(
        "keys",
        "star keys",
        "No primary key occurs twice",
        "error",
        "insert into star.bridge_collection_license select * from star.bridge_collection_license limit 2",
        "bridge_collection_license (collection_key, license_key): 5 rows, 0 null, 2 repeated",
    ),
    Fault(
        "keys",
        "star references",
        "Every reference finds its row",
        "error",
        "update star.fct_series set license_key = 42 where modality = 'MR'",
        "fct_series.license_key -> star.dim_license.license_key: 600 orphans, such as '42' x 600",
    ),
)

DECLARED_FAULTS = (
    Fault(
        "declared",
        "star columns",
        "Every declared natural key occurs once",
        "error",
        "update star.xwalk_study set natural_id = '1.2.840.2.0' where natural_id in ('1.2.840.2.1', '1.2.840.2.2')",
        "star.xwalk_study (natural_id): 2 rows, such as '1.2.840.2.0' x 3",
    ),
    Fault(
        "declared",
        "star columns",
        "Every column that must be filled is filled",
        "error",
        f"update star.fct_series set study_count = null where {_SIXTH}",
        "star.fct_series (study_count): 1 row, such as 'series_key 208062863806162770' x 1",
    ),
    Fault(
        "declared",
        "star columns",
        "Every value of a closed list is in it",
        "error",
        "update star.dim_source set source_kind = 'planet' where source_id = 'bih_tcia'",
        "star.dim_source (source_kind): 1 row, such as 'planet' x 1",
    ),
    Fault(
        "declared",
        "star columns",
        "Every natural key that may recur occurs once",
        "warning",
        "create table landed.more as from landed_idc.ann_index;"
        """insert into landed.more ("SeriesInstanceUID") values ('1.2.3'), ('1.2.3'), ('1.2.4'), (null);"""
        "create or replace view landed_idc.ann_index as from landed.more",
        "staging.stg_idc__ann_index (series_instance_uid): 1 row, such as '1.2.3' x 2",
    ),
    Fault(
        "declared",
        "star columns",
        "Every column that is usually filled is filled",
        "warning",
        "select 1",  # by the row before
        "staging.stg_idc__ann_index (series_instance_uid): 1 row, such as (null) x 1",
    ),
    Fault(
        "declared",
        "star columns",
        "Every value of an open list is in it",
        "warning",
        "update star.fct_segmentation set segmentation_type = 'BLURRED' where series_instance_uid <> '1.2.840.1.0'",
        "star.fct_segmentation (segmentation_type): 4 rows, such as 'BLURRED' x 4",
    ),
)

CONSERVATION_FAULTS = (
    _conservation(
        "sums",
        "dim_release has one row for each load that the build reads",
        "delete from star.dim_release where dataset = 'mr_index'",
        "landed 35, star 34",
    ),
    _conservation(
        "sums",
        "The build reads every row of idc_index that was landed",
        "update landed.loads set row_count = 2401 where dataset = 'idc_index'",
        "landed 2401, star 2400",
    ),
    _conservation(
        "rows",
        "fct_series has one row for each IDC series",
        "delete from star.fct_series where series_number = '2000'",
        "landed 2400, star 2399",
    ),
    _conservation(
        "sums",
        "fct_series has every instance of IDC",
        f"update star.fct_series set instance_count = instance_count + 5 where {_FIRST}",
        "landed 9597, star 9602",
    ),
    _conservation(
        "sums",
        "fct_series has every byte of IDC",
        f"update star.fct_series set size_bytes = size_bytes - 1 where {_FIRST}",
        "landed 5278800, star 5278799",
    ),
    _conservation(
        "sums",
        "fct_series keeps every mention of an analysis result",
        "update star.fct_series set analysis_result_key = null",
        "landed 600, star 0",
    ),
    _conservation(
        "rows",
        "fct_series_version has one row for each current and each prior revision of an IDC series",
        "delete from star.fct_series_version where not is_in_release",
        "landed 2410, star 2400",
    ),
    _conservation(
        "sums",
        "fct_series_version has every byte of the current and prior revisions of IDC",
        "update star.fct_series_version set size_bytes = 0 where crdc_series_uuid = 'old-1'",
        "landed 10278800, star 9778800",
    ),
    _conservation(
        "sums",
        "dim_patient has one row for each PatientID of each IDC collection",
        "delete from star.dim_patient where patient_id = 'patient-7'",
        "landed 120, star 119",
    ),
    _conservation(
        "sums",
        "dim_study has one row for each IDC study",
        "delete from star.dim_study where study_instance_uid = '1.2.840.2.7'",
        "landed 120, star 119",
    ),
    _conservation(
        "sums",
        "dim_collection has one row for each IDC collection, described, current or prior",
        "delete from star.dim_collection where collection_id = 'withdrawn'",
        "landed 4, star 3",
    ),
    _conservation(
        "sums",
        "dim_collection marks the IDC collections that the release holds",
        "update star.dim_collection set is_in_release = false where collection_id = 'collection_1'",
        "landed 3, star 2",
    ),
    _conservation(
        "sums",
        "dim_analysis_result describes each analysis result of the IDC index",
        "delete from star.dim_analysis_result",
        "landed 1, star 0",
    ),
    _conservation(
        "sums",
        "bridge_study_patient has one row for each patient of each IDC study",
        "delete from star.bridge_study_patient",
        "landed 120, star 0",
    ),
    _conservation(
        "sums",
        "bridge_collection_license counts every IDC series once",
        "update star.bridge_collection_license set series_count = 2 * series_count",
        "landed 2400, star 4800",
    ),
    _conservation(
        "sums",
        "bridge_collection_analysis_result counts every IDC series of an analysis result once",
        "delete from star.bridge_collection_analysis_result",
        "landed 600, star 0",
    ),
    _conservation(
        "sums",
        "bridge_collection_source has every source of every IDC collection",
        "delete from star.bridge_collection_source",
        "landed 3, star 0",
    ),
)

VALUE_FAULTS = (
    _value(
        "warning",
        "Every series_instance_uid of fct_series has the form of a DICOM UID",
        "update star.fct_series set series_instance_uid = case series_number"
        " when '0' then '1.2..3' when '1' then '1.02' when '2' then repeat('1.', 32) || '1' else 'x' end"
        " where cast(series_number as integer) < 4",
        f"4 rows: '1.02' x 1, '{'1.' * 32}1' x 1, '1.2..3' x 1, 'x' x 1",
    ),
    _value(
        "warning",
        "Every study_instance_uid of dim_study has the form of a DICOM UID",
        "update star.dim_study set study_instance_uid = null where study_instance_uid = '1.2.840.2.7'",
        "1 row: (null) x 1",
    ),
    *(
        Fault(
            "rows",
            "values",
            f"At most 1 series in 100 has {what}",
            "error",
            f"update star.fct_series set {column} = {value} where modality = 'SR' or modality is null",
            "1 row: '599 of 2399' x 1",  # one row of this copy is gone
        )
        for what, column, value in (
            ("a series_instance_uid without the form of a DICOM UID", "series_instance_uid", "'x'"),
            ("no collection_id", "collection_id", "null"),
            ("no patient_id", "patient_id", "null"),
            ("no study_instance_uid", "study_instance_uid", "null"),
            ("no license_id", "license_id", "null"),
            ("no modality", "modality", "null"),
        )
    ),
    Fault(
        "rows",
        "values",
        "At most 1 study in 100 has a study_instance_uid without the form of a DICOM UID",
        "error",
        "update star.dim_study set study_instance_uid = 'x' where study_instance_uid like '%7'",
        "1 row: '12 of 120' x 1",
    ),
    _value(
        "error",
        "At most 1 series in 100 has no instance",
        "update star.fct_series set instance_count = case modality when 'MR' then 0 end where modality <> 'SR'",
        "1 row: '1800 of 2400' x 1",
    ),
    _value(
        "error",
        "At most 1 series in 100 has a negative or unknown size",
        "update star.fct_series set size_bytes = null where modality = 'MR'",
        "1 row: '600 of 2400' x 1",
    ),
    Fault(
        "rows",
        "values",
        "Every series has at least one instance",
        "warning",
        f"update star.fct_series set instance_count = 0 where {_SIXTH}",
        "1 row: '1.2.840.1.5' x 1",
    ),
    Fault(
        "rows",
        "values",
        "No series has a negative or unknown size",
        "warning",
        f"update star.fct_series set size_bytes = -1 where {_SIXTH}",
        "1 row: '1.2.840.1.5' x 1",
    ),
    _value(
        "warning",
        "Every study date of idc_index is a date",
        "create table landed_idc.idc_index_file as select * from landed_idc.idc_index;"
        "create or replace view landed_idc.idc_index as select * replace (case \"Modality\" when 'MR' then 'NaT'"
        " when 'SR' then '' else \"StudyDate\" end as \"StudyDate\") from landed_idc.idc_index_file",
        "600 rows: 'NaT' x 600",
    ),
    _value(
        "warning",
        "Every study took place between 1880 and the year in which its release was fetched",
        "update star.fct_series set study_date = case modality when 'MR' then date '1879-12-31' else date '2027-01-01'"
        " end where modality <> 'CT'",
        "1200 rows: '1879-12-31' x 600, '2027-01-01' x 600",
    ),
    _value(
        "warning",
        "Every patient age is a DICOM age string",
        f"update star.fct_series set patient_age_raw = 'N-A', patient_age_years = null where {_SIXTH}",
        "1 row: 'N-A' x 1",
    ),
    _value(
        "warning",
        "Every patient age lies between 0 and 120 years",
        "update star.fct_series set patient_age_raw = '155Y', patient_age_years = 155 where patient_id = 'patient-7'",
        "20 rows: '155Y' x 20",
    ),
    _value(
        "warning",
        "Every patient sex is a DICOM term: F, M or O",
        "update star.fct_series set patient_sex_raw = case patient_sex_raw when 'F' then '6657' else 'O' end",
        "1200 rows: '6657' x 1200",
    ),
    _value(
        "warning",
        "Every analysis result that series name is described by the index of analysis results",
        "update star.dim_analysis_result set is_described = false",
        "600 rows: 'measured_reports' x 600",
    ),
    _value(
        "warning",
        "Every series names the DOI of its source",
        "update star.fct_series set source_doi = null where collection_id = 'collection_1'",
        "800 rows: 'collection_1' x 800",
    ),
    _value(
        "warning",
        "Every study belongs to one patient",
        "insert into star.bridge_study_patient select study_key, 42 from star.dim_study"
        " where study_instance_uid = '1.2.840.2.8'",
        "1 row: '1.2.840.2.8' x 1",
    ),
)

NULL_RATE_FAULTS = (
    Fault(
        "keys",
        "null rates",
        "No image modality lacks more values than before",
        "warning",
        "update star.fct_series set manufacturer = null where modality = 'CT' and cast(series_number as integer) < 90",
        "idc CT manufacturer: 7.5 % null of 1200 series, 0.9 % at most so far",
    ),
    Fault(
        "rows",
        "null rates",
        "The usual null rates of every large image modality are known",
        "warning",
        "update star.fct_series set modality = 'XA', modality_key ="
        " (select modality_key from star.dim_modality where modality = 'XA') where modality = 'CT'",
        "idc XA (1200 series)",
    ),
)

FAULTS = (*KEY_FAULTS, *DECLARED_FAULTS, *CONSERVATION_FAULTS, *VALUE_FAULTS, *NULL_RATE_FAULTS)


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
    elsewhere = {rule.sentence for rule in RULES} - {rule.sentence for rule in (*LOADS, *IDC)}
    elsewhere |= {rule.sentence for rule in CONFORMED_VALUES} | EVERY_REPORTED_EXPECTATION
    elsewhere |= EVERY_GAP_EXPECTATION | EVERY_MAPPING_EXPECTATION
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
def test_a_build_whose_columns_do_not_fit_stops_the_audit(plant: Plant) -> None:
    with pytest.raises(BuildFailed, match="cannot be audited: Binder Error"):
        audit_star(plant("alter table star.fct_series drop column source_doi"))


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
