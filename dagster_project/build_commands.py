"""`icw build`: the tables built by Spark or Sail outside of any home, and the inputs that this needs."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Annotated

import typer

from dagster_project import display
from dagster_project.options import JsonOption
from dagster_project.screen import Screen, screen
from warehouse.engine_packages import Engine
from warehouse.errors import UsageError
from warehouse.settings import load_settings

build_app = typer.Typer(help="Build the tables with Spark or Sail where one machine does not suffice.")

_ADDRESS = "A folder, or s3://bucket/prefix (for Spark s3a://)."


@build_app.callback(invoke_without_command=True)
def build(
    context: typer.Context,
    engine: Annotated[Engine, typer.Option("--engine", help="spark or sail.")] = "spark",
    inputs: Annotated[str, typer.Option("--input", metavar="ADDRESS", help=f"The inputs. {_ADDRESS}")] = "",
    output: Annotated[str, typer.Option("--output", metavar="ADDRESS", help=f"Where tables go. {_ADDRESS}")] = "",
    master: Annotated[
        str | None, typer.Option(help="Where Spark runs: yarn, spark://host:7077; by default this machine.")
    ] = None,
    conf: Annotated[
        list[str] | None, typer.Option("--conf", metavar="NAME=VALUE", help="A setting of Spark; may be repeated.")
    ] = None,
    table_format: Annotated[
        str, typer.Option("--format", help="What Spark writes: parquet, or iceberg or delta with their packages.")
    ] = "parquet",
    as_json: JsonOption = False,
) -> None:
    """Build all tables from handed-over inputs, each a folder of files below the output.

    Nothing is audited or published: a refresh does that. The tables fct_profile and mart_quality, which tell what a
    refresh has measured, are left out. `build.json` beside the tables is written last.
    """
    if context.invoked_subcommand is not None:
        return
    from dagster_project.progress import showing_progress
    from warehouse import engine_builds
    from warehouse.build.engines.building import local_options
    from warehouse.build.engines.session import SessionOptions

    if not inputs or not output:
        raise UsageError(
            "`icw build` takes --input and --output. `icw build inputs --output FOLDER` writes the inputs."
        )
    settings = load_settings(spark_master=master)
    local = local_options(settings)
    options = SessionOptions(local.master, {**local.conf, **_settings_of(conf or [])})
    found = engine_builds.open_inputs(inputs)
    work = engine_builds.BuildElsewhere(engine, options, found, output, table_format)
    rows: dict[str, int] = {}
    with showing_progress(Screen(stderr=True, quiet=as_json)):
        for result in engine_builds.build_elsewhere(work, settings):
            rows[result.name] = result.rows
    if as_json:
        print(json.dumps({"output": output, "synthetic": found.synthetic, "rows": rows}))
    else:
        display.built_elsewhere(screen(), output, rows, synthetic=found.synthetic)


@build_app.command("inputs")
def hand_over(
    output: Annotated[Path, typer.Option("--output", metavar="FOLDER", help="A folder that is empty or not there.")],
    as_json: JsonOption = False,
) -> None:
    """Write what a build of the newest loads of the home reads into a folder that can be copied anywhere."""
    from dagster_project.progress import showing_progress
    from warehouse import engine_builds
    from warehouse.lock import refresh_lock

    settings = load_settings()
    with showing_progress(Screen(stderr=True, quiet=as_json)), refresh_lock(settings.home, str(uuid.uuid4())):
        found = engine_builds.hand_over_from(settings.home, output, settings)
    if as_json:
        told = {"output": str(output), "synthetic": found.synthetic, "input_digest": found.input_digest}
        print(json.dumps({**told, "tables": len(found.tables)}))
    else:
        display.handed_over(screen(), output, len(found.tables), synthetic=found.synthetic)


def _settings_of(conf: list[str]) -> dict[str, str]:
    pairs = [entry.partition("=") for entry in conf]
    wrong = [name for name, sign, _ in pairs if not sign or not name]
    if wrong:
        raise UsageError(f"--conf takes NAME=VALUE, e.g. spark.executor.memory=8g (got {wrong[0]!r}).")
    return {name: value for name, _, value in pairs}
