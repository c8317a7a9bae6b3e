"""The dbt models as assets, with their lineage from the raw artifacts to the star."""

import contextlib
import io
import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, DbtProject, dbt_assets

from dagster_project.resources import Warehouse
from warehouse import build, refresh
from warehouse.build_failures import dbt_failure
from warehouse.settings import load_settings

log = logging.getLogger("icw.refresh")

DBT = DbtProject(project_dir=build.DBT_PROJECT, profiles_dir=build.DBT_PROJECT)


class StarTranslator(DagsterDbtTranslator):
    """Group models by their layer."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Return staging, star or seeds."""
        return "seeds" if dbt_resource_props["resource_type"] == "seed" else dbt_resource_props["fqn"][1]


MANIFEST = build.parse_project(load_settings().home / "dbt")


@dbt_assets(
    name="star",
    manifest=MANIFEST,
    project=DBT,
    exclude=build.NOT_RUN,
    dagster_dbt_translator=StarTranslator(),
)
def star(context: dg.AssetExecutionContext, warehouse: Warehouse, dbt: DbtCliResource) -> Iterator[Any]:
    """Build the chosen loads into the star; a snapshot that holds them already goes into service instead."""
    settings, landing = warehouse.settings, warehouse.landing
    releases = landing.selected()
    existing = refresh.existing_snapshot(settings.home, releases)
    if existing is not None:
        outcome = refresh.serve_existing(settings.home, existing)
        context.log.info(f"Nothing is built: snapshot {existing.id} holds these loads ({outcome}).")
        refresh.finish(settings.home, outcome, existing.id, refresh.failures_of(landing.choices()))
        return
    log.info("Building the star with dbt", extra={"event": "step"})
    prepared = build.prepare(settings.home, landing, releases, settings)
    arguments = build.dbt_arguments(prepared, settings)
    invocation = dbt.cli(arguments, context=context, target_path=prepared.dbt_target, raise_on_error=False)
    # dbt repeats its log on standard output, which belongs to the person or program that called.
    with contextlib.redirect_stdout(io.StringIO()):
        events = list(_with_progress(invocation.stream(), build.dbt_steps(MANIFEST)))
    if invocation.is_successful():
        _add_facts(context, events, prepared)
    yield from events
    if not invocation.is_successful():
        raise dbt_failure(prepared, exit_status=invocation.process.returncode)


def _with_progress(events: Iterable[Any], total: int) -> Iterator[Any]:
    """Tell how many of dbt's models and tests are done."""
    for done, event in enumerate(events, start=1):
        progress = {"event": "progress", "label": "dbt models and tests", "done": min(done, total), "total": total}
        log.info("dbt: %d of %d", done, total, extra=progress)
        yield event


def _add_facts(context: dg.AssetExecutionContext, events: Iterable[Any], prepared: build.Build) -> None:
    """Put rows and versions beside what dbt says of a table; its file does not exist before the publish."""
    rows = build.star_rows(prepared)
    versions = ", ".join(f"{release.source} {release.version}" for release in prepared.releases)
    by_output = {dg.AssetKey(["star", name]).to_python_identifier(): count for name, count in rows.items()}
    for event in events:
        if isinstance(event, dg.Output) and event.output_name in by_output:
            facts = {
                "dagster/row_count": by_output[event.output_name],
                "version": versions,
                "input_digest": prepared.input_digest,
            }
            context.add_output_metadata(facts, output_name=event.output_name)
