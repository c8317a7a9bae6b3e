"""Gaps between systems are judged on real tables: explained ones are shown, one that opens without a reason stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.quality.profiles import profile_of
from warehouse.acknowledgements import FILE, Accepted, Acknowledgement, in_force, read_acknowledgements
from warehouse.errors import UsageError
from warehouse.quality.engine import judge
from warehouse.quality.history import EarlierGap, KnownGaps, read_gaps
from warehouse.quality.suites.gaps import SUITE, measure_gaps
from warehouse.quality.verdicts import Verdict

DAY = date(2026, 11, 25)
CAUSES = "The causes of every gap add up to it"
OPENED = "No gap has opened without an explanation"
BEYOND = "No gap has opened without an explanation beyond the bound"
WHOLE = "Every gap is fully explained"
SAME = "Two systems that describe the same things have as many of them"
MOVED = "No gap has changed since the snapshot in service"
ERRORS = {CAUSES, BEYOND}
LOST = "What the snapshot in service compares is still compared"
ALL = {*ERRORS, OPENED, WHOLE, SAME, MOVED, LOST}

# comparison, gap, per cent, unexplained; then its causes: side, cause, count.
EXPLAINED = ("midrc-bih:case", 8575, 11.25, 0), [("left", "newer_than_hub", 8575)]
BOTH_WAYS = ("idc-bih:series", 90, 0.01, 5), [("left", "collection_absent", 95), ("right", "unexplained", 5)]
STATED_RIGHT = ("midrc_reported-midrc:case", 0, 0.0, 0), []
STATED_WRONG = ("midrc_reported-midrc:case", -3, -0.1, 3), [("right", "unexplained", 3)]
NOT_THE_GAP = ("midrc-bih:study", 10, 1.0, 0), [("left", "parent_absent", 9)]
NOT_THE_UNEXPLAINED = ("midrc-bih:study", 10, 1.0, 0), [("left", "parent_absent", 8), ("left", "unexplained", 2)]

Row = tuple[tuple[str, int, float, int], list[tuple[str, str, int]]]
Judged = Callable[..., dict[str, Verdict]]


@pytest.fixture
def judged(tmp_path: Path) -> Judged:
    """Judge these comparisons, with a further one that could not be made."""

    def verdicts(
        *rows: Row, known: KnownGaps | None = None, size: int = 1000, synthetic: tuple[str, ...] = ()
    ) -> dict[str, Verdict]:
        with duckdb.connect(str(tmp_path / "build.duckdb")) as connection:
            connection.execute("create schema star")
            connection.execute(
                "create table star.rec_gap (comparison_id varchar, is_compared boolean, gap bigint,"
                " gap_percent decimal(18, 2), unexplained_count bigint, left_count bigint, right_count bigint)"
            )
            connection.execute(
                "create table star.rec_gap_cause"
                " (comparison_id varchar, side varchar, cause varchar, is_explained boolean, cause_count bigint)"
            )
            connection.execute("insert into star.rec_gap values ('not made', false, null, null, null, null, null)")
            for (comparison, gap, percent, unexplained), causes in rows:
                connection.execute(
                    "insert into star.rec_gap values (?, true, ?, ?, ?, ?, ?)",
                    [comparison, gap, percent, unexplained, size + gap, size],
                )
                for side, cause, count in causes:
                    connection.execute(
                        "insert into star.rec_gap_cause values (?, ?, ?, ?, ?)",
                        [comparison, side, cause, cause != "unexplained", count],
                    )
            found = judge([profile_of(SUITE, measure_gaps(connection, known or KnownGaps(), DAY, synthetic))])
        return {verdict.expectation: verdict for verdict in found}

    return verdicts


def failed(verdicts: dict[str, Verdict]) -> set[str]:
    return {sentence for sentence, verdict in verdicts.items() if not verdict.passed}


def acknowledged(unexplained: int, until: date = DAY) -> KnownGaps:
    entry = Acknowledgement(
        comparison_id="idc-bih:series", unexplained=unexplained, until=until, by="A. Analyst", reason="Told the hub."
    )
    return KnownGaps(acknowledgements=(entry,))


def test_an_explained_gap_is_a_warning_with_its_size_and_its_causes(judged: Judged) -> None:
    verdicts = judged(EXPLAINED, STATED_RIGHT)
    assert failed(verdicts) == {SAME}
    assert verdicts[SAME].severity == "warning"
    assert verdicts[SAME].observed == "midrc-bih:case +8,575 (+11.25 %); 8,575 newer_than_hub (left)"


def test_a_small_gap_that_opens_without_an_explanation_is_a_warning(judged: Judged) -> None:
    verdicts = judged(BOTH_WAYS)
    assert failed(verdicts) == {OPENED, WHOLE, SAME}
    assert verdicts[OPENED].severity == "warning"
    assert "95 collection_absent (left), 5 unexplained (right)" in verdicts[OPENED].observed


@pytest.mark.parametrize(
    ("unexplained", "in_service", "size", "stops"),
    [(20, 0, 100, False), (21, 0, 100, True), (21, 1, 100, False), (60, 0, 6000, False), (61, 0, 6000, True)],
)
def test_a_gap_that_opens_beyond_the_bound_is_an_error(
    judged: Judged, unexplained: int, in_service: int, size: int, stops: bool
) -> None:
    known = KnownGaps({"idc-bih:series": EarlierGap(gap=0, unexplained=in_service)})
    row: Row = ("idc-bih:series", -unexplained, 0.01, unexplained), [("right", "unexplained", unexplained)]
    verdicts = judged(row, known=known, size=size)
    assert (BEYOND in failed(verdicts)) == stops
    assert OPENED in failed(verdicts)
    assert verdicts[BEYOND].severity == "error"


def test_an_unexplained_gap_that_is_in_service_already_is_a_warning(judged: Judged) -> None:
    known = KnownGaps({"idc-bih:series": EarlierGap(gap=90, unexplained=5)})
    assert failed(judged(BOTH_WAYS, known=known)) == {WHOLE, SAME}


def test_an_acknowledged_gap_is_a_warning_that_names_who_and_why(judged: Judged) -> None:
    verdicts = judged(BOTH_WAYS, known=acknowledged(5))
    assert failed(verdicts) == {WHOLE, SAME}
    assert "up to 5 unexplained accepted until 2026-11-25 by A. Analyst: Told the hub." in verdicts[WHOLE].observed


@pytest.mark.parametrize("known", [acknowledged(4), acknowledged(5, date(2026, 11, 24))], ids=["too_few", "expired"])
def test_an_acknowledgement_covers_no_more_rows_and_no_later_day(judged: Judged, known: KnownGaps) -> None:
    assert OPENED in failed(judged(BOTH_WAYS, known=known))


def test_a_sample_of_made_up_data_is_not_held_against_real_data(judged: Judged) -> None:
    known = KnownGaps({"midrc-bih:case": EarlierGap(gap=8000, unexplained=0)})
    verdicts = judged(EXPLAINED, known=known, synthetic=("bih",))
    assert failed(verdicts) == set()
    assert "not comparable" in verdicts[WHOLE].observed


def test_two_samples_are_compared(judged: Judged) -> None:
    known = KnownGaps({"midrc-bih:case": EarlierGap(gap=8000, unexplained=0)})
    assert failed(judged(EXPLAINED, known=known, synthetic=("bih", "midrc"))) == {SAME, MOVED}


def test_a_gap_that_moved_is_a_warning_with_both_figures(judged: Judged) -> None:
    verdicts = judged(EXPLAINED, known=KnownGaps({"midrc-bih:case": EarlierGap(gap=8000, unexplained=0)}))
    assert failed(verdicts) == {SAME, MOVED}
    assert verdicts[MOVED].severity == "warning"
    assert "+8,575 (+11.25 %)" in verdicts[MOVED].observed
    assert "+8,000 before" in verdicts[MOVED].observed


def test_a_stated_total_that_was_not_ingested_is_a_gap_without_an_explanation(judged: Judged) -> None:
    assert failed(judged(STATED_WRONG)) == {OPENED, WHOLE}


@pytest.mark.parametrize("comparison", [NOT_THE_GAP, NOT_THE_UNEXPLAINED], ids=["gap", "unexplained"])
def test_causes_that_are_not_the_gap_are_an_error(judged: Judged, comparison: Row) -> None:
    verdicts = judged(comparison)
    assert failed(verdicts) == {CAUSES, SAME}
    assert verdicts[CAUSES].severity == "error"


def test_a_comparison_that_is_in_service_and_not_made_any_more_is_a_warning(judged: Judged) -> None:
    known = KnownGaps({"not made": EarlierGap(gap=-7, unexplained=2)})
    verdicts = judged(STATED_RIGHT, known=known)
    assert failed(verdicts) == {LOST}
    assert verdicts[LOST].severity == "warning"
    assert verdicts[LOST].observed == "not made: -7 before, not compared now"


def test_a_build_without_any_comparison_is_judged_all_the_same(judged: Judged) -> None:
    verdicts = judged()
    assert failed(verdicts) == set()
    assert verdicts.keys() == ALL
    assert {sentence for sentence, verdict in verdicts.items() if verdict.severity == "error"} == ERRORS


def test_the_gaps_of_a_snapshot_are_read_from_its_table(tmp_path: Path) -> None:
    table = tmp_path / "rec_gap.parquet"
    assert read_gaps([table]) == {}
    with duckdb.connect() as connection:
        connection.execute(
            "copy (select 'a:b' as comparison_id, true as is_compared, 3::bigint as gap, 1::bigint as unexplained_count"
            f" union all select 'c:d', false, null, null) to '{table}' (format parquet)"
        )
    assert read_gaps([table]) == {"a:b": EarlierGap(3, 1)}


GOOD = """
- {comparison_id: "midrc-bih:case", unexplained: 12, until: 2027-01-31, by: A. Analyst, reason: Told the hub.}
- {comparison_id: "midrc-bih:case", unexplained: 15, until: 2026-12-31, by: B. Analyst, reason: Before.}
"""


def test_acknowledgements_are_read_from_the_home_and_the_one_that_lasts_longest_counts(tmp_path: Path) -> None:
    assert read_acknowledgements(tmp_path) == Accepted()
    (tmp_path / FILE).write_text("")
    assert read_acknowledgements(tmp_path) == Accepted()
    (tmp_path / FILE).write_text(GOOD)
    found = read_acknowledgements(tmp_path).gaps
    assert [entry.by for entry in found] == ["A. Analyst", "B. Analyst"]
    assert in_force(found, DAY)["midrc-bih:case"].unexplained == 12
    assert in_force(found, date(2027, 2, 1)) == {}


def test_accepted_losses_are_read_for_a_source_and_a_day(tmp_path: Path) -> None:
    loss = "{dataset: midrc.measurement, lost: 40, until: 2027-01-31, by: A. Analyst, reason: Withdrawn.}"
    (tmp_path / FILE).write_text(f"{GOOD}- {loss}\n")
    accepted = read_acknowledgements(tmp_path)
    assert len(accepted.gaps) == 2
    assert accepted.losses_of("midrc", date(2027, 1, 31)) == {"measurement": 40}
    assert accepted.losses_of("midrc", date(2027, 2, 1)) == accepted.losses_of("bih", date(2027, 1, 1)) == {}


@pytest.mark.parametrize(
    "content",
    [
        "just words",
        "- {comparison_id: x}",
        "- {comparison_id: x, unexplained: 0, until: 2027-01-31, by: a, reason: b}",
        "- {comparison_id: x, unexplained: 1, until: soon, by: a, reason: b}",
        "- {comparison_id: x, unexplained: 1, until: 2027-01-31, by: a, reason: b, more: c}",
        "- [unclosed",
        "\x00",
    ],
)
def test_a_file_that_is_no_list_of_acknowledgements_is_one_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UsageError, match=r"acknowledgements\.yml is no list of acknowledgements .* correct the file"):
        read_acknowledgements(tmp_path)
