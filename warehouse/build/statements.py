"""The statements that make the tables, run by DuckDB as dbt wrote and ran them when it built nothing.

dbt compiles each model once for a state of the project and makes its table from absent data, contract checked
(`project`). Nothing in these statements depends on what is landed, so a night runs the same ones over the landed data,
and spends no time on loading dbt and planning the models again.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import duckdb

from warehouse.settings import Settings


@dataclass(frozen=True)
class Statement:
    """How the table of one model is made: the model's unique id in dbt's manifest, and SQL that ends with an insert."""

    unique_id: str
    sql: str

    @property
    def name(self) -> str:
        """The model's own name, which is that of its table."""
        return self.unique_id.split(".")[2]


@dataclass(frozen=True)
class ModelResult:
    """How one model ended: its unique id in the manifest, seconds, DuckDB's message if it failed, and rows made."""

    unique_id: str
    status: Literal["success", "error"]
    seconds: float
    message: str
    rows: int

    @property
    def name(self) -> str:
        """The model's own name, which is that of its table."""
        return self.unique_id.split(".")[2]


@dataclass(frozen=True)
class Target:
    """Where statements run: the DuckDB file, the folder for what does not fit in memory, and what DuckDB may use."""

    database: Path
    temporary: Path
    threads: int
    memory_limit: str

    @classmethod
    def of(cls, database: Path, settings: Settings) -> Target:
        """Return the target of a database whose folder is its own, within the bounds of the settings."""
        return cls(database, database.parent / "tmp", settings.threads, settings.memory_limit)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Open the file for writing.

        Raises:
            duckdb.Error: it is no database, or another process writes to it.
        """
        bounds: dict[str, str | bool | int | float | list[str]] = {
            "threads": self.threads,
            "memory_limit": self.memory_limit,
            "temp_directory": str(self.temporary),
            "preserve_insertion_order": False,
        }
        return duckdb.connect(str(self.database), config=bounds)


def run(
    statements: Sequence[Statement], target: Target, on_result: Callable[[ModelResult], None] = lambda _: None
) -> tuple[ModelResult, ...]:
    """Run statements in their order, each in a transaction of its own, and say how each ended.

    The first that fails is the last that runs: what comes after it may read its table. `on_result` is told of each
    model as it ends.

    Raises:
        duckdb.Error: the file cannot be opened.
    """
    results: list[ModelResult] = []
    with target.connect() as connection:
        for statement in statements:
            results.append(_run(statement, connection))
            on_result(results[-1])
            if results[-1].status == "error":
                break
    return tuple(results)


def _run(statement: Statement, connection: duckdb.DuckDBPyConnection) -> ModelResult:
    started = time.perf_counter()

    def result(status: Literal["success", "error"], message: str, rows: int) -> ModelResult:
        return ModelResult(statement.unique_id, status, round(time.perf_counter() - started, 3), message, rows)

    connection.execute("begin")
    try:
        inserted = connection.execute(statement.sql).fetchone()
        connection.execute("commit")
    except duckdb.Error as error:
        # A table exists whole or not at all. A commit that fails has ended the transaction by itself.
        with contextlib.suppress(duckdb.TransactionException):
            connection.execute("rollback")
        return result("error", str(error), 0)
    assert inserted is not None
    return result("success", "", int(inserted[0]))


def write_results(results: Sequence[ModelResult], path: Path) -> None:
    """Keep how the models of a build ended, for whoever looks at the build afterwards."""
    path.write_text(json.dumps([asdict(result) for result in results], indent=1) + "\n", encoding="utf-8")


def read_results(path: Path) -> tuple[ModelResult, ...]:
    """Read what `write_results` kept."""
    return tuple(ModelResult(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))


def write_statements(statements: Iterable[Statement], path: Path) -> None:
    """Keep statements, in their order."""
    path.write_text(json.dumps([asdict(statement) for statement in statements], indent=1) + "\n", encoding="utf-8")


def read_statements(path: Path) -> tuple[Statement, ...]:
    """Read what `write_statements` kept."""
    return tuple(Statement(**entry) for entry in json.loads(path.read_text(encoding="utf-8")))
