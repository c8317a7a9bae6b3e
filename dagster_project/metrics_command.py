"""`icw metrics`: the measures that are defined once, and their values in a snapshot."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.options import JsonOption, SnapshotOption
from dagster_project.screen import Screen, screen
from warehouse.errors import AbsentData, UsageError
from warehouse.settings import load_settings
from warehouse.snapshots import catalog, query

# What a person reads of an answer; JSON has all.
_ROWS = 100


def metrics(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Show the values of this metric.")] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="DIMENSIONS", help="Group by these as well: modality,license.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where", metavar="CONDITION", help="Rows that count, in SQL over dimensions: \"modality = 'CT'\"."
        ),
    ] = None,
    sql: Annotated[bool, typer.Option("--sql", help="Print the query instead of its answer.")] = False,
    snapshot: SnapshotOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the metrics, or compute one on a snapshot, grouped as asked."""
    from warehouse.metrics.compiler import Question, compiled
    from warehouse.metrics.joins import Star, dimensions_of
    from warehouse.metrics.model import semantic_model
    from warehouse.snapshots.absence import absent_parts_read, sentences
    from warehouse.snapshots.described import described_tables

    model = semantic_model()
    if name is None:
        if by is not None or where is not None or sql:
            raise UsageError("--by, --where and --sql need a metric: icw metrics NAME. `icw metrics` lists them.")
        if as_json:
            print(json.dumps([metric.model_dump(mode="json") for metric in model.metrics], indent=2))
        else:
            display.metric_list(screen(), model)
        return
    settings = load_settings()
    metric = model.metric(name)
    found = catalog.snapshot(settings.home, snapshot)
    star = Star(described_tables(found.manifest), model)
    groups = tuple(part.strip() for part in by.split(",")) if by is not None else ()
    question = compiled(Question(metric, groups, where), star, model)
    if sql:
        print(question)
        return
    parts = absent_parts_read({"warehouse": found}, question)
    lacking = sentences(parts)
    counted = {model.entity(measure.entity).table for measure in model.parts(metric)}
    if nothing := sentences(part for part in parts if part.is_empty and part.table in counted):
        raise AbsentData(f"{metric.name} counts what is absent from this snapshot, which is not zero. {nothing[0]}")
    with query.run(found, question, settings) as result:
        if as_json:
            rows = [json.loads(text) for batch in result.json_rows() for text in batch.column(0).to_pylist()]
            report = {
                "metric": metric.model_dump(mode="json"),
                "snapshot_id": found.id,
                "synthetic": found.manifest.synthetic,
                "absent": lacking,
                "sql": question,
                "rows": rows,
            }
            print(json.dumps(report, indent=2, ensure_ascii=False))
            return
        display.metric(screen(), metric, dimensions_of(metric, star, model), result.page(_ROWS))
    display.absent_parts(Screen(stderr=True), lacking)
    display.synthetic_notice(Screen(stderr=True), found)
