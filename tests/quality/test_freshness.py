"""Suite `freshness`: a portal that stands still is told, one that rests as it is used to is not."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.support.spoiled_build import spoiled
from warehouse.build import Build
from warehouse.quality.audit import audit_star
from warehouse.quality.engine import judge
from warehouse.quality.suites.freshness import SUITE, measure_freshness
from warehouse.quality.verdicts import Verdict

DAY = date(2026, 2, 12)
ALL = {check.sentence for check in SUITE.checks}


def _verdict(changes: list[int], latest: int) -> Verdict:
    rows = measure_freshness([("bih", DAY + timedelta(days)) for days in changes], DAY + timedelta(latest))
    (verdict,) = judge([SUITE.profile("star", rows, {SUITE.default}, SUITE.default)])
    return verdict


def test_a_hub_that_stops_updating_is_a_warning() -> None:
    verdict = _verdict(list(range(10)), 19)
    assert (verdict.passed, verdict.severity) == (False, "warning")
    assert verdict.observed == (
        "bih has not changed for 10 days, since 2026-02-21 (the longest of 9 pauses was 1 days)"
    )


def test_a_hub_that_rests_as_it_is_used_to_passes() -> None:
    assert _verdict(list(range(10)), 16).passed
    assert _verdict([0, 30, 60, 75], 75 + 60).passed
    assert not _verdict([0, 30, 60, 75], 75 + 61).passed


def test_without_a_history_a_quarter_of_a_year_is_awaited() -> None:
    assert _verdict([0], 90).passed
    assert not _verdict([0], 91).passed


@given(st.lists(st.integers(0, 400), min_size=1, max_size=20), st.integers(0, 60))
def test_the_order_and_repetition_of_changes_do_not_count_and_more_days_are_never_better(
    changes: list[int], later: int
) -> None:
    def measured(days: list[int], latest: int) -> object:
        return measure_freshness([("bih", DAY + timedelta(day)) for day in days], DAY + timedelta(latest))

    last = max(changes)
    assert measured(changes, last + later) == measured([*reversed(changes), *changes], last + later)
    (row,) = measure_freshness([("bih", DAY + timedelta(day)) for day in changes], DAY + timedelta(last + later))
    assert row.days == later


def test_the_audit_reads_the_dates_of_the_loads(sound_build: Build, tmp_path: Path) -> None:
    late = "insert into landed.releases values ('bih', 'old', timestamp '2026-01-01')"
    (sound,), (verdict,) = (
        [found for found in audit_star(build) if found.suite == "freshness"]
        for build in (sound_build, spoiled(sound_build, tmp_path, late))
    )
    # The sound build has no portal; the release in it is of October.
    assert (sound.passed, sound.observed) == (True, "nothing to judge")
    assert not verdict.passed
    assert verdict.observed == "bih has not changed for 273 days, since 2026-01-01 (no history)"
