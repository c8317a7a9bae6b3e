"""The engine judges profiles, whatever was measured."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse.quality.checks import Check, at_least_one, at_most, equal, never, zero
from warehouse.quality.engine import judge
from warehouse.quality.suite import Detail, Profile
from warehouse.quality.verdicts import Asset, Finding, Severity, Verdict, failed_errors, finding_id

TABLE: Asset = ("star", "table")
DEFAULT: Asset = ("star", "default")


def _profile(rows: list[dict[str, object]], *checks: Check) -> Profile:
    return Profile("suite", "subject", checks, list(rows[0]), rows, DEFAULT)


def _rows(**columns: list[object]) -> list[dict[str, object]]:
    length = len(next(iter(columns.values())))
    return [
        {"label": f"row {number}", "asset": TABLE, **{name: values[number] for name, values in columns.items()}}
        for number in range(length)
    ]


def test_a_verdict_names_the_rows_that_fail() -> None:
    (verdict,) = judge([_profile(_rows(orphans=[0, 3, 0, 1]), zero("orphans", "No orphans", "error"))])
    known_as = finding_id("suite", "No orphans", TABLE, "")
    assert verdict == Verdict(
        suite="suite",
        expectation="No orphans",
        severity="error",
        passed=False,
        observed="2: row 1; row 3",
        subject="subject",
        findings=(Finding(TABLE, False, "2: row 1; row 3", known_as, "error", affected=4),),
    )


def test_a_verdict_has_a_part_for_each_asset_that_it_judges() -> None:
    rows = _rows(orphans=[0, 3, 0, 1], asset=[("star", "a"), ("star", "b"), ("star", "b"), ("idc", "c")])
    (verdict,) = judge([_profile(rows, zero("orphans", "No orphans", "error"))])
    assert [(found.asset, found.passed, found.observed, found.affected) for found in verdict.findings] == [
        (("star", "a"), True, "row 0", None),
        (("star", "b"), False, "row 1", 3),
        (("idc", "c"), False, "row 3", 1),
    ]


def test_what_fails_of_an_asset_is_one_finding_a_scope() -> None:
    details = [Detail("x", "none", 7, "from a"), Detail("x", "none", 2, "from b"), Detail("y"), Detail("z", affected=9)]
    rows = [row | {"detail": detail} for row, detail in zip(_rows(n=[1, 1, 5, 0]), details, strict=True)]
    (verdict,) = judge([_profile(rows, zero("n", "None", "warning"))])
    x, y = verdict.findings
    assert (x.scope, x.expected, x.affected) == ("x", "none", 9)
    assert x.query == "(from (from a)) union all by name (from (from b))"
    assert (y.scope, y.affected, y.query) == ("y", 5, None)
    assert x.id != y.id
    assert {x.passed, y.passed} == {False}


@pytest.mark.parametrize(
    ("check", "columns", "affected"),
    [
        (zero("n", "s", "error"), {"n": [-3]}, 3),
        (equal("a", "b", "s", "error"), {"a": [10], "b": [4]}, 6),
        (at_most("a", "b", "s", "error"), {"a": [10], "b": [4]}, 10),
        (at_most("a", "b", "s", "error"), {"a": [1.5], "b": [0.5]}, 1),
        (never("word", "bad", "s", "error"), {"word": ["bad"]}, 1),
        (at_least_one("n", "s", "error"), {"n": [0]}, 1),
    ],
)
def test_the_size_of_a_finding_is_the_count_that_is_judged(
    check: Check, columns: dict[str, list[object]], affected: int
) -> None:
    (verdict,) = judge([_profile(_rows(**columns), check)])
    assert [found.affected for found in verdict.failing] == [affected]


@pytest.mark.parametrize(
    ("check", "columns", "failing"),
    [
        (zero("n", "s", "error"), {"n": [0, 1, -1]}, "2: row 1; row 2"),
        (at_least_one("n", "s", "error"), {"n": [1, 0, 2]}, "row 1"),
        (never("word", "bad", "s", "warning"), {"word": ["good", "bad", ""]}, "row 1"),
        (equal("a", "b", "s", "error"), {"a": [1, 2, 3], "b": [1, 2, 4]}, "row 2"),
        (at_most("a", "b", "s", "warning"), {"a": [1.0, 2.0, 3.5], "b": [1.0, 2.5, 3.0]}, "row 2"),
        (zero("n", "s", "error", {"ok": True}), {"n": [0, 1, 1], "ok": [True, False, True]}, "row 2"),
        (
            zero("n", "s", "error", {"ok": True, "kind": "x"}),
            {"n": [1, 1, 1], "ok": [True, True, False], "kind": ["x", "y", "x"]},
            "row 0",
        ),
    ],
)
def test_each_kind_of_check_finds_its_rows(check: Check, columns: dict[str, list[object]], failing: str) -> None:
    (verdict,) = judge([_profile(_rows(**columns), check)])
    assert (verdict.passed, verdict.observed, verdict.severity) == (False, failing, check.severity)


@given(
    rules=st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1), min_size=1, max_size=4, unique=True
    ),
    broken=st.integers(0, 3),
)
@settings(max_examples=25, deadline=None)
def test_a_rule_is_judged_on_its_own_row_whatever_it_is_called(rules: list[str], broken: int) -> None:
    rows = _rows(rule=list(rules), count=[int(number == broken) for number in range(len(rules))])
    verdicts = judge([_profile(rows, *(zero("count", rule, "error", {"rule": rule}) for rule in rules))])
    assert [verdict.passed for verdict in verdicts] == [number != broken for number in range(len(rules))]


def test_long_lists_and_labels_are_shortened() -> None:
    rows = [{"label": f"{number} " + "x" * 500, "asset": TABLE, "orphans": 1} for number in range(500)]
    (verdict,) = judge([_profile(rows, zero("orphans", "No orphans", "error"))])
    assert verdict.observed.startswith("500: 0 xxx")
    assert verdict.observed.endswith("...; and 480 more")
    assert len(verdict.observed) < 6000


def test_what_holds_is_shown_while_it_is_short() -> None:
    few, many = (_profile(_rows(n=[0] * length), zero("n", "None", "error")) for length in (2, 21))
    assert [verdict.observed for verdict in judge([few, many])] == ["2: row 0; row 1", "21 hold"]


def test_an_empty_profile_has_nothing_to_judge() -> None:
    columns = ["n", "a", "b", "word", "ok", "label", "asset"]
    checks = (
        zero("n", "zero", "error"),
        zero("n", "zero where", "error", {"ok": True}),
        never("word", "bad", "never", "error"),
        equal("a", "b", "equal", "error"),
        at_most("a", "b", "at most", "error"),
    )
    verdicts = judge([Profile("suite", "subject", checks, columns, [], DEFAULT)])
    assert {(verdict.passed, verdict.observed) for verdict in verdicts} == {(True, "nothing to judge")}
    assert {(found.asset, found.passed) for verdict in verdicts for found in verdict.findings} == {(DEFAULT, True)}


def test_a_figure_that_is_missing_is_never_passed_over() -> None:
    with pytest.raises(RuntimeError, match="without a figure"):
        judge([_profile(_rows(n=[0, None]), zero("n", "None", "error"))])


def test_a_suite_that_does_not_fit_its_profile_is_a_defect() -> None:
    misfit = Check("None", "error", "ExpectColumnValuesToBeBetween", {"column": "m", "max_value": 0})
    with pytest.raises(RuntimeError, match="could not judge 'None'"):
        judge([_profile(_rows(n=[0]), misfit)])


@pytest.mark.parametrize(
    "check",
    [
        Check("Most are 0", "error", "ExpectColumnValuesToBeBetween", {"column": "n", "max_value": 0, "mostly": 0.5}),
        Check("The mean is 0", "error", "ExpectColumnMeanToBeBetween", {"column": "n", "max_value": 0}),
    ],
    ids=["holds although rows break it", "names no rows"],
)
def test_an_expectation_whose_verdict_is_not_that_of_its_rows_is_refused(check: Check) -> None:
    with pytest.raises(RuntimeError, match="suite 'suite' judged"):
        judge([_profile(_rows(n=[0, 0, 0, 1]), check)])


def test_two_checks_of_one_sentence_are_judged_apart() -> None:
    first, second = judge([_profile(_rows(a=[0, 0], b=[0, 1]), zero("a", "None", "error"), zero("b", "None", "error"))])
    assert (first.passed, second.passed) == (True, False)


def test_judging_leaves_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    judge([_profile(_rows(n=[0]), zero("n", "None", "error"))])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("severity", "passed", "stops"),
    [("error", False, True), ("error", True, False), ("warning", False, False), ("warning", True, False)],
)
def test_only_failed_errors_stop_the_publish(severity: Severity, passed: bool, stops: bool) -> None:
    verdict = Verdict(suite="s", expectation="e", severity=severity, passed=passed, observed="o", subject="x")
    assert (failed_errors([verdict]) == [verdict]) == stops
