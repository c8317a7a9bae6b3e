"""One message a night to a receiver on loopback: what has opened and closed, the three worst, and where to look."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.receiver import PASSWORD, Receiver
from warehouse.alerts.findings import alert_of_findings
from warehouse.quality.incidents import keep_incidents
from warehouse.quality.verdicts import Asset, Finding, Severity, Verdict, finding_id
from warehouse.settings import Settings, load_settings

NIGHT = datetime(2026, 11, 1, 3, 30, tzinfo=UTC)
CASE: Asset = ("midrc", "case")


def judged(scopes: Sequence[str], severity: Severity = "warning", acknowledged: str | None = None) -> Verdict:
    findings = [
        Finding(
            CASE,
            False,
            f"{scope} is wrong",
            finding_id(severity, "Every one is right", CASE, scope),
            severity,
            scope,
            affected=len(scope),
            acknowledged=acknowledged,
        )
        for scope in scopes
    ]
    return Verdict(
        suite=severity,
        expectation="Every one is right",
        severity=severity,
        passed=not scopes,
        observed="o",
        subject="midrc 1",
        findings=tuple(findings or [Finding(CASE, True, "all hold")]),
    )


def night(settings: Settings, number: int, *verdicts: Verdict) -> None:
    keep_incidents(settings.home, verdicts, NIGHT + timedelta(days=number), synthetic=False)
    alert_of_findings(settings)


def test_what_opens_and_closes_is_told_once(settings: Settings, receiver: Receiver) -> None:
    night(settings, 0, judged(["a"]))
    night(settings, 1, judged(["a"]))
    assert [message["type"] for message in receiver.messages] == ["warning"]
    assert "1 warning opened" in receiver.messages[0]["title"]
    assert "Every one is right (midrc.case, a): a is wrong" in receiver.messages[0]["message"]
    assert "icw quality" in receiver.messages[0]["message"]
    night(settings, 2, judged([]))
    night(settings, 3, judged([]))
    assert [message["type"] for message in receiver.messages[1:]] == ["success"]
    assert "1 finding closed" in receiver.messages[1]["title"]


def test_one_message_names_the_three_worst(settings: Settings, receiver: Receiver) -> None:
    night(settings, 0, judged(["x", "xxxx", "xx", "xxx"]), judged(["error"], "error"))
    (message,) = receiver.messages
    assert "1 error opened, 4 warnings opened" in message["title"]
    named = [line for line in message["message"].splitlines() if line.startswith("opened")]
    assert ["error is wrong" in named[0], "xxxx is" in named[1], "xxx is" in named[2]] == [True] * 3
    assert len(named) == 3
    assert "and 2 more" in message["message"]


def test_what_is_acknowledged_is_not_told_until_it_comes_back(settings: Settings, receiver: Receiver) -> None:
    night(settings, 0, judged(["a"], acknowledged="accepted"))
    night(settings, 1, judged(["a"], acknowledged="accepted"))
    assert receiver.messages == []
    night(settings, 2, judged(["a"]))
    assert len(receiver.messages) == 1


def test_nothing_is_told_where_nothing_was_found(settings: Settings, receiver: Receiver) -> None:
    night(settings, 0, judged([]))
    assert receiver.messages == []


def test_a_failing_address_stops_nothing_is_not_shown_and_is_tried_again_by_the_next_audit(
    settings: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    receiver.status = 500
    night(settings, 0, judged(["a"]))
    receiver.status = 200
    night(settings, 1, judged(["a"]))
    night(settings, 2, judged(["a"]))
    assert len(receiver.messages) == 2
    assert "Alert address 1 of ICW_ALERTS did not take the message." in caplog.text
    told = caplog.text + "".join(capfd.readouterr()) + repr(settings) + settings.model_dump_json()
    written = "".join(path.read_text() for path in settings.home.rglob("*") if path.is_file())
    for secret in (PASSWORD, receiver.address):
        assert secret not in told + written


@pytest.mark.parametrize("address", ["nonsense", "json://127.0.0.1:1/closed", f"unknown://x:{PASSWORD}@y"])
def test_one_good_address_among_bad_ones_is_enough(
    receiver: Receiver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: Settings,
    address: str,
) -> None:
    monkeypatch.setenv("ICW_ALERTS", f"{address}, {receiver.address}")
    several = load_settings(home=tmp_path)
    night(several, 0, judged(["a"]))
    night(several, 1, judged(["a"]))
    assert len(receiver.messages) == 1
    assert PASSWORD not in caplog.text


def test_without_addresses_nothing_is_told_then_or_later(
    tmp_path: Path, receiver: Receiver, settings: Settings
) -> None:
    silent = settings.model_copy(update={"alerts": type(settings.alerts)("")})
    night(silent, 0, judged(["a"]))
    night(settings, 1, judged(["a"]))
    assert receiver.messages == []


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", ()),
        (" , ", ()),
        ("json://a/b", ("json://a/b",)),
        ("json://a,slack://b/c  mailto://d?to=x@y.z,v@w.u\nntfy://e", None),
    ],
)
def test_addresses_are_split_at_commas_and_blanks(text: str, addresses: tuple[str, ...] | None) -> None:
    expected = (
        addresses if addresses is not None else ("json://a", "slack://b/c", "mailto://d?to=x@y.z,v@w.u", "ntfy://e")
    )
    assert load_settings(alerts=text).alert_addresses == expected
