"""The dbt models as assets, with their lineage from the raw artifacts to the star."""

import contextlib
import io
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from dagster_project.resources import Warehouse
from warehouse import build
from warehouse.refresh import existing_snapshot
from warehouse.settings import load_settings

log = logging.getLogger("icw.refresh")

DBT = DbtProject(project_dir=build.DBT_PROJECT, profiles_dir=build.DBT_PROJECT)


class StarTranslator(DagsterDbtTranslator):
    """Group models by their layer."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return staging, star or seeds."""
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]


@dbt_assets(
    name="star",
    manifest=build.parse_project(load_settings().home / "dbt"),
    project=DBT,
    dagster_dbt_translator=StarTranslator(),
)
def star(context: dg.AssetExecutionContext, warehouse: Warehouse, dbt: DbtCliResource) -> Iterator[Any]:
    """Build the chosen loads into the star, unless a snapshot with just this input exists."""
    settings, landing = warehouse.settings, warehouse.landing
    releases = landing.selected()
    if existing_snapshot(settings.home, releases) is not None:
        context.log.info("A snapshot of these loads by this code exists: nothing is built.")
        return
    log.info("Building the star with dbt", extra={"event": "step"})
    prepared = build.prepare(settings.home, landing, releases, settings)
    arguments = build.dbt_arguments(prepared, settings)
    invocation = dbt.cli(arguments, context=context, target_path=prepared.dbt_target, raise_on_error=False)
    # dbt repeats its log on standard output, which belongs to the person or program that called.
    with contextlib.redirect_stdout(io.StringIO()):
        yield from invocation.stream()
    if not invocation.is_successful():
        raise build.dbt_failure(prepared)
