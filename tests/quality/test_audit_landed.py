"""Suites over the landed files: each expectation is made to fail by a file or a manifest with a real fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.marks import later, one_of_each
from tests.support.small_release import FILES, IDC_INDEX, land, with_load
from warehouse.errors import IntegrityError
from warehouse.files import sha256_of
from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_landed, failed_errors
from warehouse.quality.record import SUITES
from warehouse.quality.suites import LANDED
from warehouse.quality.verdicts import Severity, Verdict


@dataclass(frozen=True)
class Fault:
    """Something wrong and the verdict that it must yield. `files` replaces landed files, `alter` the manifest."""

    suite: str
    expectation: str
    severity: Severity
    observed: str
    files: Mapping[str, str]
    alter: Callable[[Release], Release] = lambda release: release


def suite_and_severity(fault: Fault) -> tuple[str, str]:
    return fault.suite, fault.severity


def _without_load(release: Release) -> Release:
    return release.model_copy(update={"loads": tuple(load for load in release.loads if load.dataset != "mr_index")})


def _as_absent(release: Release) -> Release:
    return with_load(release, "seg_index", status="absent")


def _with_novelty(release: Release) -> Release:
    (known,) = (load for load in release.loads if load.dataset == "idc_index")
    return release.model_copy(update={"loads": (*release.loads, known.model_copy(update={"dataset": "novelty"}))})


OVER_DATASETS = {suite.name for suite in LANDED}

OF_PORTALS = ("landed loads", "Every record type of a portal is there", "warning")

FAULTS = (
    Fault(
        "landed contract",
        "Every column of a key is there",
        "error",
        "idc_index.SeriesInstanceUID",
        {"idc_index": f'select * exclude ("SeriesInstanceUID") from ({IDC_INDEX})'},
    ),
    Fault(
        "landed contract",
        "Every value of a column of a key can be read",
        "error",
        "idc_index.SeriesInstanceUID (expected string, found STRUCT(uid VARCHAR); 2,400 rows do not fit: "
        '\'{"uid":"1.2"}\' x 2400)',
        {"idc_index": f"select * replace ({{'uid': '1.2'}} as \"SeriesInstanceUID\") from ({IDC_INDEX})"},
    ),
    Fault(
        "landed contract",
        "Every value of any other column can be read as the type of the contract",
        "warning",
        "idc_index.instanceCount (expected integer, found VARCHAR; 2 rows do not fit: 'many' x 2)",
        {
            "idc_index": "select * replace (case when row_number() over () < 3 then 'many' "
            f'else "instanceCount" || \'.0\' end as "instanceCount") from ({IDC_INDEX})'
        },
    ),
    Fault(
        "landed contract",
        "Every other column of the contract is there",
        "warning",
        "2: idc_index.sop_class_name; idc_index.aws_bucket",
        {"idc_index": f"select * exclude (sop_class_name, aws_bucket) from ({IDC_INDEX})"},
    ),
    Fault(
        "landed contract",
        "Every column has the type of the contract",
        "warning",
        "collections_index.subjects (expected integer, found VARCHAR; every value fits)",
        {
            "collections_index": (
                f"select * replace (cast(subjects as varchar) as subjects) from ({FILES['collections_index']})"
            )
        },
    ),
    Fault(
        "landed contract",
        "The files have no column that the contract does not know",
        "warning",
        "idc_index.LossyCompression (BOOLEAN)",
        {"idc_index": f'select *, true as "LossyCompression" from ({IDC_INDEX})'},
    ),
    Fault(
        "landed keys",
        "No row lacks a part of a measured key",
        "error",
        "prior_versions_index (crdc_series_uuid, min_idc_version): 10 rows, 10 null, 0 repeated",
        {
            "prior_versions_index": (
                f"select * replace (cast(null as bigint) as min_idc_version) from ({FILES['prior_versions_index']})"
            )
        },
    ),
    Fault(
        "landed keys",
        "No measured key occurs twice",
        "error",
        "idc_index (SeriesInstanceUID): 2403 rows, 0 null, 3 repeated",
        {"idc_index": f"({IDC_INDEX}) union all (select * from ({IDC_INDEX}) limit 3)"},
    ),
    Fault(
        "landed keys",
        "No row lacks a part of a described key",
        "warning",
        "seg_index (SeriesInstanceUID): 5 rows, 5 null, 0 repeated",
        {"seg_index": f'select * exclude ("SeriesInstanceUID") from ({FILES["seg_index"]})'},
    ),
    Fault(
        "landed keys",
        "No described key occurs twice",
        "warning",
        "seg_index (SeriesInstanceUID): 5 rows, 0 null, 4 repeated",
        {"seg_index": f"select * replace ('1.2' as \"SeriesInstanceUID\") from ({FILES['seg_index']})"},
    ),
    Fault(
        "landed loads",
        "Every indispensable dataset has rows",
        "error",
        "idc_index (25.0.5, 0 rows, manifest 0)",
        {"idc_index": f"select * from ({IDC_INDEX}) limit 0"},
    ),
    Fault(
        "landed loads",
        "Every load has as many rows as its manifest says",
        "error",
        "idc_index (25.0.5, 2400 rows, manifest 2401)",
        {},
        lambda release: with_load(release, "idc_index", rows=2401),
    ),
    Fault(
        "landed loads",
        "All loads are of the version of the release",
        "error",
        "prior_versions_index (24.2.2, 10 rows, manifest 10)",
        {},
        lambda release: with_load(release, "prior_versions_index", upstream_version="24.2.2"),
    ),
    Fault(
        "landed loads",
        "Every landed dataset has a file",
        "error",
        "seg_index (25.0.5, 0 rows, manifest 5)",
        {},
        lambda release: with_load(release, "seg_index", objects=()),
    ),
    Fault("landed loads", "No absent dataset has a file", "error", "seg_index (absent, with a file)", {}, _as_absent),
    Fault(
        "landed loads",
        "No landed dataset is empty",
        "warning",
        "collections_index (25.0.5, 0 rows, manifest 0)",
        {"collections_index": f"select * from ({FILES['collections_index']}) limit 0"},
    ),
    Fault(
        "landed loads",
        "A portal has no record type that the contract does not know",
        "warning",
        "novelty (2400 rows)",
        {},
        _with_novelty,
    ),
    Fault(
        "landed loads",
        "Every dataset of the contract is recorded, as landed or absent",
        "warning",
        "mr_index (not recorded)",
        {},
        _without_load,
    ),
)


def _audit(home: Path, files: Mapping[str, str]) -> list[Verdict]:
    landing, release = land(home, files)
    return audit_landed([release], landing)


@pytest.fixture(scope="module")
def sound_verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    return _audit(tmp_path_factory.mktemp("sound"), FILES)


def test_a_sound_release_passes_every_expectation(sound_verdicts: list[Verdict]) -> None:
    assert [verdict for verdict in sound_verdicts if not verdict.passed] == []
    assert {verdict.subject for verdict in sound_verdicts} == {"idc 25.0.5"}
    assert list(dict.fromkeys(verdict.suite for verdict in sound_verdicts)) == list(SUITES["landed"])


def test_absent_datasets_are_named_though_nothing_failed(sound_verdicts: list[Verdict]) -> None:
    (absent,) = (verdict for verdict in sound_verdicts if verdict.expectation == "No absent dataset has a file")
    assert absent.passed
    assert absent.observed.startswith("14: clinical_index (absent); sm_index (absent);")


def test_every_expectation_has_a_fault_that_breaks_it(sound_verdicts: list[Verdict]) -> None:
    expected = {
        (verdict.suite, verdict.expectation, verdict.severity)
        for verdict in sound_verdicts
        # The rules over whole releases have their own faults.
        if verdict.suite in OVER_DATASETS
    }
    assert {(fault.suite, fault.expectation, fault.severity) for fault in FAULTS} | {OF_PORTALS} == expected


def test_a_record_type_of_a_portal_that_is_absent_is_named_with_its_reason(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    load = next(load for load in release.loads if load.status == "absent")
    absent = [
        load.model_copy(update={"source": "midrc", "dataset": name, "proof": {"absent_because": f"{name} is gone"}})
        for name in ("case", "measurement")
    ]
    portal = Release(source="midrc", version="2026-11-28-0", channel="guppy", loads=tuple(absent))
    verdicts = audit_landed([portal], landing)
    (found,) = (verdict for verdict in verdicts if (verdict.suite, verdict.expectation, verdict.severity) == OF_PORTALS)
    assert not found.passed
    assert found.observed == "2: case (absent: case is gone); measurement (absent: measurement is gone)"
    assert failed_errors(verdicts) == []


@pytest.mark.parametrize("fault", one_of_each(suite_and_severity, FAULTS), ids=lambda fault: fault.expectation)
def test_a_fault_is_found_and_named(fault: Fault, tmp_path: Path) -> None:
    landing, release = land(tmp_path, {**FILES, **fault.files})
    verdicts = audit_landed([fault.alter(release)], landing)
    (found,) = (verdict for verdict in verdicts if verdict.expectation == fault.expectation)
    assert not found.passed
    assert found.observed == fault.observed
    assert (found in failed_errors(verdicts)) == (fault.severity == "error")


def test_a_release_without_its_indispensable_dataset_is_an_error(tmp_path: Path) -> None:
    others = {name: query for name, query in FILES.items() if name != "idc_index"}
    verdicts = failed_errors(_audit(tmp_path, others))
    assert [(verdict.expectation, verdict.observed) for verdict in verdicts] == [
        ("Every indispensable dataset has rows", "idc_index (absent)")
    ]


def test_blank_text_is_no_key(tmp_path: Path) -> None:
    key = "case when \"SeriesNumber\" = '7' then ' ' else \"SeriesInstanceUID\" end"
    blank = f'select * replace ({key} as "SeriesInstanceUID") from ({IDC_INDEX})'
    (verdict,) = failed_errors(_audit(tmp_path, {**FILES, "idc_index": blank}))
    assert verdict.observed == "idc_index (SeriesInstanceUID): 2400 rows, 1 null, 0 repeated"


def test_names_of_older_releases_are_no_drift(tmp_path: Path) -> None:
    older = (
        'select * rename (cancer_types as "CancerTypes", subjects as "Subjects", program_id as "Program")'
        f" from ({FILES['collections_index']})"
    )
    assert [verdict for verdict in _audit(tmp_path, {**FILES, "collections_index": older}) if not verdict.passed] == []


@pytest.mark.parametrize("column", ["PatientAge", *map(later, ("StudyDescription", "instanceCount"))])
def test_a_needed_column_without_any_value_has_the_type_that_is_expected(tmp_path: Path, column: str) -> None:
    empty = f'select * replace (null as "{column}") from ({IDC_INDEX})'
    landing, release = land(tmp_path, {**FILES, "idc_index": empty})
    stored = pq.read_schema(_object(landing, release, "idc_index")).field(column)
    assert stored.type == pa.null()
    verdicts = audit_landed([release], landing)
    assert [each for each in verdicts if not each.passed and each.suite in OVER_DATASETS] == []


def test_a_key_without_any_value_is_judged_as_a_key(tmp_path: Path) -> None:
    empty = f'select * replace (null as "SeriesInstanceUID") from ({IDC_INDEX})'
    (verdict,) = failed_errors(_audit(tmp_path, {**FILES, "idc_index": empty}))
    assert verdict.observed == "idc_index (SeriesInstanceUID): 2400 rows, 2400 null, 0 repeated"


def test_a_missing_object_is_an_integrity_error(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    path = _object(landing, release, "idc_index")
    path.unlink()
    with pytest.raises(IntegrityError, match=r"idc 25\.0\.5 idc_index .* run the refresh again"):
        audit_landed([release], landing)


def test_an_object_that_is_not_parquet_is_an_integrity_error(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    path = _object(landing, release, "collections_index")
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(IntegrityError, match=r"idc 25\.0\.5 collections_index"):
        audit_landed([release], landing)


def test_the_audit_leaves_the_landing_as_it_was(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    before = {path: sha256_of(path) for path in tmp_path.rglob("*") if path.is_file()}
    audit_landed([release], landing)
    assert {path: sha256_of(path) for path in tmp_path.rglob("*") if path.is_file()} == before


def _object(landing: Landing, release: Release, dataset: str) -> Path:
    load = release.load_of(dataset)
    assert load is not None
    return landing.object_path(load.objects[0].sha256)
