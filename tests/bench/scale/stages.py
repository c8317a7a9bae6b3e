"""One step of the scale benchmark in a process of its own: `python -m tests.bench.scale.stages STEP ARGUMENTS`.

The home is ICW_HOME; its landing holds the multiplied release, and the inputs of the engines lie beside it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.bench.scale.multiplied import land_multiplied
from warehouse.build import open_build, prepare, statements
from warehouse.build.engines.inputs import hand_over
from warehouse.build.engines.session import SessionOptions
from warehouse.build.statements import Target
from warehouse.engine_builds import BuildElsewhere, build_elsewhere, open_inputs, tables_built
from warehouse.landing import Landing
from warehouse.settings import Settings, load_settings


def multiply(real_home: str, copies: str) -> None:
    """Land the chosen IDC release of another home with its series several times over."""
    real, landing = Landing(Path(real_home)), Landing(load_settings().home)
    (release,) = real.selected()
    landing.select(land_multiplied(real, release, int(copies), landing))


def hand_over_inputs() -> None:
    """Lay out a build over the landed files, and list the same files for another engine."""
    settings = load_settings()
    landing = Landing(settings.home)
    build = prepare(settings.home, landing, landing.selected(), settings)
    hand_over(build.database, landing, build.releases, build.input_digest, inputs_of(settings), copy=False)


def duckdb(database: str) -> None:
    """Run the models of the build in a copy of its file with DuckDB, as a refresh does.

    Raises:
        SystemExit: a model failed.
    """
    settings = load_settings()
    build = open_build(settings.home)
    names = {*build.models} & {*tables_built(settings)}
    chosen = [statement for statement in statements.read_statements(build.statements) if statement.name in names]
    for result in statements.run(chosen, Target.of(Path(database), settings)):
        if result.status == "error":
            # DuckDB says in its first line what was wrong, and then what to try.
            raise SystemExit(f"{result.name}: {result.message.splitlines()[0]}")


def spark(master: str, conf: str, output: str) -> None:
    """Run the models with Spark, as `icw build` does; `conf` is a JSON object."""
    settings = load_settings()
    inputs = open_inputs(str(inputs_of(settings)))
    options = SessionOptions(master, json.loads(conf))
    for _ in build_elsewhere(BuildElsewhere("spark", options, inputs, output, "parquet"), settings):
        pass


def inputs_of(settings: Settings) -> Path:
    """Return the folder of the inputs of a home."""
    return settings.home / "inputs"


if __name__ == "__main__":
    {step.__name__: step for step in (multiply, hand_over_inputs, duckdb, spark)}[sys.argv[1]](*sys.argv[2:])
