"""The snapshot as an asset: what readers see."""

import logging
import time
from collections.abc import Iterator

import dagster as dg

from dagster_project.outcome import show_outcome
from dagster_project.resources import Warehouse, at_stage
from warehouse import refresh
from warehouse.alerts.findings import alert_of_findings
from warehouse.build import open_build
from warehouse.quality.assets import owner_tag
from warehouse.run_record import failures_of

log = logging.getLogger("icw.refresh")


def snapshot_asset(star: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """Return the snapshot as an asset that depends on every table of the star."""
    return dg.asset(
        deps=[star],
        name="snapshot",
        description="What readers see: the DuckDB file, the Parquet tables, the manifest, the report of the audit.",
        group_name="snapshot",
        kinds={"duckdb", "parquet"},
        owners=[owner_tag(("snapshot", ""))],
        tags={"layer": "published"},
    )(_snapshot)


@at_stage("publishing the snapshot")
def _snapshot(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Iterator[dg.MaterializeResult]:
    """Publish the audited build: a folder with the DuckDB file, the Parquet tables, the manifest and the report.

    A degraded run publishes too, and is green: the asset and the run are marked, and `icw refresh` ends with 8.
    """
    settings = warehouse.settings
    log.info("Publishing the snapshot", extra={"event": "step"})
    started = time.monotonic()
    manifest = refresh.publish_build(settings.home, open_build(settings.home), settings)
    alert_of_findings(settings)
    refresh.finish(settings, "published", manifest.snapshot_id, failures_of(warehouse.landing.choices()))
    degraded = show_outcome(context.instance, context.run_id, settings.home)
    yield dg.MaterializeResult(
        metadata={
            "snapshot_id": manifest.snapshot_id,
            "tables": len(manifest.tables),
            "rows": sum(table.rows for table in manifest.tables),
            "bytes": sum(table.parquet_bytes for table in manifest.tables),
            "digest": manifest.tables_digest,
            "warnings": sum(not verdict.passed for verdict in manifest.verdicts),
            "seconds": time.monotonic() - started,
            "degraded": bool(degraded),
            "degraded_by": ", ".join(degraded) or "nothing",
        }
    )
