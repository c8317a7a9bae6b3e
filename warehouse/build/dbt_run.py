"""Running dbt inside this process, without its log: to parse the project, and to build it from nothing.

A refresh needs neither where a cache holds both for this state of the project (`project`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from warehouse.build.digests import DBT_PROJECT
from warehouse.build.failures import Failed, build_failure
from warehouse.build.statements import Target
from warehouse.process import loading

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt.contracts.graph.manifest import Manifest

_PLACES = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT))

# dbt words thousands of messages for its logs, a tenth of its time; the results hold what failed and why.
_QUIET = ("--quiet", "--log-level", "none", "--log-level-file", "none")


@contextmanager
def without_settings_of_others() -> Iterator[None]:
    """Take `DBT_*` out of the environment while dbt runs; to be used as a decorator too.

    They are meant for the caller's own dbt projects, and would steer this one: another target, another folder, nothing
    but empty tables (`DBT_EMPTY`), or the tables of another run (`DBT_DEFER`).
    """
    taken = {name: os.environ.pop(name) for name in list(os.environ) if name.upper().startswith("DBT_")}
    try:
        yield
    finally:
        os.environ.update(taken)


@without_settings_of_others()
def parse(folder: Path, target: str = "build") -> BaseException | None:
    """Write manifest.json and partial_parse.msgpack into `folder`; return what stopped dbt, if anything did.

    `target` is one of dbt/profiles.yml: the macros of its adapter are a part of what dbt has parsed.
    """
    with loading():
        from dbt.cli.main import dbtRunner

    places = [*_PLACES, "--target-path", str(folder), "--log-path", str(folder)]
    result = dbtRunner().invoke(["parse", *_QUIET, *places, "--target", target])
    return None if result.success else result.exception or RuntimeError("dbt says nothing about it")


@without_settings_of_others()
def run(command: Sequence[str], parsed: Path, target: Target, scratch: Path) -> None:
    """Run one dbt command over the parsed project.

    Args:
        command: the command and its selection, e.g. `("build", "--select", "fct_series")`.
        parsed: partial_parse.msgpack of the project.
        target: the database that dbt works on.
        scratch: the folder in which dbt writes the statements that it runs.

    Raises:
        AuditFailed, StorageError, BuildFailed: as `build_failure` says.
    """
    with loading():
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner

    variables = {
        "icw_database": str(target.database),
        "icw_temporary": str(target.temporary),
        "icw_threads": str(target.threads),
        "icw_memory_limit": target.memory_limit,
    }
    places = [*_PLACES, "--log-path", str(scratch), "--target-path", str(scratch), "--vars", json.dumps(variables)]
    runner = dbtRunner(read_parsed(parsed))
    try:
        result = runner.invoke([*command, *_QUIET, "--no-write-json", *places])
    finally:
        # dbt-duckdb keeps the file open for the life of the process; nobody else could read it.
        DuckDBConnectionManager.close_all_connections()
    failed = _failed(result)
    if failed or result.exception is not None:
        raise build_failure(scratch, failed, None if result.exception is None else str(result.exception))


def read_parsed(parsed: Path) -> Manifest:
    """Return a parsed project in dbt's own form, from which it runs without a parse."""
    with loading():
        from dbt.contracts.graph.manifest import Manifest

    manifest = Manifest.from_msgpack(parsed.read_bytes())
    # What dbt does after a parse of its own: models read it as `graph`.
    manifest.build_flat_graph()
    return manifest


def _failed(result: dbtRunnerResult) -> tuple[Failed, ...]:
    """Return the nodes that failed, not those that were skipped because of them. dbt says `fail` of a test alone."""
    return tuple(
        Failed(entry.node.unique_id.split(".")[2], str(entry.message or ""), is_test=entry.status == "fail")
        for entry in getattr(result.result, "results", ())
        if entry.status in ("error", "fail", "runtime error")
    )
