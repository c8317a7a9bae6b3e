"""The releases of IDC as Dagster shows them: a dynamic partition each, materialized where it is landed and profiled.

A partition is added by `icw backfill`, or by hand in the UI (`18.2.0`, or `v18` for its newest version).
"""

from __future__ import annotations

from collections.abc import Sequence

import dagster as dg

from warehouse.backfill import Backfilled

RELEASES = dg.DynamicPartitionsDefinition(name="idc_release")
PROFILE = dg.AssetKey("idc_release_profile")


def materialization(found: Backfilled, partition: str) -> dg.AssetMaterialization:
    """Return what says that the release of a partition is landed and profiled."""
    facts = {"version": found.version or "", "channel": found.channel or "", "dagster/row_count": found.rows}
    return dg.AssetMaterialization(PROFILE, partition=partition, metadata={**facts, "outcome": found.outcome})


def report_profiled(instance: dg.DagsterInstance, found: Sequence[Backfilled]) -> None:
    """Add the partitions of releases that are landed and profiled, and materialize those that Dagster does not know."""
    profiled = {one.version: one for one in found if one.release is not None and one.version is not None}
    instance.add_dynamic_partitions(str(RELEASES.name), list(profiled))
    for version in profiled.keys() - instance.get_materialized_partitions(PROFILE):
        instance.report_runless_asset_event(materialization(profiled[version], version))
