"""The process in which an engine runs models (`warehouse.build.apart`); a JVM without memory takes it alone along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from warehouse.build import apart
from warehouse.build.engines.inputs import Inputs, read_list, write_list
from warehouse.build.engines.session import SessionOptions, open_session, register
from warehouse.build.project import parsed_for_engine
from warehouse.build.statements import ModelResult
from warehouse.engine_packages import Engine
from warehouse.errors import WarehouseError


@dataclass(frozen=True)
class EngineJob:
    """What an engine is to do: which engine, how it is started, what it reads, and where each table goes.

    `folder` is a folder for the list of inputs and for what dbt writes; `output` the address below which tables go, in
    `table_format`; `cache` the folder of the dbt project as it was parsed (`ICW_DBT_CACHE`).
    """

    engine: Engine
    options: SessionOptions
    inputs: Inputs
    folder: Path
    output: str
    threads: int
    cache: Path
    table_format: str = "parquet"


def run_apart(job: EngineJob, chosen: Sequence[str], given: Sequence[str] = ()) -> Iterator[ModelResult]:
    """Run models (by name) on the engine, in a process of its own; yields each table as it is made.

    `given` are models that are among the inputs.

    Raises:
        BuildFailed: the engine or dbt stopped outside of any model.
        StorageError: the folder cannot be written.
    """
    write_list(job.inputs, job.folder)
    told = {
        "engine": job.engine,
        "options": asdict(job.options),
        "folder": str(job.folder),
        "output": job.output,
        "table_format": job.table_format,
        "threads": job.threads,
        "cache": str(job.cache),
        "chosen": list(chosen),
        "given": list(given),
    }
    yield from apart.run_apart(__name__, told, job.folder)


def main() -> None:
    """Take the job and do it."""
    apart.answer(_run)


def _run(job: dict[str, Any], on_result: apart.OnResult) -> str | None:
    from warehouse.build.engines.models import run_models

    folder = Path(job["folder"])
    inputs = read_list((folder / "inputs.json").read_bytes(), str(folder))
    try:
        parsed = parsed_for_engine(Path(job["cache"]), job["engine"])
    except WarehouseError as error:
        return str(error)
    try:
        session = open_session(job["engine"], SessionOptions(**job["options"]), job["threads"], folder)
        register(session, inputs)
    except Exception as error:
        # py4j, gRPC and the JVM have an error of their own each; all of them say what the engine refused.
        return f"{job['engine']} could not be started: {type(error).__name__}: {error}"
    return run_models(
        session,
        job["engine"],
        job["chosen"],
        job["given"],
        parsed,
        job["output"],
        job["table_format"],
        folder / "dbt",
        job["threads"],
        on_result,
    )
