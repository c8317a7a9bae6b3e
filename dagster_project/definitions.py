"""Assets, checks, the refresh job and their resources. The schedule joins them in `schedules.definitions`."""

from __future__ import annotations

import sys
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from dagster_project.defs.publish import snapshot
from dagster_project.defs.quality import audit_landed, audit_star
from dagster_project.defs.sources import idc_release
from dagster_project.defs.transform import DBT, star
from dagster_project.resources import Warehouse

# The dbt of this environment, whether or not it is on the PATH.
_DBT = str(Path(sys.executable).with_name("dbt"))

# One process a run: the refresh lock belongs to a process, and so does the DuckDB file of a build.
refresh_job = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    description="Fetch, land, build, audit and publish: what `icw refresh` runs.",
)

defs = dg.Definitions(
    assets=[idc_release, star, snapshot],
    asset_checks=[audit_landed, audit_star],
    jobs=[refresh_job],
    executor=dg.in_process_executor,
    resources={"warehouse": Warehouse(), "dbt": DbtCliResource(project_dir=DBT, dbt_executable=_DBT)},
)
