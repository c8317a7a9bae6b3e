"""The statements that make the tables, run by DuckDB as dbt wrote and ran them when it built nothing.

dbt compiles each model once for a state of the project and makes its table from absent data, contract checked
(`project`). Nothing in these statements depends on what is landed, so a night runs the same ones over the landed data,
and spends no time on loading dbt and planning the models again.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Literal

import duckdb

from warehouse.settings import Settings


@dataclass(frozen=True)
class Statement:
    """How the table of one model is made: the model's unique id in dbt's manifest, and SQL that ends with an insert.

    `reads` are the names of the tables of other models that must be made before, directly or through views.
    """

    unique_id: str
    sql: str
    reads: tuple[str, ...]

    @property
    def name(self) -> str:
        """The model's own name, which is that of its table."""
        return self.unique_id.split(".")[2]


@dataclass(frozen=True)
class ModelResult:
    """How one model ended: its unique id in the manifest, DuckDB's message if it failed, and rows made.

    It began at `began` (seconds since 1970) and took `seconds`; others were made at the same time.
    """

    unique_id: str
    status: Literal["success", "error"]
    began: float
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
    """Run statements, each in a transaction of its own once what it reads is made, and say how each ended.

    One runs at a time, with all threads and all memory of the target: two that share them make a release of a million
    series a tenth sooner, but spill at ten times that size and take twice as long (289 s instead of 139 s, November
    2026, two cores and 2 GB). Once one has failed, none begins: what is left may read its table. `on_result` is told
    of each model as it ends, and that is the order of the results.

    Raises:
        duckdb.Error: the file cannot be opened.
    """
    by_name = {statement.name: statement for statement in statements}
    order = TopologicalSorter({name: by_name.keys() & statement.reads for name, statement in by_name.items()})
    results: list[ModelResult] = []
    with target.connect() as connection:
        for name in order.static_order():
            results.append(_run(by_name[name], connection))
            on_result(results[-1])
            if results[-1].status == "error":
                break
    return tuple(results)


def _run(statement: Statement, connection: duckdb.DuckDBPyConnection) -> ModelResult:
    began, started = time.time(), time.perf_counter()

    def result(status: Literal["success", "error"], message: str, rows: int) -> ModelResult:
        return ModelResult(statement.unique_id, status, began, round(time.perf_counter() - started, 3), message, rows)

    with connection.cursor() as making:
        making.execute("begin")
        try:
            inserted = making.execute(statement.sql).fetchone()
            making.execute("commit")
        except duckdb.Error as error:
            # A table exists whole or not at all. A commit that fails has ended the transaction by itself.
            with contextlib.suppress(duckdb.TransactionException):
                making.execute("rollback")
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
    return tuple(statement_of(entry) for entry in json.loads(path.read_text(encoding="utf-8")))


def statement_of(entry: Mapping[str, Any]) -> Statement:
    """Return the statement that `asdict` made a mapping of, once that has been JSON."""
    return Statement(**{**entry, "reads": tuple(entry["reads"])})
