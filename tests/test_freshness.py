"""What a monitor is told of a home: each state has one line and an exit code of its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from warehouse.errors import UsageError
from warehouse.freshness import EXIT_CODES, State, duration, freshness
from warehouse.run_record import RunRecord
from warehouse.snapshots.manifest import SourceFailure

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOOD = RunRecord(outcome="published", exit_code=0, finished_at=NOW - HOUR, last_good_at=NOW - HOUR)
BAD = RunRecord(outcome="failed", exit_code=4, error="The audit\nfailed.", finished_at=NOW - HOUR, last_good_at=NOW)
DEGRADED = GOOD.model_copy(
    update={"exit_code": 8, "failures": (SourceFailure(source="midrc", version=None, reason="HTTP 503"),)}
)
AT_WORK = RunRecord(outcome="running", stage="auditing", started_at=NOW - HOUR, last_good_at=NOW - HOUR)


def after(run: RunRecord, **changes: object) -> RunRecord:
    return AT_WORK.model_copy(update={"previous": run, "last_good_at": run.last_good_at, **changes})


@pytest.mark.parametrize(
    ("run", "snapshot", "state", "says"),
    [
        (GOOD, "s", "good", "ended well"),
        (GOOD.model_copy(update={"outcome": "unchanged"}), "s", "good", "ended well"),
        (DEGRADED, "s", "degraded", "midrc: HTTP 503"),
        (BAD, "s", "failed", "The audit failed."),
        (BAD.model_copy(update={"outcome": "died", "error": "It died."}), "s", "failed", "It died."),
        (BAD.model_copy(update={"outcome": "interrupted", "error": "Struck."}), "s", "failed", "Struck."),
        (BAD, None, "failed", "failed"),
        (GOOD.model_copy(update={"last_good_at": NOW - 37 * HOUR}), "s", "too old", "too long ago"),
        (GOOD.model_copy(update={"last_good_at": NOW + HOUR}), "s", "too old", "a clock is wrong"),
        (None, "s", "too old", "no record"),
        (None, None, "empty", "icw refresh"),
        (GOOD, None, "empty", "no snapshot"),
        (AT_WORK, None, "empty", "first refresh"),
        (after(GOOD), "s", "good", "ended well"),
        (after(BAD), "s", "failed", "The audit failed."),
        (after(DEGRADED), "s", "degraded", "midrc"),
        (after(GOOD, started_at=NOW - 37 * HOUR), "s", "running too long", "auditing"),
        (after(GOOD, last_good_at=NOW - 37 * HOUR), "s", "too old", "too long ago"),
    ],
)
def test_each_state_is_told_from_the_others(
    run: RunRecord | None, snapshot: str | None, state: State, says: str
) -> None:
    found = freshness(run, snapshot, 36 * HOUR, NOW)
    assert found.state == state, found
    assert says in found.sentence
    assert "\n" not in found.sentence
    assert found.exit_code == EXIT_CODES[state]


def test_no_two_states_share_a_code_and_none_is_bad_usage() -> None:
    assert len(set(EXIT_CODES.values())) == len(EXIT_CODES)
    assert {1, 2, 3, 4, 5, 6, 7}.isdisjoint(EXIT_CODES.values())


@pytest.mark.parametrize(("text", "hours"), [("90m", 1.5), ("36h", 36), ("2d", 48)])
def test_a_duration_is_minutes_hours_or_days(text: str, hours: float) -> None:
    assert duration(text) == hours * HOUR


@pytest.mark.parametrize("text", ["", "36", "h", "0h", "-1h", "1.5h", "1w", "36 h", "1h30m", "٣h", "9999999d"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError, match=r"90m, 36h or 2d"):
        duration(text)


def test_the_codes_are_in_the_readme() -> None:
    readme = (Path(__file__).resolve().parents[1] / "schedules/README.md").read_text(encoding="utf-8")
    (said,) = (part for part in readme.split("\n\n") if part.startswith("`icw status --check`: "))
    assert all(f" {code} " in said for code in EXIT_CODES.values())
