"""Assets, checks, the jobs of refresh and backfill, resources. The schedule joins them in `schedules.definitions`.

Importing this module reads and writes nothing: what the definitions need of the dbt project is read when they are asked
for.
"""

from __future__ import annotations

import warnings

import dagster as dg

from dagster_project.defs.backfill import LockedHome, backfill_job, idc_release_profile
from dagster_project.defs.publish import snapshot_asset
from dagster_project.defs.quality import audit_checks
from dagster_project.defs.sources import RELEASES
from dagster_project.defs.transform import evidence_assets, star_assets
from dagster_project.outcome import looks
from dagster_project.release_partitions import PROFILE
from dagster_project.resources import Warehouse
from warehouse.build.project import parsed_project
from warehouse.settings import Settings, load_settings

# One process a run: the refresh lock belongs to a process, and so does the DuckDB file of a build.
refresh_job = dg.define_asset_job(
    "refresh",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets(PROFILE)
    | dg.AssetSelection.assets(*(key for release in RELEASES for key in release.keys)),
    executor_def=dg.in_process_executor,
    description="Fetch, land, build, audit and publish: what `icw refresh` runs.",
)


def definitions(settings: Settings) -> dg.Definitions:
    """Return the definitions over the tables of the dbt project, which is parsed if no parse of its state is cached.

    Raises:
        BuildFailed: the project cannot be parsed.
        StorageError: the cache of its parse cannot be written.
    """
    project = parsed_project(settings.project_cache)
    with warnings.catch_warnings():
        # Code references are in beta; the tests see to it that they arrive.
        warnings.simplefilter("ignore", dg.BetaWarning)
        star = star_assets(project)
        assets = dg.with_source_code_references([*RELEASES, star, snapshot_asset(star)])
    return dg.Definitions(
        assets=[*assets, *evidence_assets(project), *looks(), idc_release_profile],
        asset_checks=audit_checks(project),
        jobs=[refresh_job, backfill_job],
        executor=dg.in_process_executor,
        resources={"warehouse": Warehouse(), "locked_home": LockedHome()},
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions for the settings of the environment: what a Dagster code location loads."""
    return definitions(load_settings())
