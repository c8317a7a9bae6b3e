"""Write dbt's documentation of a snapshot: lineage, SQL and descriptions of every model in one page for a browser.

Columns, types and row counts come from the published file, which dbt reads under the target `snapshot` of its profile.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from warehouse.build import DBT_PROJECT
from warehouse.build.dbt_run import without_settings_of_others
from warehouse.errors import BuildFailed
from warehouse.files import write_atomically, writing_to
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.databases import database_of


@without_settings_of_others()
def write_documentation(snapshot: Snapshot, page: Path) -> None:
    """Write the documentation as one HTML page that opens without a network.

    Raises:
        BuildFailed: dbt could not make it.
        StorageError: the page, or the scratch that dbt needs, cannot be written.
    """
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    with writing_to(page), tempfile.TemporaryDirectory() as scratch:
        page.parent.mkdir(parents=True, exist_ok=True)
        places = ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT), "--target-path", scratch]
        variables = {"icw_database": str(database_of(snapshot)), "icw_temporary": scratch}
        arguments = ["--target", "snapshot", "--log-path", scratch, "--vars", json.dumps(variables)]
        try:
            result = dbtRunner().invoke(["docs", "generate", "--static", "--quiet", *places, *arguments])
        finally:
            DuckDBConnectionManager.close_all_connections()
        if not result.success:
            reason = f": {result.exception}" if result.exception is not None else ""
            raise BuildFailed(f"dbt cannot document snapshot {snapshot.id}{reason}.")
        write_atomically(page, Path(scratch, "static_index.html").read_text(encoding="utf-8"))
