"""A build outside of any home: from a folder of inputs to folders of tables, wherever an engine reads and writes them.

Nothing is profiled, audited or published: what a refresh does with DuckDB needs the tables on one machine. The tables
that hold the profile are therefore left out.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from warehouse.build import prepare
from warehouse.build.digests import project_digest
from warehouse.build.engines.inputs import LIST, Inputs, hand_over, read_list
from warehouse.build.engines.process import EngineJob, run_apart
from warehouse.build.engines.session import SessionOptions
from warehouse.build.project import PROFILE_TABLE, parsed_project, tables_read
from warehouse.build.statements import ModelResult
from warehouse.engine_packages import Engine, engine_versions
from warehouse.errors import BuildFailed, UsageError
from warehouse.files import write_atomically, writing_to
from warehouse.landing import Landing
from warehouse.object_store.address import store_address
from warehouse.object_store.bucket import Bucket
from warehouse.refresh import evidence
from warehouse.settings import Settings

RECORD = "build.json"
"""The file beside the tables of a build that says what they were built from, with which engine, and their rows."""

_STORES = ("s3://", "s3a://", "s3n://")


@dataclass(frozen=True)
class BuildElsewhere:
    """What is to be built: the engine, how it starts, its inputs, and where its tables go, in which format."""

    engine: Engine
    options: SessionOptions
    inputs: Inputs
    output: str
    table_format: str


def open_inputs(address: str) -> Inputs:
    """Return the inputs that lie at an address: a folder, or a prefix of a store that speaks S3.

    Raises:
        UsageError: there are none, or they cannot be read.
        StoreError: the store cannot be reached.
    """
    _require_known(address)
    if address.startswith(_STORES):
        content = Bucket(store_address(f"s3://{address.partition('://')[2]}")).read(LIST)
    else:
        path = Path(address) / LIST
        content = path.read_bytes() if path.is_file() else None
        address = str(Path(address).absolute())
    if content is None:
        raise UsageError(f"There are no inputs at {address}: {LIST} is missing. `icw build inputs` writes them.")
    return read_list(content, address)


def build_elsewhere(build: BuildElsewhere, settings: Settings) -> Iterator[ModelResult]:
    """Run all models on the engine, but for those that hold or read the profile; yields each table as it is made.

    At last a record of the build is written beside the tables: until it is there, they are not whole.

    Raises:
        UsageError: the engine cannot run here, or the output is a folder that holds anything, or neither a folder nor a
            store that speaks S3.
        BuildFailed: a model failed, or the engine stopped.
        StorageError, StoreError: the output cannot be written.
    """
    _require_known(build.output)
    versions = engine_versions(build.engine)
    is_local = "://" not in build.output
    output = str(Path(build.output).absolute()) if is_local else build.output.rstrip("/")
    if is_local and Path(output).exists() and any(Path(output).iterdir()):
        raise UsageError(f"{output} is not empty, and tables of two builds must not mix: name another --output.")
    rows: dict[str, int] = {}
    with tempfile.TemporaryDirectory(prefix="icw-build-") as scratch:
        job = EngineJob(
            build.engine,
            build.options,
            build.inputs,
            Path(scratch),
            output,
            settings.threads,
            settings.project_cache,
            build.table_format,
        )
        for result in run_apart(job, tables_built(settings)):
            if result.status == "error":
                raise BuildFailed(f"The build failed on {result.name}: {' '.join(result.message.split())}")
            rows[result.name] = result.rows
            yield result
    if missing := sorted(set(tables_built(settings)) - rows.keys()):
        raise BuildFailed(f"The build ended without {', '.join(missing)}: what is in {output} is not whole.")
    record = json.dumps(_record(build, versions, rows), indent=1) + "\n"
    if is_local:
        with writing_to(Path(output)):
            write_atomically(Path(output) / RECORD, record)
    else:
        Bucket(store_address(f"s3://{output.partition('://')[2]}")).put(RECORD, record.encode(), {})


def tables_built(settings: Settings) -> tuple[str, ...]:
    """Return the names of the tables that a build outside of a home makes."""
    return tuple(
        name
        for (_, name), reads in tables_read(parsed_project(settings.project_cache)).items()
        if name != PROFILE_TABLE and PROFILE_TABLE not in {read for _, read in reads}
    )


def _require_known(address: str) -> None:
    """Refuse an address where no list or record of a build could be read or written."""
    if "://" in address and not address.startswith(_STORES):
        raise UsageError(
            f"{address} is neither a folder nor a prefix of a store that speaks S3 (s3://bucket/prefix, for Spark "
            "s3a://...), which `icw build` takes. A folder may be one that all of a cluster sees."
        )


def _record(build: BuildElsewhere, versions: Mapping[str, str], rows: Mapping[str, int]) -> dict[str, object]:
    return {
        "synthetic": build.inputs.synthetic,
        "input_digest": build.inputs.input_digest,
        "project_digest": project_digest(),
        "engine": build.engine,
        "versions": dict(versions),
        "format": build.table_format,
        "rows": dict(sorted(rows.items())),
    }


def hand_over_from(home: Path, output: Path, settings: Settings) -> Inputs:
    """Write the inputs of the loads that a home has chosen into a folder that can be moved anywhere.

    Only the holder of the refresh lock may do this: the home's folder of builds is used.

    Raises:
        UsageError: the output holds anything, or nothing is landed.
        IntegrityError: a landed object is not what was landed.
        StorageError: the home or the output cannot be written.
    """
    landing = Landing(home)
    releases = landing.selected()
    if not releases:
        raise UsageError(f"Nothing is landed in {home}. Run `icw refresh` first.")
    if output.exists() and any(output.iterdir()):
        raise UsageError(f"{output} is not empty: name another --output.")
    with_duckdb = settings.model_copy(update={"engine": "duckdb"})
    build = prepare(home, landing, releases, with_duckdb, evidence(home, releases))
    try:
        return hand_over(build.database, landing, releases, build.input_digest, output, copy=True)
    finally:
        shutil.rmtree(build.folder, ignore_errors=True)
