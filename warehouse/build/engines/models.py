"""Letting dbt run the models on an engine: each table becomes a folder of files below the output."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.build.dbt_run import read_parsed, without_settings_of_others
from warehouse.build.digests import DBT_PROJECT
from warehouse.build.statements import ModelResult
from warehouse.engine_packages import Engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]


@without_settings_of_others()
def run_models(
    session: SparkSession,
    engine: Engine,
    chosen: Sequence[str],
    given: Sequence[str],
    parsed: Path,
    output: str,
    table_format: str,
    scratch: Path,
    threads: int,
    on_result: Callable[[ModelResult], None],
) -> str | None:
    """Run models, and the views that they read, in an open session; returns what stopped dbt outside of any model.

    Args:
        session: the session of the engine, its inputs registered.
        engine: which it is: the name of dbt's target.
        chosen: the names of the models that are tables; the views that they read are made, too.
        given: the names of models that are among the inputs.
        parsed: the project as dbt has parsed it for the engine.
        output: the address below which each table gets a folder, `star/fct_series`.
        table_format: what Spark writes (`parquet`, or a format whose package the session has, such as `iceberg`).
        scratch: a folder for what dbt writes.
        threads: how many models run at a time.
        on_result: is told of each table as it ends; `rows` are counted by the engine in what it has written.
    """
    from dbt.cli.main import dbtRunner

    def listen(event: Any) -> None:
        if event.info.name == "NodeFinished" and event.data.node_info.materialized == "table":
            on_result(_result(session, event))

    variables = {"icw_output": output, "icw_table_format": table_format, "icw_threads": str(threads)}
    outcome = dbtRunner(read_parsed(parsed), callbacks=[listen]).invoke(
        [
            "run",
            *("--quiet", "--log-level", "none", "--log-level-file", "none", "--fail-fast"),
            *("--target", engine, "--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)),
            *("--target-path", str(scratch), "--log-path", str(scratch), "--vars", json.dumps(variables)),
            *("--select", *chosen, *(f"+{name},config.materialized:view" for name in chosen)),
            *(("--exclude", *(f"+{name}" for name in given)) if given else ()),
        ]
    )
    if outcome.exception is not None:
        return str(outcome.exception)
    views = [
        entry
        for entry in getattr(outcome.result, "results", ())
        if entry.status == "error" and entry.node.config.materialized == "view"
    ]
    return f"the view {views[0].node.name} cannot be made: {views[0].message}" if views else None


def _result(session: SparkSession, event: Any) -> ModelResult:
    node, run = event.data.node_info, event.data.run_result
    seconds = float(run.execution_time)
    began = time.time() - seconds
    if node.node_status != "success":
        return ModelResult(node.unique_id, "error", began, seconds, str(run.message), 0)
    counted = session.sql(f"select count(*) as rows_made from {node.node_relation.schema}.{node.node_name}").collect()
    return ModelResult(node.unique_id, "success", began, round(seconds, 3), "", int(counted[0]["rows_made"]))
