"""Rules of conservation about the loads of a build."""

from __future__ import annotations

from warehouse.quality.rules.rule import ConservationRule

CONSERVATION = (
    ConservationRule(
        asset=("star", "dim_release"),
        sentence="dim_release has one row for each load that the build reads",
        landed="select (select count(*) from landed.loads) + (select count(*) from landed.earlier_loads)",
        star="select count(*) from star.dim_release",
    ),
)
