"""What a person accepts of a finding stays visible, stops nothing, and comes back when it grows or expires."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.acknowledgements import FILE, AcceptedFinding, read_acknowledgements
from warehouse.errors import AuditFailed, UsageError
from warehouse.quality.acknowledged import acknowledge, matching_nothing, shipped
from warehouse.quality.verdicts import (
    Asset,
    Finding,
    Severity,
    Verdict,
    could_not_run,
    failed_errors,
    finding_id,
    require_no_errors,
)

DAY = date(2026, 11, 29)
INDEX: Asset = ("idc", "idc_index")
VERSIONS = {"idc": "25.0.5", "midrc": "2026-11-29-af01d533"}


def verdict(*affected: int, severity: Severity = "error", asset: Asset = INDEX) -> Verdict:
    """Return a failed verdict with a finding a scope (`a`, `b`, ...)."""
    findings = tuple(
        Finding(asset, False, f"{count} rows", finding_id("s", "e", asset, scope), severity, scope, affected=count)
        for scope, count in zip("abc", affected, strict=False)
    )
    return Verdict(
        suite="s",
        expectation="e",
        severity=severity,
        passed=False,
        observed="o",
        subject="idc 25.0.5",
        findings=findings,
    )


def entry(**other: object) -> AcceptedFinding:
    content = {"suite": "s", "expectation": "e", "accepted": 10, "until": DAY, "by": "A. Analyst", "reason": "Known."}
    return AcceptedFinding.model_validate(content | other)


def test_what_is_accepted_stops_nothing_and_says_who_and_why() -> None:
    (marked,) = acknowledge([verdict(10)], [entry(reported_to="IDC")], DAY, VERSIONS)
    assert failed_errors([marked]) == []
    require_no_errors([marked])
    assert not marked.passed
    (finding,) = marked.failing
    assert finding.acknowledged == "up to 10 accepted until 2026-11-29 by A. Analyst: Known (IDC)"
    assert Verdict.model_validate_json(marked.model_dump_json()) == marked


@pytest.mark.parametrize(
    ("accepted", "remark"),
    [
        (entry(accepted=9), "10 affected, more than the 9 that are accepted"),
        (entry(until="2026-11-28"), "accepted until 2026-11-28, not any more"),
        (entry(releases=["24.2.2"], until=None), None),
        (entry(source="midrc"), None),
        (entry(asset="idc.ct_index"), None),
        (entry(scope="b"), None),
        (entry(suite="other"), None),
        (entry(suite=None, expectation=None, finding="q-0000000000"), None),
    ],
    ids=["grown", "expired", "release", "source", "asset", "scope", "suite", "id"],
)
def test_what_grows_expires_or_is_something_else_blocks(accepted: AcceptedFinding, remark: str | None) -> None:
    (marked,) = acknowledge([verdict(10)], [accepted], DAY, VERSIONS)
    assert failed_errors([marked]) == [marked]
    assert [finding.remark for finding in marked.failing] == [remark]


@pytest.mark.parametrize(
    "accepted",
    [
        entry(),
        entry(source="idc", scope="a"),
        entry(asset="idc.idc_index"),
        entry(releases=["25.0.5"], until=None),
        entry(suite=None, expectation=None, finding=finding_id("s", "e", INDEX, "a")),
    ],
    ids=["check", "source and scope", "asset", "release", "id"],
)
def test_an_entry_names_a_finding_in_several_ways(accepted: AcceptedFinding) -> None:
    assert failed_errors(acknowledge([verdict(10)], [accepted], DAY, VERSIONS)) == []


@pytest.mark.parametrize(
    ("before", "suite", "holds"),
    [
        ("22.1.5", "stable records", True),
        ("23.5.0", "stable records", False),
        (None, "stable records", False),
        ("22.1.5", "validity", False),
    ],
)
def test_what_changed_in_a_release_that_was_passed_over_is_accepted_too(
    before: str | None, suite: str, holds: bool
) -> None:
    failed = verdict(10).model_copy(update={"suite": suite})
    accepted = entry(suite=suite, releases=["23.2.9"], until=None)
    previous = {} if before is None else {"idc": before}
    assert (failed_errors(acknowledge([failed], [accepted], DAY, VERSIONS, previous)) == []) == holds


def test_one_scope_that_is_not_accepted_blocks_and_is_the_one_that_is_named() -> None:
    marked = acknowledge([verdict(3, 7)], [entry(scope="a")], DAY, VERSIONS)
    with pytest.raises(AuditFailed, match="observed 7 rows\\.") as refused:
        require_no_errors(marked)
    assert "3 rows" not in str(refused.value)


def test_a_table_of_the_star_is_accepted_in_a_release_that_it_was_built_from() -> None:
    star: Asset = ("star", "fct_series")
    for release, blocks in (("25.0.5", False), ("24.2.2", True)):
        accepted = entry(releases=[release], until=None)
        assert bool(failed_errors(acknowledge([verdict(1, asset=star)], [accepted], DAY, VERSIONS))) == blocks


def test_a_suite_that_could_not_run_cannot_be_accepted() -> None:
    failed = could_not_run("s", "idc 25.0.5", INDEX, "ValueError: x")
    accepted = entry(expectation=failed.expectation)
    assert failed_errors(acknowledge([failed], [accepted], DAY, VERSIONS))


@given(size=st.integers(1, 10**12), accepted=st.lists(st.integers(1, 10**12), max_size=4))
def test_a_finding_is_covered_exactly_where_one_entry_accepts_its_size(size: int, accepted: list[int]) -> None:
    marked = acknowledge([verdict(size)], [entry(accepted=most) for most in accepted], DAY, VERSIONS)
    assert bool(failed_errors(marked)) == all(size > most for most in accepted)


def test_entries_that_nothing_needs_are_told() -> None:
    used, unused = entry(scope="a"), entry(scope="z")
    assert matching_nothing([used, unused], [verdict(3)]) == [unused]
    assert unused.name == "e (s, z)"


def test_findings_are_read_beside_gaps_and_losses(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        "- {finding: q-1a2b3c4d5e, accepted: 3, until: 2027-01-31, by: a, reason: b}\n"
        "- {suite: s, expectation: e, asset: idc.idc_index, accepted: 3, releases: [25.0.5], by: a, reason: b}\n"
        "- {comparison_id: x, unexplained: 1, until: 2027-01-31, by: a, reason: b}\n"
        "- {dataset: midrc.case, lost: 1, until: 2027-01-31, by: a, reason: b}\n"
    )
    accepted = read_acknowledgements(tmp_path)
    assert [found.name for found in accepted.findings] == ["q-1a2b3c4d5e", "e (s, idc.idc_index)"]
    assert (len(accepted.gaps), len(accepted.losses)) == (1, 1)


@pytest.mark.parametrize(
    "content",
    [
        "- {finding: q-1, accepted: 3, until: 2027-01-31, by: a, reason: b}",
        "- {finding: q-1a2b3c4d5e, accepted: 0, until: 2027-01-31, by: a, reason: b}",
        "- {finding: q-1a2b3c4d5e, accepted: 3, by: a, reason: b}",
        "- {suite: s, accepted: 3, until: 2027-01-31, by: a, reason: b}",
        "- {finding: q-1a2b3c4d5e, accepted: 3, until: 2027-01-31, by: a, reason: b, more: c}",
    ],
)
def test_an_entry_without_a_bound_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(UsageError, match=r"no list of acknowledgements"):
        read_acknowledgements(tmp_path)


def test_what_the_project_ships_is_bounded_and_says_where_it_was_seen() -> None:
    for accepted in shipped():
        assert accepted.releases or accepted.until
        assert accepted.evidence
