"""A suite that fails itself is an error that says so, never a pass, and the other suites judge all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.marks import later
from tests.support.small_release import land
from warehouse.build import Build
from warehouse.errors import AuditFailed, IntegrityError, StorageError
from warehouse.quality import audit
from warehouse.quality.checks import zero
from warehouse.quality.verdicts import COULD_RUN, Verdict, failed_errors, require_no_errors

Raise = Callable[..., Any]


def raising(error: Exception) -> Raise:
    def measure(*_: object) -> list[Any]:
        raise error

    return measure


def asking(sql: str) -> Raise:
    def measure(connection: duckdb.DuckDBPyConnection, _: object) -> list[Any]:
        connection.execute(sql)
        return []

    return measure


DEFECTS = pytest.mark.parametrize(
    ("measure", "says"),
    [
        (raising(ValueError("no figure in //user:secret@host/x")), "ValueError: no figure in //host/x"),
        later(raising(RuntimeError()), "RuntimeError"),
        (asking("select nothing"), "BinderException: Binder Error: "),
        later(asking("from nowhere"), "CatalogException: Catalog Error: "),
        later(asking("select cast('x' as integer)"), "ConversionException: Conversion Error: "),
    ],
    ids=["defect", "without words", "binder", "catalog", "conversion"],
)


def could_run(verdicts: list[Verdict]) -> list[Verdict]:
    return [verdict for verdict in verdicts if verdict.expectation == COULD_RUN]


@DEFECTS
def test_a_suite_over_landed_datasets_that_fails_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measure: Raise, says: str
) -> None:
    first, *others = audit.LANDED
    monkeypatch.setattr(audit, "LANDED", (replace(first, measure=measure), *others))
    landing, release = land(tmp_path)
    verdicts = audit.audit_landed([release], landing)
    failed = could_run(verdicts)
    assert {(verdict.suite, verdict.severity, verdict.passed) for verdict in failed} == {(first.name, "error", False)}
    assert all(verdict.observed.startswith(f"could not run: {says}") for verdict in failed)
    assert {verdict.suite for verdict in verdicts} >= {suite.name for suite in others}
    assert failed_errors(verdicts) == failed
    with pytest.raises(AuditFailed, match="could not run"):
        require_no_errors(verdicts)


@DEFECTS
def test_a_suite_over_the_star_that_fails_is_an_error(
    sound_build: Build, monkeypatch: pytest.MonkeyPatch, measure: Raise, says: str
) -> None:
    first, second, third, *_ = audit.STAR
    monkeypatch.setattr(audit, "STAR", (first, replace(second, measure=measure), third))
    verdicts = audit.audit_star(sound_build)
    (failed,) = could_run(verdicts)
    assert (failed.suite, failed.subject) == (second.name, "star")
    assert failed.observed.startswith(f"could not run: {says}")
    assert list(dict.fromkeys(verdict.suite for verdict in verdicts)) == [first.name, second.name, third.name]
    assert failed_errors(verdicts) == [failed]


def test_a_suite_that_does_not_fit_its_profile_is_an_error(sound_build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, *_ = audit.STAR
    misfit = replace(first, checks=(zero("no such figure", "None", "warning"),))
    monkeypatch.setattr(audit, "STAR", (misfit, second))
    verdicts = audit.audit_star(sound_build)
    (failed,) = could_run(verdicts)
    assert "could not judge 'None'" in failed.observed
    assert {verdict.suite for verdict in verdicts} == {first.name, second.name}


@pytest.mark.parametrize("error", [IntegrityError("wrong bytes"), StorageError("no room")])
def test_errors_for_a_person_keep_their_meaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    first, *others = audit.LANDED
    monkeypatch.setattr(audit, "LANDED", (replace(first, measure=raising(error)), *others))
    landing, release = land(tmp_path)
    with pytest.raises(type(error), match=str(error)):
        audit.audit_landed([release], landing)


def test_a_query_that_fails_hides_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from warehouse.quality.keys import KeyProfile
    from warehouse.quality.suite import Detail

    monkeypatch.setattr(KeyProfile, "detail", Detail(query="from nowhere"))
    keys = next(suite for suite in audit.LANDED if suite.name == "landed keys")
    row = KeyProfile("idc", "idc_index", "SeriesInstanceUID", True, True, 10, 3, 0)
    monkeypatch.setattr(audit, "LANDED", (replace(keys, measure=lambda *_: [row]),))
    landing, release = land(tmp_path)
    (verdict,) = failed_errors(audit.audit_landed([release], landing))
    (finding,) = verdict.failing
    assert finding.examples == ()
    assert str(finding.remark).startswith("its records cannot be listed: CatalogException")
