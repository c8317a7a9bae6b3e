"""Verdicts by the asset that they judge, so that an orchestrator shows a failure on the data that failed.

An asset is a landed dataset, such as ("midrc", "case"), or a table of the star, such as ("star", "fct_series"). A row
that describes none of the assets that its suite can judge is placed on a default: for a suite over the landed files the
first dataset of the source, for a suite over the star its `default`.
"""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.quality.suite import Declared, Stage
from warehouse.quality.suites import LANDED, STAR
from warehouse.quality.verdicts import Asset, Verdict


def by_asset(verdicts: Iterable[Verdict]) -> dict[Asset, list[Verdict]]:
    """Return the verdicts on each asset, restricted to it: what was observed, and whether the expectation holds there.

    Every pair of asset and suite in the result is one of `possible_checks`.

    Raises:
        ValueError: a verdict was read from a record, which does not keep the assets.
    """
    placed: dict[Asset, list[Verdict]] = {}
    for verdict in verdicts:
        if not verdict.findings:
            raise ValueError(
                f"The verdict on '{verdict.expectation}' ({verdict.suite}) names no asset: it was read from a record. "
                "Place the verdicts that an audit returns."
            )
        for finding in verdict.findings:
            placed.setdefault(finding.asset, []).append(verdict.of(finding))
    return placed


def possible_checks(stage: Stage, declared: Declared) -> list[tuple[Asset, str]]:
    """Return every pair of asset and suite (by name) that a stage of the audit can judge, known before any data exists.

    The pairs are in the order of the suites. A run need not judge all of them: a source may have no load.
    """
    if stage == "landed":
        landed = [(contract.source, name) for contract in declared.contracts for name in contract.datasets]
        return [(asset, suite.name) for suite in LANDED for asset in landed]
    return [(asset, suite.name) for suite in STAR for asset in sorted({*suite.assets(declared), suite.default})]
