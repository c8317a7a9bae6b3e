"""Which loads a refresh builds from once their data has been judged: real Parquet files, a real published snapshot."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from tests.support import small_release
from tests.support.sample_build import PASSED, make_build
from warehouse.build import input_digest
from warehouse.contracts import load_contract
from warehouse.errors import AuditFailed
from warehouse.files import sha256_of
from warehouse.landed_audit import LandedAudit, audit_selected
from warehouse.landing import LandedObject, Landing, Load, Release
from warehouse.quality.record import recorded_verdicts
from warehouse.quality.verdicts import failed_errors, require_no_errors
from warehouse.settings import Settings
from warehouse.snapshots.publish import publish

CASES = "select 'case-' || i as _case_id, 'C' || i as submitter_id from range(50) as numbers(i)"
TWICE = f"{CASES} union all select 'case-1', 'C1'"


def land_cases(home: Path, night: int, cases: str) -> Release:
    """Land a load of the portal that has cases and none of the other record types."""
    landing, version = Landing(home), f"2026-11-{night:02}-a"
    path = landing.staging_for("midrc", version) / "case.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy ({cases}) to '{path}' (format parquet)")
        ((rows,),) = connection.execute(f"select count(*) from '{path}'").fetchall()
    entry = LandedObject(name=path.name, sha256=sha256_of(path), bytes=path.stat().st_size)
    fetched_at = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=night)
    origin = {"channel": "guppy", "url": "https://portal.example/", "upstream_version": version}
    loads = [
        Load.model_validate(
            {"source": "midrc", "dataset": name, "fetched_at": fetched_at, **origin}
            | (
                {"status": "landed", "objects": (entry,), "rows": rows, "bytes": entry.bytes}
                if name == "case"
                else {"status": "absent", "proof": {"absent_because": "this portal is small"}}
            )
        )
        for name in load_contract("midrc").datasets
    ]
    release = Release(source="midrc", version=version, channel="guppy", loads=tuple(loads))
    return landing.commit(release, {entry.sha256: path})


def published(home: Path, folder: Path, *releases: Release) -> None:
    """Publish a snapshot that says it was built from these releases."""
    digest = input_digest(releases)
    publish(replace(make_build(folder, digest=digest), releases=releases), [PASSED], home, {})


@pytest.fixture
def idc(tmp_path: Path) -> Release:
    """The release of IDC of the home, without a fault."""
    _, release = small_release.land(tmp_path)
    return release


def audited(home: Path, *releases: Release) -> LandedAudit:
    landing = Landing(home)
    for release in releases:
        landing.select(release)
    return audit_selected(Settings(home=home), landing)


def test_a_portal_with_errors_keeps_its_published_load_and_the_other_sources_go_on(
    idc: Release, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = land_cases(tmp_path, 1, CASES)
    published(tmp_path, tmp_path / "scratch", idc, good)
    # It was landed and refused last night: no measure for tonight, and nothing to go back to.
    land_cases(tmp_path, 2, f"{TWICE} union all select 'case-2', 'C2'")
    found = audited(tmp_path, idc, land_cases(tmp_path, 3, TWICE))
    (refused,) = found.refused
    assert (refused.source, refused.version, refused.digest) == ("midrc", good.version, good.digest)
    assert refused.failure is not None
    assert refused.failure.startswith("the audit found errors in its load 2026-11-03-a: ")
    assert "case" in refused.failure
    assert [failed.subject for failed in failed_errors(found.found)] == ["midrc 2026-11-03-a"]
    require_no_errors(found.used)
    assert {verdict.subject for verdict in found.used} == {"idc 25.0.5", "midrc 2026-11-01-a"}
    releases = Landing(tmp_path).selected()
    assert [release.digest for release in releases] == [idc.digest, good.digest]
    with pytest.raises(AuditFailed, match="the star data has not judged"):
        recorded_verdicts(tmp_path, input_digest(releases))
    (said,) = [record for record in caplog.records if getattr(record, "event", "") == "degraded"]
    assert (said.levelno, "its load 2026-11-01-a stays" in said.getMessage()) == (logging.ERROR, True)


def test_a_portal_without_a_published_load_is_left_out(idc: Release, tmp_path: Path) -> None:
    found = audited(tmp_path, idc, land_cases(tmp_path, 1, TWICE))
    (refused,) = found.refused
    assert (refused.source, refused.digest) == ("midrc", None)
    assert Landing(tmp_path).selected() == [idc]
    require_no_errors(found.used)


@pytest.mark.full
def test_errors_that_readers_have_already_are_for_a_person_to_decide(idc: Release, tmp_path: Path) -> None:
    wrong = land_cases(tmp_path, 2, TWICE)
    published(tmp_path, tmp_path / "scratch", idc, land_cases(tmp_path, 1, CASES))
    published(tmp_path, tmp_path / "scratch", idc, wrong)
    found = audited(tmp_path, idc, wrong)
    assert found.refused == ()
    assert found.used == found.found
    with pytest.raises(AuditFailed, match="midrc 2026-11-02-a"):
        require_no_errors(found.used)


@pytest.mark.full
def test_where_every_source_has_errors_nothing_is_chosen_anew(tmp_path: Path) -> None:
    key = small_release.IDC_INDEX.replace("'1.2.840.1.' || i as", "'1.2.840.1.' || (i % 2) as")
    _, idc = small_release.land(tmp_path, {**small_release.FILES, "idc_index": key})
    good = land_cases(tmp_path, 1, CASES)
    published(tmp_path, tmp_path / "scratch", good)
    found = audited(tmp_path, idc, land_cases(tmp_path, 2, TWICE))
    assert found.refused == ()
    assert {verdict.subject for verdict in failed_errors(found.used)} == {"idc 25.0.5", "midrc 2026-11-02-a"}
