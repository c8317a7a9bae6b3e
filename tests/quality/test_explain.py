"""The query of a finding lists all records that it counts, from the data that was judged, and reads nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from tests.quality.conftest import Plant
from tests.support.small_release import FILES, IDC_INDEX, land
from warehouse.errors import UsageError
from warehouse.landing import Landing, Release
from warehouse.quality.audit import audit_landed, audit_star
from warehouse.quality.examples import MOST
from warehouse.quality.explain import Judged, connection_for
from warehouse.quality.verdicts import Finding

REPEATED = {**FILES, "idc_index": f"({IDC_INDEX}) union all (select * from ({IDC_INDEX}) limit 30)"}


def asked(finding: Finding, judged: Judged, landing: Landing) -> list[tuple]:
    with connection_for(finding, judged, landing) as connection:
        return connection.execute(str(finding.query)).fetchall()


def judged(release: Release) -> Judged:
    return Judged(None, "main", {release.source: release.digest})


def repeated_keys(landing: Landing, release: Release) -> Finding:
    (verdict,) = (found for found in audit_landed([release], landing) if found.blocks and found.suite == "landed keys")
    (finding,) = verdict.failing
    return finding


def test_the_records_of_a_landed_release_are_listed_with_their_keys_first(tmp_path: Path) -> None:
    landing, release = land(tmp_path, REPEATED)
    finding = repeated_keys(landing, release)
    assert (finding.affected, len(finding.examples)) == (30, MOST)
    assert finding.examples[0] == "SeriesInstanceUID 1.2.840.1.0, row_count 2"
    rows = asked(finding, judged(release), landing)
    assert len(rows) == 30
    assert {row[1] for row in rows} == {2}


def test_the_release_before_is_the_one_that_it_was_compared_with(tmp_path: Path) -> None:
    landing, release = land(tmp_path)
    query = "select count(*) from landed_idc.idc_index union all select count(*) from previous_idc.idc_index"
    finding = Finding(("idc", "idc_index"), False, "o", "q-1", query=query, previous=release.digest)
    assert asked(finding, judged(release), landing) == [(2400,), (2400,)]
    with pytest.raises(UsageError, match=r"release 0000 of idc that the finding q-1 is about is not in .* any more"):
        asked(replace(finding, previous="0000"), judged(release), landing)


def test_a_release_that_is_gone_is_said_with_what_was_found(tmp_path: Path) -> None:
    landing, release = land(tmp_path, REPEATED)
    finding = repeated_keys(landing, release)
    load = release.load_of("idc_index")
    assert load is not None
    landing.object_path(load.objects[0].sha256).unlink()
    with pytest.raises(UsageError, match="it was found to affect 30"):
        asked(finding, judged(release), landing)


def test_a_finding_without_a_query_says_so(tmp_path: Path) -> None:
    finding = Finding(("idc", "idc_index"), False, "3 columns are missing", "q-1")
    with pytest.raises(UsageError, match="has no query that lists its records: 3 columns are missing"):
        asked(finding, Judged(None, "main", {}), Landing(tmp_path))


def test_the_query_reads_nothing_but_what_was_judged(tmp_path: Path) -> None:
    landing, release = land(tmp_path / "home")
    other = tmp_path / "other.csv"
    other.write_text("a\n1\n")
    finding = Finding(("idc", "idc_index"), False, "o", "q-1", query=f"from '{other}'")
    with pytest.raises(duckdb.PermissionException):
        asked(finding, judged(release), landing)


FAULTS = {
    "star references": "update star.bridge_study_patient set patient_key = 42 where rowid < 3",
    "star keys": "insert into star.dim_source from star.dim_source limit 2",
    "star columns": "update star.dim_source set source_kind = 'planet' where source_id = 'bih_tcia'",
    "values": "update star.fct_series set size_bytes = -1 where rowid < 7",
    "null rates": "update star.fct_series set manufacturer = null where modality = 'CT'",
    "conservation": "delete from star.fct_series where rowid < 5",
}


@pytest.mark.parametrize(
    "suite", [suite if suite == "conservation" else pytest.param(suite, marks=pytest.mark.full) for suite in FAULTS]
)
def test_the_records_of_the_star_are_as_many_as_were_counted(plant: Plant, tmp_path: Path, suite: str) -> None:
    build = plant(FAULTS[suite])
    found = [finding for verdict in audit_star(build) if verdict.suite == suite for finding in verdict.failing]
    assert found
    for finding in found:
        landing = Landing(build.folder.parent.parent)
        digests = {release.source: release.digest for release in build.releases}
        assert finding.query is not None
        if "landed_" in finding.query:
            # The fixture's landing is elsewhere: what the audit itself has listed is enough.
            assert finding.examples
            continue
        rows = asked(finding, Judged(build.database, "star", digests), landing)
        assert len(rows) == finding.affected
        assert len(finding.examples) == min(MOST, len(rows))
