"""A session of an engine, with the inputs of a build behind the names that the sources of the dbt project have.

dbt-spark finds the session of its process and uses it; dbt-sail finds the server that is started here.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.build.engines.inputs import Input, InputColumn, Inputs
from warehouse.engine_packages import Engine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

# The schemas that the models are made in, and the one with the input files as they are.
_SCHEMAS = ("staging", "star", "files")

_ENGINE_TYPES = {"integer": "int"}

# What the models rely on. Casts that fail stop the build, as in DuckDB; a timestamp is one of UTC, in microseconds.
_SEMANTICS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}

# A catalog that lives with the process: no metastore is left on the disk, and two builds do not meet in one.
_LOCAL = {"spark.sql.catalogImplementation": "in-memory", "spark.ui.enabled": "false"}


@dataclass(frozen=True)
class SessionOptions:
    """How to start an engine: where Spark runs (`local[2]`, `yarn`, `spark://...`), and further settings of Spark."""

    master: str
    conf: Mapping[str, str]


def open_session(engine: Engine, options: SessionOptions, threads: int, scratch: Path) -> SparkSession:
    """Start an engine in this process; `threads` bound what Sail uses, and Spark where its master is local.

    Below `scratch` go the folders that Spark makes for its schemas, and which stay empty, as every table says where it
    is; and, where its master is local, its shuffles and what does not fit in memory.
    """
    # PySpark warns of each pandas from 3 on, which nothing here uses.
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")
    if engine == "sail":
        return _open_sail(options, threads)
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

    builder = SparkSession.builder.master(options.master).appName("imaging-commons-warehouse")
    folders = {"spark.sql.warehouse.dir": f"file://{scratch.absolute() / 'schemas'}"}
    if options.master.startswith("local"):
        # Not the machine's /tmp, which may be small: the room on the disk was asked for where the build is.
        folders["spark.local.dir"] = str(scratch.absolute() / "spill")
    for name, value in {**_LOCAL, **folders, **options.conf, **_SEMANTICS}.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    _keep_semantics_in_dbt()
    return session


def _keep_semantics_in_dbt() -> None:
    """Let dbt-spark run each statement with what the models rely on.

    It sets parameters of its own before each statement, among them `spark.sql.ansi.enabled` to false, which no profile
    can overrule (1.11.0, `SparkCredentials.__post_init__`): a cast that fails would be null without a word, a sum that
    overflows a small number, the length of a list that is null -1.
    """
    from dbt.adapters.spark.connections import SparkCredentials  # pyright: ignore[reportMissingImports]

    complete = SparkCredentials.__post_init__

    def completed(credentials: Any) -> None:
        complete(credentials)
        credentials.server_side_parameters |= _SEMANTICS

    SparkCredentials.__post_init__ = completed


def _open_sail(options: SessionOptions, threads: int) -> SparkSession:
    os.environ["SAIL_EXECUTION__DEFAULT_PARALLELISM"] = str(threads)
    from dbt.adapters.sail.connections import SailConnectionManager  # pyright: ignore[reportMissingImports]
    from pysail.spark import SparkConnectServer  # pyright: ignore[reportMissingImports]
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

    server = SparkConnectServer(ip="127.0.0.1", port=0)
    server.start(background=True)
    SailConnectionManager._server = server
    listening = server.listening_address
    assert listening is not None
    address, port = listening
    builder = SparkSession.builder.remote(f"sc://{address}:{port}")
    for name, value in {**options.conf, **_SEMANTICS}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def register(session: SparkSession, inputs: Inputs) -> None:
    """Make the schemas of the project, and in them a view of each input with the columns and types that models read."""
    for schema in (*_SCHEMAS, *sorted({table.schema for table in inputs.tables})):
        session.sql(f"create schema if not exists {schema}")
    for table in inputs.tables:
        _register(session, table)


def _register(session: SparkSession, table: Input) -> None:
    # A view straight over a path is one that Sail cannot read again.
    file = f"files.`{table.schema}__{table.name}`"
    session.sql(f"create table {file} using parquet location '{table.path}'")
    columns = ", ".join(map(_column, table.columns))
    session.sql(f"create view {table.schema}.`{table.name}` as select {columns} from {file}")


def _column(column: InputColumn) -> str:
    held = "null" if column.found is None else f"`{column.found.replace('`', '``')}`"
    return f"cast({held} as {engine_type(column.type)}) as `{column.name.replace('`', '``')}`"


def engine_type(word: str) -> str:
    """Return Spark's name of a type that the dbt project has a word for."""
    if word.endswith("[]"):
        return f"array<{engine_type(word.removesuffix('[]'))}>"
    return _ENGINE_TYPES.get(word, word)


def memory_of(limit: str) -> str:
    """Return a limit of memory in DuckDB's form (2GB, 512MiB) as Spark takes it: whole mebibytes."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT])(i?)B", limit)
    assert found is not None, limit
    number, unit, binary = found.groups()
    return f"{int(float(number) * (1024 if binary else 1000) ** ('KMGT'.index(unit) + 1) / 2**20)}m"
