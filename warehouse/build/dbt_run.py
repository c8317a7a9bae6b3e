"""Running dbt inside this process, from a parse that is there already: no second parse, no log of all that it does.

What dbt says of each node that it has run travels as a `NodeResult`. dbt's own JSON artifacts are not written: the
manifest is known before the run (`project`), and the results are these.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from warehouse.build.digests import DBT_PROJECT
from warehouse.process import loading

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt_common.events.base_types import EventMsg

    from warehouse.settings import Settings

# What dbt says of a node: `fail` is a test's word for data that breaks it, `error` is all else that went wrong.
NodeStatus = Literal["success", "pass", "warn", "fail", "error", "skipped"]

_PLACES = ("--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT))

# dbt words thousands of messages for its logs, a tenth of its time; the results hold what failed and why.
_QUIET = ("--quiet", "--log-level", "none", "--log-level-file", "none")


@dataclass(frozen=True)
class NodeResult:
    """How one node of the project ended: its unique id in the manifest, what dbt says of it, seconds, and rows made."""

    unique_id: str
    status: NodeStatus
    seconds: float
    message: str
    rows: int

    @property
    def name(self) -> str:
        """The node's own name: of a model the name of its table."""
        return self.unique_id.split(".")[2]


@dataclass(frozen=True)
class DbtRun:
    """How a command ended: its nodes in the order in which they ended, and what stopped it outside of any node."""

    nodes: tuple[NodeResult, ...]
    error: BaseException | None

    @property
    def failed(self) -> tuple[NodeResult, ...]:
        """The nodes that failed; those that were skipped because of them are not among these."""
        return tuple(node for node in self.nodes if node.status in ("error", "fail"))

    @property
    def succeeded(self) -> bool:
        """Whether nothing failed."""
        return self.error is None and not self.failed


@dataclass(frozen=True)
class Target:
    """Where dbt works: the DuckDB file, the folder for scratch, and what DuckDB may use."""

    database: Path
    folder: Path
    threads: int
    memory_limit: str

    @classmethod
    def of(cls, database: Path, settings: Settings) -> Target:
        """Return the target of a database whose folder is its own, within the bounds of the settings."""
        return cls(database, database.parent, settings.threads, settings.memory_limit)

    def arguments(self) -> list[str]:
        """Return the arguments of a dbt command that works there; dbt's profile reads the variables."""
        variables = {
            "icw_database": str(self.database),
            "icw_temporary": str(self.folder / "tmp"),
            "icw_threads": str(self.threads),
            "icw_memory_limit": self.memory_limit,
        }
        scratch = str(self.folder / "scratch")
        return [*_PLACES, "--log-path", scratch, "--target-path", scratch, "--vars", json.dumps(variables)]


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
def parse(folder: Path) -> BaseException | None:
    """Write manifest.json and partial_parse.msgpack into `folder`; return what stopped dbt, if anything did."""
    with loading():
        from dbt.cli.main import dbtRunner

    places = [*_PLACES, "--target-path", str(folder), "--log-path", str(folder)]
    result = dbtRunner().invoke(["parse", *_QUIET, *places])
    return None if result.success else result.exception or RuntimeError("dbt says nothing about it")


@without_settings_of_others()
def run(
    command: Sequence[str], parsed: Path, target: Target, on_result: Callable[[NodeResult], None] | None = None
) -> DbtRun:
    """Run one dbt command over the parsed project and say how each node ended.

    Args:
        command: the command and its selection, e.g. `("run", "--select", "fct_series")`.
        parsed: partial_parse.msgpack of the project.
        target: where.
        on_result: is told of each node as it ends.
    """
    with loading():
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.cli.main import dbtRunner
        from dbt.contracts.graph.manifest import Manifest

    def listen(event: EventMsg) -> None:
        if on_result is not None and event.info.name == "NodeFinished":
            # The message class of this event has its own fields, which the base class does not declare.
            data: Any = event.data
            on_result(_node(data.node_info.unique_id, data.run_result))

    runner = dbtRunner(Manifest.from_msgpack(parsed.read_bytes()), callbacks=[listen])
    try:
        result = runner.invoke([*command, *_QUIET, "--no-write-json", *target.arguments()])
    finally:
        # dbt-duckdb keeps the file open for the life of the process; nobody else could read it.
        DuckDBConnectionManager.close_all_connections()
    return DbtRun(_nodes(result), result.exception)


def write_nodes(nodes: Sequence[NodeResult], path: Path) -> None:
    """Keep how the nodes of a run ended, for whoever looks at the build afterwards."""
    path.write_text(json.dumps([asdict(node) for node in nodes], indent=1) + "\n", encoding="utf-8")


def read_nodes(path: Path) -> tuple[NodeResult, ...]:
    """Read what `write_nodes` kept."""
    return tuple(NodeResult(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))


def _nodes(result: dbtRunnerResult) -> tuple[NodeResult, ...]:
    results = getattr(result.result, "results", ())
    return tuple(_node(entry.node.unique_id, entry) for entry in results)


def _node(unique_id: str, result: Any) -> NodeResult:
    """Take what matters from a result of dbt's, or from the message about one: both have the same fields."""
    response = dict(result.adapter_response or {})
    return NodeResult(
        unique_id=unique_id,
        status=str(result.status),  # type: ignore[arg-type]
        seconds=round(float(result.execution_time), 3),
        message=str(result.message or ""),
        rows=int(response.get("rows_affected") or 0),
    )
