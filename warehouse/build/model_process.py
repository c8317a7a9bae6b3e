"""The process in which DuckDB runs the statements of a build (`apart`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

from warehouse.build import apart
from warehouse.build.statements import ModelResult, Statement, Target, run, statement_of


def run_apart(statements: Sequence[Statement], target: Target) -> Iterator[ModelResult]:
    """Do what `statements.run` does in a process of its own; yields each model as it ends.

    Raises:
        StorageError, BuildFailed: as `build_failure` says, where the process ends before it is done.
    """
    job = {
        "statements": [asdict(statement) for statement in statements],
        "target": {**asdict(target), "database": str(target.database), "temporary": str(target.temporary)},
    }
    yield from apart.run_apart(__name__, job, target.database.parent)


def main() -> None:
    """Take the job and do it."""
    apart.answer(_run)


def _run(job: dict[str, Any], on_result: apart.OnResult) -> str | None:
    statements = [statement_of(entry) for entry in job["statements"]]
    places = {name: Path(job["target"].pop(name)) for name in ("database", "temporary")}
    try:
        run(statements, Target(**places, **job["target"]), on_result)
    except duckdb.Error as caught:
        return str(caught)
    return None
