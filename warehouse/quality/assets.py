"""Verdicts by the asset that they judge, so that an orchestrator shows a failure on the data that failed.

An asset is a landed dataset, such as ("midrc", "case"), or a table of the star, such as ("star", "fct_series"). A row
that describes none of the assets that its suite can judge is placed on a default: for a suite over the landed files the
first dataset of the source, for a suite over the star its `default`.
"""

from __future__ import annotations

from collections.abc import Iterable

from warehouse.quality.verdicts import Asset, Verdict
from warehouse.registry import SOURCES


def owner_of(asset: Asset) -> str:
    """Return who can correct what is wrong with an asset: the source that has sent it, or this project."""
    titles = {spec.name: spec.title for spec in SOURCES}
    return titles.get(asset[0], "this project")


def owner_tag(asset: Asset) -> str:
    """Return the owner of an asset as a team: the source that sends it by its id, or this project."""
    sources = {spec.name for spec in SOURCES}
    return f"team:{asset[0] if asset[0] in sources else 'warehouse'}"


def by_asset(verdicts: Iterable[Verdict]) -> dict[Asset, list[Verdict]]:
    """Return the verdicts on each asset, restricted to it: what was observed, and whether the expectation holds there.

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
