"""Rules of conservation about the loads of a build."""

from __future__ import annotations

from warehouse.quality.rules.rule import ConservationRule

CONSERVATION = (
    ConservationRule(
        asset=("star", "dim_release"),
        sentence="dim_release has one row for each load that the build reads",
        landed="select count(*) from landed.loads",
        star="select count(*) from star.dim_release",
    ),
)
