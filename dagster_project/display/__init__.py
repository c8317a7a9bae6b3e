"""How the command line shows things to a person: small rich tables, and the same facts as plain data for `--json`."""

from __future__ import annotations

from dagster_project.display.answers import (
    citation,
    citation_list,
    citation_list_report,
    citation_verification,
    citation_verification_report,
)
from dagster_project.display.backfill import backfill_plan, backfill_report, backfilled, past_snapshot
from dagster_project.display.engines import built_elsewhere, handed_over
from dagster_project.display.manifests import manifest_totals
from dagster_project.display.metrics import metric, metric_list
from dagster_project.display.notices import absence_notice, absent_parts, synthetic_notice
from dagster_project.display.rebuild import rebuild, rebuild_report
from dagster_project.display.retention import prune_report, pruned, storage, storage_report
from dagster_project.display.rows import page
from dagster_project.display.snapshots import (
    refresh_summary,
    scale,
    snapshot_list,
    snapshot_report,
    verification,
    verification_report,
)
from dagster_project.display.sources import sandbox, sources, sources_report
from dagster_project.display.status import status, status_report
from dagster_project.display.tables import column_list, documentation, matches, table_list

__all__ = [
    "absence_notice",
    "absent_parts",
    "backfill_plan",
    "backfill_report",
    "backfilled",
    "built_elsewhere",
    "citation",
    "citation_list",
    "citation_list_report",
    "citation_verification",
    "citation_verification_report",
    "column_list",
    "documentation",
    "handed_over",
    "manifest_totals",
    "matches",
    "metric",
    "metric_list",
    "page",
    "past_snapshot",
    "prune_report",
    "pruned",
    "rebuild",
    "rebuild_report",
    "refresh_summary",
    "sandbox",
    "scale",
    "snapshot_list",
    "snapshot_report",
    "sources",
    "sources_report",
    "status",
    "status_report",
    "storage",
    "storage_report",
    "synthetic_notice",
    "table_list",
    "verification",
    "verification_report",
]
