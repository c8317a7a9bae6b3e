"""The page of anomalies, and the acknowledgements that the project ships for them."""

from __future__ import annotations

import pytest

from warehouse.quality.acknowledged import shipped
from warehouse.quality.anomalies import Anomaly, as_markdown
from warehouse.quality.rules import integrity, validity
from warehouse.quality.verdicts import Finding

RULES = {
    (suite, rule.sentence, f"{rule.source}.{rule.dataset}", rule.column)
    for suite, module in (("integrity", integrity), ("validity", validity))
    for rule in module.RULES
}

OF_RULES = [entry for entry in shipped() if entry.suite in ("integrity", "validity")]


def test_each_acknowledgement_is_about_a_rule_and_brings_its_evidence() -> None:
    assert OF_RULES
    assert {(entry.suite, entry.expectation, entry.asset, entry.scope) for entry in OF_RULES} <= RULES
    assert [entry.name for entry in OF_RULES if not entry.evidence or "landed_idc." not in entry.evidence] == []


def test_no_two_acknowledgements_are_about_the_same() -> None:
    names = [(entry.suite, entry.expectation, entry.asset, entry.scope) for entry in OF_RULES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("counts", "standing"),
    [
        ({"1": 5, "2": 5, "3": 5}, "5 (1 to 3)"),
        ({"1": 5, "3": 5}, "5 (1); 5 (3)"),
        ({"2": 1200, "3": 7}, "1,200 (2); 7 (3)"),
    ],
)
def test_the_page_says_how_many_records_in_which_releases(counts: dict[str, int], standing: str) -> None:
    finding = Finding(("idc", "idc_index"), False, "a | b\nc", scope="Sex", query="select 1\n  from x")
    page = as_markdown([Anomaly("integrity", "Each has one", finding.subject, finding, counts)], ["1", "2", "3"])
    assert f"| [1](#anomaly-1) | Each has one | idc.idc_index, Sex | a \\| b c | {standing} |" in page
    assert "```sql\nselect 1\nfrom x\n```" in page
