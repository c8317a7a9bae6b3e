"""What a report says of a snapshot: what is new, in which order, how it was over time; and its gaps."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from tests.support.sample_build import PASSED, WARNING, make_build
from warehouse.errors import UsageError
from warehouse.quality.history import is_half_synthetic
from warehouse.quality.incidents import keep_incidents
from warehouse.quality.verdicts import Asset, Finding, Severity, Verdict, finding_id
from warehouse.settings import load_settings
from warehouse.snapshots.catalog import DATABASE, Snapshot, current, snapshots
from warehouse.snapshots.findings import counts_over_time, explained, report, reported
from warehouse.snapshots.gaps import gap_lines
from warehouse.snapshots.publish import publish

SERIES: Asset = ("star", "fct_series")


def failed(expectation: str, severity: Severity = "warning", scope: str = "", **marks: object) -> Verdict:
    known_as = finding_id("s", expectation, SERIES, scope)
    finding = Finding(SERIES, False, "5 rows", known_as, severity, scope, affected=5)
    return Verdict(
        suite="s",
        expectation=expectation,
        severity=severity,
        passed=False,
        observed="5 rows",
        subject="star",
        findings=(replace(finding, **marks),),  # type: ignore[arg-type]
    )


@pytest.fixture(scope="module")
def published_twice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two snapshots: the first has `old` and a warning without findings, the second also `new`."""
    folder = tmp_path_factory.mktemp("twice")
    query = "select series_key, modality from star.fct_series where modality = 'CT' order by all"
    publish(make_build(folder / "a", series=400), [PASSED, WARNING, failed("old")], folder / "home", {})
    # The name and the time of a snapshot are in whole seconds.
    time.sleep(1.1)
    verdicts = [PASSED, WARNING, failed("old"), failed("new", query=query), failed("known", acknowledged="accepted")]
    publish(make_build(folder / "b"), verdicts, folder / "home", {})
    return folder / "home"


@pytest.fixture
def home(published_twice: Path, tmp_path: Path) -> Path:
    """A copy of that home, into which a test may write."""
    return Path(shutil.copytree(published_twice, tmp_path / "home", symlinks=True))


def in_service(home: Path) -> Snapshot:
    found = current(home)
    assert found is not None
    return found


def test_what_is_new_comes_first_and_what_is_acknowledged_last(home: Path) -> None:
    found = report(home, in_service(home), is_in_service=True)
    assert found.earlier == snapshots(home)[0]
    assert [(entry.verdict.expectation, entry.is_new) for entry in found.findings] == [
        ("new", True),
        (WARNING.expectation, False),
        ("old", False),
        ("known", True),
    ]
    assert found.blocked is None


def test_in_the_first_snapshot_nothing_is_new(home: Path) -> None:
    found = report(home, snapshots(home)[0], is_in_service=False)
    assert found.earlier is None
    assert not any(entry.is_new for entry in found.findings)


def test_an_error_in_data_that_was_left_out_is_told_with_the_snapshot_in_service(home: Path) -> None:
    moment = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
    keep_incidents(home, [failed("left out", "error"), failed("shown")], moment, synthetic=False)
    found = report(home, in_service(home), is_in_service=True)
    assert [incident.expectation for incident in found.unpublished] == ["left out"]
    assert report(home, snapshots(home)[0], is_in_service=False).unpublished == ()


def test_errors_come_before_warnings() -> None:
    found = reported([failed("a"), failed("b", "error")], None)
    assert [entry.verdict.expectation for entry in found] == ["b", "a"]


def test_a_finding_is_explained_from_the_tables_of_its_snapshot(home: Path) -> None:
    settings = load_settings(home=home)
    known_as = finding_id("s", "new", SERIES, "")
    entry, result = explained(settings, in_service(home), known_as, is_in_service=True)
    with result:
        rows = result.page(1000).rows
    with duckdb.connect(str(in_service(home).database), read_only=True) as connection:
        counted = connection.execute("select count(*) from fct_series where modality = 'CT'").fetchall()
    assert entry.verdict.expectation == "new"
    assert [(len(rows),)] == counted
    assert rows


@pytest.mark.parametrize(("known_as", "says"), [("q-0", "There is no finding 'q-0' in the snapshot"), ("", "There is")])
def test_a_finding_that_is_not_there_is_a_sentence_with_those_that_are(home: Path, known_as: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as refused:
        explained(load_settings(home=home), in_service(home), known_as, is_in_service=True)
    assert finding_id("s", "new", SERIES, "") in str(refused.value)


def test_the_history_of_a_check_counts_it_in_every_snapshot(home: Path) -> None:
    for check in ("new", finding_id("s", "new", SERIES, "")):
        if check == "new":
            with pytest.raises(UsageError, match="knows 'new'"):
                counts_over_time(home, check)
            continue
        assert [(entry.findings, entry.affected) for entry in counts_over_time(home, check)] == [(0, 0), (1, 5)]
    assert [entry.findings for entry in counts_over_time(home, "s")] == [1, 3]
    assert [entry.findings for entry in counts_over_time(home, "star.fct_series")] == [1, 3]


def test_a_manifest_from_before_there_were_findings_can_be_read(home: Path) -> None:
    verdict = WARNING.model_dump(mode="json")
    assert "findings" not in verdict
    (entry,) = reported([Verdict.model_validate(verdict)], [])
    assert (entry.finding.observed, entry.finding.id) == (WARNING.observed, "")


def test_a_moment_and_a_day_survive_the_manifest() -> None:
    moment = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
    verdict = failed("e", since=moment, acknowledged_until=moment.date(), examples=("a 1",))
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict


@pytest.mark.parametrize(
    ("comparison", "synthetic", "half"),
    [
        ("idc-bih:series", {"bih", "midrc"}, True),
        ("idc_tcia-bih_tcia:series", {"bih"}, True),
        ("idc-bih:series", {"idc", "bih"}, False),
        ("idc-bih:series", set(), False),
        ("idc-idc_collections:patient", {"bih"}, False),
        ("midrc-indexd:file", {"midrc", "bih"}, False),
        ("midrc_reported-midrc:case", {"midrc"}, False),
    ],
)
def test_a_comparison_is_half_made_up_where_one_source_is(comparison: str, synthetic: set[str], half: bool) -> None:
    assert is_half_synthetic(comparison, synthetic) == half


def with_gaps(home: Path, folder: Path, gap: int, synthetic: bool) -> Snapshot:
    """Return the snapshot in service of a home as one with two comparisons; of its sources only the hub is made up."""
    folder.mkdir()
    (folder / "tables").mkdir()
    with duckdb.connect(str(folder / DATABASE)) as connection:
        connection.execute(
            f"""
            create table rec_gap as
            select 'idc-bih:series' as comparison_id, 'idc' as left_system, 'bih' as right_system, 'series' as entity,
                true as is_compared, {100 + gap}::bigint as left_count, 100::bigint as right_count,
                {gap}::bigint as gap, {gap}::decimal(18, 2) as gap_percent,
                {gap - 1}::bigint as explained_count, 1::bigint as unexplained_count
            union all select 'x-y:z', 'x', 'y', 'z', false, null, null, null, null, null, null;
            create table rec_gap_cause as
            select 'idc-bih:series' as comparison_id, 'left' as side, 'unexplained' as cause, 1::bigint as cause_count,
                false as is_explained
            union all select 'idc-bih:series', 'left', 'withdrawn', {gap - 1}, true
            """
        )
        connection.execute(f"copy rec_gap to '{folder}/tables/rec_gap.parquet' (format parquet)")
    manifest = in_service(home).manifest
    (source,) = manifest.sources
    sources = (source, source.model_copy(update={"source": "bih", "synthetic": synthetic}))
    tables = (*manifest.tables, manifest.tables[0].model_copy(update={"name": "rec_gap"}))
    return Snapshot(folder, manifest.model_copy(update={"sources": sources, "tables": tables}))


def test_gaps_are_one_line_a_comparison_with_how_they_moved(home: Path, tmp_path: Path) -> None:
    earlier, now = (with_gaps(home, tmp_path / str(gap), gap, synthetic=False) for gap in (10, 13))
    line, absent = gap_lines(now, earlier)
    assert (line.left, line.right, line.gap, line.percent) == (113, 100, 13, Decimal("13.00"))
    assert (line.explained, line.unexplained, line.moved) == (12, 1, 3)
    assert [(cause.cause, cause.records, cause.is_explained) for cause in line.causes] == [
        ("withdrawn", 12, True),
        ("unexplained", 1, False),
    ]
    assert (absent.state, absent.gap) == ("not landed", None)
    assert gap_lines(now, None)[0].moved is None


def test_a_sample_is_not_held_against_the_whole(home: Path, tmp_path: Path) -> None:
    line, _ = gap_lines(with_gaps(home, tmp_path / "gaps", 13, synthetic=True), None)
    assert (line.state, line.gap, line.percent, line.causes) == ("not comparable", None, None, ())
