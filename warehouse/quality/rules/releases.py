"""Rules of conservation about the loads of a build."""

from __future__ import annotations

from warehouse.quality.rules.rule import ConservationRule, ValueRule

CONSERVATION = (
    ConservationRule(
        asset=("star", "dim_release"),
        sentence="dim_release has one row for each load that the build reads",
        landed="select (select count(*) from landed.loads) + (select count(*) from landed.earlier_loads)",
        star="select count(*) from star.dim_release",
    ),
    ConservationRule(
        asset=("star", "rpt_count_history"),
        sentence="rpt_count_history has every count of earlier loads that the build reads",
        landed="select count(*) from landed.count_history",
        star="select count(*) from star.rpt_count_history where not is_release_of_snapshot",
    ),
)

VALUES = (
    ValueRule(
        asset=("star", "rpt_count_history"),
        sentence="No counts of an earlier load are lost from the history",
        severity="warning",
        relation="star.dim_release",
        value="source_id || ' ' || upstream_version",
        broken="role = 'evidence' and dataset = 'counts' and status = 'absent'",
    ),
)
