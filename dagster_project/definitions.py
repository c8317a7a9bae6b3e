"""Assets, checks, the refresh job and their resources. The schedule joins them in `schedules.definitions`."""

from __future__ import annotations

import dagster as dg

from dagster_project.defs.publish import snapshot
from dagster_project.defs.quality import audit_landed, audit_star
from dagster_project.defs.sources import RELEASES
from dagster_project.defs.transform import star
from dagster_project.resources import Warehouse

# One process a run: the refresh lock belongs to a process, and so does the DuckDB file of a build.
refresh_job = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Fetch, land, build, audit and publish: what `icw refresh` runs.",
)

defs = dg.Definitions(
    assets=[*RELEASES, star, snapshot],
    asset_checks=[audit_landed, audit_star],
    jobs=[refresh_job],
    executor=dg.in_process_executor,
    resources={"warehouse": Warehouse()},
)
