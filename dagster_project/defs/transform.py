"""The tables that dbt makes as assets, with their lineage from the raw artifacts to the star.

Only what a run makes is an asset. The views of staging and the seeds are made once for each state of the project
(`warehouse.build.project`), so lineage passes through them: `icw docs` draws them.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

from dagster_project.outcome import show_outcome
from dagster_project.resources import Warehouse, at_stage
from warehouse import build, refresh
from warehouse.alerts.findings import alert_of_findings
from warehouse.build import DBT_PROJECT
from warehouse.build.project import Project, Table, tables_read
from warehouse.quality.assets import owner_tag
from warehouse.registry import SOURCES
from warehouse.room import require_room
from warehouse.run_record import failures_of

log = logging.getLogger("icw.refresh")


def _specs(project: Project) -> list[dg.AssetSpec]:
    """Return each table of the project as an asset that depends on the tables and the landed data that it reads.

    Each may be left out of a run: nothing is built where a snapshot holds the loads already. Made from the manifest
    here: dagster-dbt, which does it too, loads all of dbt for it (1.8 of the 6 s that the imports of a refresh take,
    measured in November 2026).
    """
    models = {(node["schema"], node["name"]): node for node in project.models.values()}
    return [_spec(models[table], table, reads) for table, reads in tables_read(project).items()]


def evidence_assets(project: Project) -> list[dg.AssetSpec]:
    """Return what the tables read and neither a source nor a model makes: the build lays it out from earlier nights."""
    tables = tables_read(project)
    landed = {(spec.name, dataset) for spec in SOURCES for dataset in spec.contract.datasets}
    left = {read for reads in tables.values() for read in reads} - set(tables) - landed
    return [
        dg.AssetSpec(
            key=dg.AssetKey(list(table)),
            description=f"{'.'.join(table)}: evidence of earlier nights, which the build lays out for the models.",
            group_name="evidence",
            kinds={"parquet"},
            owners=[owner_tag(table)],
            tags={"layer": "evidence"},
        )
        for table in sorted(left)
    ]


def _spec(model: Mapping[str, Any], table: Table, reads: Iterable[Table]) -> dg.AssetSpec:
    """Return the asset of a table, from its model in dbt's manifest and from what it reads."""
    columns = [
        dg.TableColumn(column["name"], column["data_type"] or "", column["description"])
        for column in model["columns"].values()
    ]
    source = dg.LocalFileCodeReference(file_path=str(DBT_PROJECT / model["original_file_path"]), line_number=1)
    return dg.AssetSpec(
        key=dg.AssetKey(list(table)),
        deps=[dg.AssetKey(list(read)) for read in sorted(reads)],
        skippable=True,
        description=model["description"],
        group_name=model["fqn"][1],
        owners=[owner_tag(table)],
        tags={"layer": model["fqn"][1]},
        kinds={"dbt", "duckdb"},
        metadata={
            "dagster/table_name": ".".join(table),
            "dagster/column_schema": dg.TableSchema(columns=columns),
            "dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[source]),
        },
    )


def star_assets(project: Project) -> dg.AssetsDefinition:
    """Return the tables of the project as assets that one step makes, in one build."""

    @dg.multi_asset(name="star", specs=_specs(project))
    @at_stage("building the star")
    def star(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
        """Build the chosen loads into the star; a snapshot that holds them already goes into service instead."""
        settings, landing = warehouse.settings, warehouse.landing
        releases = landing.selected()
        existing = refresh.existing_snapshot(settings.home, releases, settings.engine)
        if existing is not None:
            served = refresh.serve_existing(settings, existing)
            context.log.info(f"Nothing is built: {served.snapshot.id} holds these loads ({served.outcome}).")
            alert_of_findings(settings)
            failures = failures_of(landing.choices())
            refresh.finish(settings, served.outcome, served.snapshot.id, failures)
            show_outcome(context.instance, context.run_id, settings.home)
            return
        require_room(settings, releases)
        log.info("Building the star", extra={"event": "step"})
        evidence = refresh.evidence(settings.home, releases)
        prepared = build.prepare(settings.home, landing, releases, settings, evidence)
        # The profile of the tables is one more.
        made = _with_progress(build.run_models_apart(prepared, settings), len(prepared.models) + 1)
        yield from _materialized(made, prepared, project)

    return star


def _with_progress(results: Iterable[build.ModelResult], total: int) -> Iterator[build.ModelResult]:
    """Tell how many of the models are done."""
    for done, result in enumerate(results, start=1):
        progress = {"event": "progress", "label": "models", "done": done, "total": total}
        log.info("model %d of %d", done, total, extra=progress)
        yield result


def _materialized(
    results: Iterable[build.ModelResult], prepared: build.Build, project: Project
) -> Iterator[dg.MaterializeResult]:
    """Say of each table, as it comes about, how many rows it has, from what it was made, and how long that took.

    Those that read nothing are there from the beginning. While another process makes the next tables, this one keeps
    Dagster's records of the last.
    """
    schemas = {name: schema for schema, name in tables_read(project)}
    versions = ", ".join(f"{release.source} {release.version}" for release in prepared.releases)

    def result(name: str, rows: int, seconds: float) -> dg.MaterializeResult:
        facts = {"version": versions, "input_digest": prepared.input_digest, "seconds": seconds}
        return dg.MaterializeResult(
            asset_key=dg.AssetKey([schemas[name], name]), metadata={"dagster/row_count": rows, **facts}
        )

    for name in schemas:
        if name not in prepared.models and name != build.PROFILE_TABLE:
            yield result(name, 0, 0.0)
    for made in results:
        yield result(made.name, made.rows, made.seconds)
