"""Which snapshots the rules keep: those of restic, whatever the nights, and never one that is protected."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.snapshots.nights import FIRST, night
from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot, point_current_at, snapshots
from warehouse.snapshots.pins import cited, pin, pins, unpin
from warehouse.snapshots.retention import Rules, decisions, kept_by_rules

MINUTES = st.lists(st.integers(0, 400 * 24 * 60), max_size=40)
RULES = st.builds(Rules, *(st.integers(0, 6) for _ in range(4)))


def at(*times: str) -> list[datetime]:
    return [datetime.fromisoformat(f"{text}+00:00") for text in times]


def spans(made: datetime) -> dict[str, object]:
    return {
        "daily": made.date(),
        "weekly": made.isocalendar()[:2],
        "monthly": (made.year, made.month),
    }


@given(MINUTES, RULES)
def test_a_rule_keeps_the_newest_of_each_of_the_last_spans(minutes: list[int], rules: Rules) -> None:
    made = [FIRST + timedelta(minutes=minute) for minute in sorted(minutes, reverse=True)]
    wanted = {number for number in range(len(made)) if number < rules.last}
    for rule, count in (("daily", rules.daily), ("weekly", rules.weekly), ("monthly", rules.monthly)):
        newest: dict[object, int] = {}
        for number, time in enumerate(made):
            newest.setdefault(spans(time)[rule], number)
        wanted |= set(list(newest.values())[:count])
        if made and len(newest) < count:
            wanted.add(len(made) - 1)

    assert {number for number, reasons in enumerate(kept_by_rules(made, rules)) if reasons} == wanted


@given(MINUTES, RULES)
def test_pruning_again_removes_nothing_more(minutes: list[int], rules: Rules) -> None:
    made = [FIRST + timedelta(minutes=minute) for minute in sorted(minutes, reverse=True)]
    left = [time for time, reasons in zip(made, kept_by_rules(made, rules), strict=True) if reasons]

    assert all(kept_by_rules(left, rules))


def test_the_reasons_name_the_rule_and_the_span() -> None:
    made = at("2026-11-02T03:30", "2026-11-01T23:59", "2026-11-01T03:30", "2026-10-31T03:30")

    assert kept_by_rules(made, Rules(last=1, daily=2, weekly=1, monthly=3)) == [
        ("last 1 of 1", "daily 2026-11-02", "weekly 2026-W45", "monthly 2026-11"),
        ("daily 2026-11-01",),
        (),
        ("monthly 2026-10",),
    ]
    assert kept_by_rules(made[:3], Rules(daily=7)) == [
        ("daily 2026-11-02",),
        ("daily 2026-11-01",),
        ("daily: the oldest there is",),
    ]


def test_stated_rules_take_the_place_of_those_of_the_settings() -> None:
    settings = Settings(keep_daily=7, keep_monthly=12)

    assert Rules.of(settings) == Rules(daily=7, monthly=12)
    assert Rules.of(settings, weekly=3) == Rules(weekly=3)
    assert Rules.of(settings, last=0).are_none


@pytest.fixture(scope="module")
def three_nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the snapshots of three nights, which a test takes a copy of."""
    home = tmp_path_factory.mktemp("nights") / "home"
    for number in range(3):
        night(home, number)
    return home


@pytest.fixture
def three(three_nights: Path, home: Path) -> list[Snapshot]:
    shutil.copytree(three_nights, home, symlinks=True)
    return snapshots(home)


def kept(home: Path, rules: Rules) -> dict[str, tuple[str, ...]]:
    return {decision.snapshot.id: decision.reasons for decision in decisions(home, rules) if decision.is_kept}


def test_service_pins_and_citations_stand_above_the_rules(home: Path, three: list[Snapshot]) -> None:
    first, second, third = three
    assert set(kept(home, Rules(last=1))) == {third.id}
    point_current_at(home, first)
    pin(home, second, "the figures of the review")
    assert kept(home, Rules(last=1)) == {
        first.id: ("in service",),
        second.id: ("pinned: the figures of the review",),
        third.id: ("last 1 of 1",),
    }
    unpin(home, second.id[:13])
    (home / "citations").mkdir()
    record = {"snapshot_id": second.id, "sql": "from dim_modality"}
    (home / "citations" / "a1.json").write_text(json.dumps(record))
    (home / "citations" / "notes.txt").write_text("not a record")
    assert kept(home, Rules(last=1))[second.id] == ("cited by a1.json",)
    assert cited(home, [first.id, second.id]) == {second.id: ("a1.json",)}


def test_a_citation_that_cannot_be_read_stops_everything(home: Path, three: list[Snapshot]) -> None:
    (home / "citations").mkdir()
    (home / "citations" / "a1.json").write_text('{"snapshot_id": "2026')
    with pytest.raises(IntegrityError, match=r"a1.json cannot be read .* which snapshot it needs"):
        decisions(home, Rules(last=1))


@pytest.mark.parametrize("name", ["citations", "pins"])
def test_a_folder_that_cannot_be_read_is_not_an_empty_one(home: Path, three: list[Snapshot], name: str) -> None:
    (home / name).write_text("a file")
    with pytest.raises(IntegrityError, match=f"{name} cannot be read as a folder"):
        decisions(home, Rules(last=1))
    (home / name).unlink()
    (home / name).symlink_to(home / "gone")
    with pytest.raises(IntegrityError, match=f"{name} cannot be read as a folder"):
        decisions(home, Rules(last=1))


def test_without_a_rule_all_are_kept(home: Path, three: list[Snapshot]) -> None:
    assert set(kept(home, Rules())) == {found.id for found in three}


def test_a_pin_holds_even_when_its_file_is_damaged(home: Path, three: list[Snapshot]) -> None:
    pin(home, three[0], None)
    (home / "pins" / f"{three[0].id}.json").write_text("")
    assert pins(home)[three[0].id].reason is None
    assert kept(home, Rules(last=1))[three[0].id] == ("pinned",)


def test_a_name_that_is_not_pinned_is_refused_with_those_that_are(home: Path, three: list[Snapshot]) -> None:
    with pytest.raises(UsageError, match="Pinned: none"):
        unpin(home, three[0].id)
    pin(home, three[0], None)
    pin(home, three[1], None)
    with pytest.raises(UsageError, match="More than one pinned snapshot"):
        unpin(home, three[0].id[:6])
    assert datetime.now(UTC) - (pins(home)[three[0].id].pinned_at or FIRST) < timedelta(hours=1)
