"""Load scripts for other engines, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from warehouse.ddl.script import Script


def ddl_report(script: Script, path: Path) -> dict[str, Any]:
    """Return what a script loads and where it is, for `--json`."""
    contents = script.load.contents
    return {
        "snapshot_id": contents.snapshot_id,
        "synthetic": contents.synthetic,
        "tables_digest": contents.tables_digest,
        "engine": script.engine,
        "schema": script.load.schema,
        "files": f"{script.load.root}/",
        "path": str(path),
        "tables": len(contents.tables),
        "rows": sum(table.rows for table in contents.tables),
        "foreign_keys": sum(len(table.foreign_keys) for table in contents.tables),
        "statements": len(script.statements),
    }
