"""The models of a prepared build, run on an engine, and their tables taken back into the DuckDB file of the build."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import duckdb

from warehouse.build.engines.inputs import LIST, hand_over_tables, read_list
from warehouse.build.engines.process import EngineJob, run_apart
from warehouse.build.engines.session import SessionOptions, memory_of
from warehouse.build.engines.tables import take_table
from warehouse.build.statements import ModelResult, Statement, Target
from warehouse.engine_packages import Engine
from warehouse.settings import Settings


def local_options(settings: Settings) -> SessionOptions:
    """Return how a refresh starts an engine: on this machine within its bounds, unless the settings name a master."""
    master = settings.spark_master or f"local[{settings.threads}]"
    if not master.startswith("local"):
        return SessionOptions(master, {})
    # Spark divides what it shuffles into 200 parts unless it is told otherwise, for which a few threads take longer.
    parts = str(4 * settings.threads)
    return SessionOptions(
        master, {"spark.driver.memory": memory_of(settings.memory_limit), "spark.sql.shuffle.partitions": parts}
    )


def run_on_engine(
    engine: Engine,
    options: SessionOptions,
    chosen: Sequence[Statement],
    inputs: Path,
    target: Target,
    shapes: Path,
    cache: Path,
) -> Iterator[ModelResult]:
    """Run models on an engine and take each table into the DuckDB file of the build; yields how each ended.

    A table that cannot be taken has failed, with DuckDB's message.

    Args:
        engine: which engine.
        options: how it is started.
        chosen: the statements of the models, of which the engine makes its own from the same models.
        inputs: the folder of the inputs that `prepare` has handed over.
        target: the DuckDB file of the build.
        shapes: a DuckDB file that has each table with its columns and types: the build of nothing.
        cache: the folder of the dbt project as it was parsed.

    Raises:
        BuildFailed: the engine or dbt stopped outside of any model.
        StorageError: a file cannot be written.
        duckdb.Error: a DuckDB file cannot be opened, or an input not be handed over.
    """
    names = [statement.name for statement in chosen]
    output = inputs.parent / "tables"
    shutil.rmtree(output, ignore_errors=True)
    with duckdb.connect(str(shapes), read_only=True) as source:
        schemas = dict(source.execute("select table_name, schema_name from duckdb_tables()").fetchall())
        made_before = sorted({read for statement in chosen for read in statement.reads} - set(names))
        listed = read_list((inputs / LIST).read_bytes(), str(inputs))
        again = hand_over_tables(target.database, {name: schemas[name] for name in made_before}, inputs)
        with_made = replace(listed, tables=(*listed.tables, *again))
        job = EngineJob(engine, options, with_made, inputs, str(output), target.threads, cache)
        for result in run_apart(job, names, made_before):
            if result.status == "error":
                yield result
                continue
            schema = schemas[result.name]
            try:
                with target.connect() as connection:
                    taken = take_table(connection, source, schema, result, output / schema / result.name)
            except duckdb.Error as error:
                taken = replace(result, status="error", message=str(error), rows=0)
            yield taken
    shutil.rmtree(output, ignore_errors=True)
