"""A finding that persists is one incident: opened once, closed once, and another one when it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.errors import IntegrityError
from warehouse.quality.incidents import Incident, keep_incidents, read_incidents, updated
from warehouse.quality.verdicts import Asset, Finding, Verdict, could_not_run, finding_id

NIGHT = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
CASE: Asset = ("midrc", "case")


def judged(scopes: Sequence[str], suite: str = "s", subject: str = "midrc 1") -> Verdict:
    """Return the verdict of a suite that fails for these scopes; it passes without any."""
    findings = [
        Finding(CASE, False, scope, finding_id(suite, "e", CASE, scope), "warning", scope, affected=1)
        for scope in scopes
    ] or [Finding(CASE, True, "all hold")]
    return Verdict(
        suite=suite,
        expectation="e",
        severity="warning",
        passed=not scopes,
        observed="o",
        subject=subject,
        findings=tuple(findings),
    )


def after(nights: Sequence[Sequence[Verdict]]) -> list[Incident]:
    incidents: list[Incident] = []
    for number, verdicts in enumerate(nights):
        incidents = updated(incidents, verdicts, NIGHT + timedelta(days=number), synthetic=False)
    return incidents


def test_a_finding_that_persists_is_one_incident_with_a_first_and_a_last_night() -> None:
    (incident,) = after([[judged("a")], [judged("a", subject="midrc 2")], [judged("")]])
    assert (incident.first, incident.last) == (NIGHT, NIGHT + timedelta(days=1))
    assert incident.closed == NIGHT + timedelta(days=2)


@given(nights=st.lists(st.sets(st.sampled_from("abc")), max_size=12))
def test_incidents_are_the_spells_of_nights_on_which_a_finding_fails(nights: list[set[str]]) -> None:
    incidents = after([[judged(sorted(scopes))] for scopes in nights])
    spells = [
        (scope, number)
        for scope in "abc"
        for number, scopes in enumerate(nights)
        if scope in scopes and (number == 0 or scope not in nights[number - 1])
    ]
    found = [(incident.sentence.partition("; ")[0][-1], (incident.first - NIGHT).days) for incident in incidents]
    assert sorted(found) == spells
    still = {incident.finding for incident in incidents if incident.closed is None}
    assert still == {finding_id("s", "e", CASE, scope) for scope in (nights[-1] if nights else ())}
    for incident in incidents:
        assert incident.first <= incident.last < (incident.closed or datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "night",
    [
        [],
        [judged("", suite="other")],
        [judged("", subject="idc 25.0.5")],
        [judged(""), could_not_run("s", "midrc 1", CASE, "ValueError")],
    ],
    ids=["nothing was judged", "another suite", "another source", "the suite could not run"],
)
def test_what_was_not_judged_is_not_closed(night: list[Verdict]) -> None:
    incident = after([[judged("a")], night])[0]
    assert incident.closed is None


def test_a_suite_that_could_not_run_is_an_incident_until_it_runs() -> None:
    crashed, runs = could_not_run("s", "midrc 1", CASE, "ValueError"), judged("")
    (incident,) = after([[crashed], [crashed], [runs]])
    assert (incident.severity, incident.closed) == ("error", NIGHT + timedelta(days=2))


def test_made_up_data_does_not_go_on_with_the_incidents_of_real_data() -> None:
    (real,) = after([[judged("a")]])
    old, new = updated([real], [judged("a")], NIGHT + timedelta(days=1), synthetic=True)
    assert old.closed is not None
    assert (new.synthetic, new.first) == (True, NIGHT + timedelta(days=1))


def test_the_verdicts_say_since_when_and_the_home_keeps_it(tmp_path: Path) -> None:
    for days in (0, 3):
        (kept,) = keep_incidents(tmp_path, [judged("a")], NIGHT + timedelta(days=days), synthetic=False)
        assert [finding.since for finding in kept.failing] == [NIGHT]
    (incident,) = read_incidents(tmp_path)
    assert incident.last == NIGHT + timedelta(days=3)
    assert Verdict.model_validate_json(kept.model_dump_json()).failing == kept.failing


def test_an_audit_that_finds_nothing_keeps_nothing(tmp_path: Path) -> None:
    keep_incidents(tmp_path, [judged("")], NIGHT, synthetic=False)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_set_aside_and_everything_that_fails_is_new(tmp_path: Path) -> None:
    keep_incidents(tmp_path, [judged("a")], NIGHT, synthetic=False)
    path = tmp_path / "quality" / "incidents.json"
    path.write_text("{")
    with pytest.raises(IntegrityError, match="cannot be read"):
        read_incidents(tmp_path)
    keep_incidents(tmp_path, [judged("a")], NIGHT + timedelta(days=1), synthetic=False)
    assert [incident.first for incident in read_incidents(tmp_path)] == [NIGHT + timedelta(days=1)]
    assert path.with_suffix(".damaged.json").read_text() == "{"
