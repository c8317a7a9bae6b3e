"""Ask a published snapshot questions in SQL. Nothing that is asked can write, anywhere.

DuckDB itself is locked down (`connect`), so that this holds for whoever takes the bare connection as well; `run` adds
sentences that a person can act on. What an answer becomes in a file is the matter of `formats`.
"""

from __future__ import annotations

import itertools
import os
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

import duckdb
from pydantic import JsonValue

from warehouse.errors import IntegrityError, UsageError
from warehouse.settings import Settings
from warehouse.snapshots import attaching, plain_values
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.databases import database_of
from warehouse.snapshots.dictionary import where_idc_rows_are
from warehouse.snapshots.parameters import bound

if TYPE_CHECKING:
    import pyarrow as pa

    from warehouse.snapshots.formats import Format

_SHOWN_AS_IT_IS = re.compile(r"(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|BOOLEAN|VARCHAR)$")

_BATCH_ROWS = 20_000
_LONGEST_MESSAGE = 300

# PIVOT is more than one statement to DuckDB.
_READING = frozenset({"SELECT", "EXPLAIN", "PRAGMA", "MULTI"})

# What stands before the statement that is explained, comments included.
_SPACE = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)"
_EXPLAIN = re.compile(
    rf"{_SPACE}*explain\b{_SPACE}*(?:(?:analyze|analyse|verbose)\b{_SPACE}*)*"
    rf"(?:\({_SPACE}*(?:analyze|analyse|verbose|format)\b[^()]*\){_SPACE}*)?",
    re.IGNORECASE | re.DOTALL,
)

_READ_ONLY = "Snapshots are read-only, and closed to other files and to the network"


@dataclass(frozen=True)
class ResultColumn:
    """One column of an answer; `type` is DuckDB's. Names are made unique: a, a_1, a_2."""

    name: str
    type: str


@dataclass(frozen=True)
class Page:
    """The first rows of an answer, and whether there are more: numbers, booleans and text, all else as its text."""

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[Any, ...], ...]
    more: bool


class Result:
    """The answer to one query: its rows are streamed, and can be read once.

    Use it as a context manager, or close it: it holds the snapshot's file open.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation) -> None:
        self._connection = connection
        self._relation = relation
        self._streams: list[pa.RecordBatchReader] = []
        types = [str(data_type) for data_type in relation.types]
        self.columns = tuple(map(ResultColumn, _unique(relation.columns), types))

    def __enter__(self) -> Result:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the snapshot's file.

        A stream that a traceback still holds would keep DuckDB's instance, and the next connection of the process would
        wait for its end for ever.
        """
        for stream in self._streams:
            stream.close()
        self._relation.close()
        self._connection.close()

    @property
    def relation(self) -> duckdb.DuckDBPyRelation:
        """The answer as DuckDB has it, to go on from; it ends when the result is closed."""
        return self._relation

    def reader(self) -> pa.RecordBatchReader:
        """Return a reader that streams the rows as Arrow record batches, with the names of `columns`.

        Raises:
            UsageError: the query fails on a value that it meets on the way; then while the reader is read.
        """
        with sentences():
            return self._reader(self._relation, [column.name for column in self.columns])

    def cells(self) -> pa.RecordBatchReader:
        """Return a reader like `reader`, of what CSV and TSV have cells for; a list or a record is its JSON text."""
        return self._projected(plain_values.cells(self._relation.types), [column.name for column in self.columns])

    def json_rows(self) -> pa.RecordBatchReader:
        """Return a reader like `reader`, of one column with the JSON text of each row."""
        names = [column.name for column in self.columns]
        return self._projected(plain_values.json_object(names, self._relation.types), ["json"])

    def _projected(self, expressions: str, names: list[str]) -> pa.RecordBatchReader:
        with sentences():
            return self._reader(self._relation.project(expressions), names)

    def _reader(self, relation: duckdb.DuckDBPyRelation, names: list[str]) -> pa.RecordBatchReader:
        import pyarrow as pa

        stream = relation.to_arrow_reader(_BATCH_ROWS)
        self._streams.append(stream)
        schema = pa.schema([field.with_name(name) for name, field in zip(names, stream.schema, strict=True)])
        return pa.RecordBatchReader.from_batches(schema, _renamed(stream, schema))

    def page(self, rows: int) -> Page:
        """Return the first `rows` rows, and whether there are more.

        Raises:
            UsageError: the query fails on a value that it meets on the way.
        """
        # DuckDB writes what Python may not have: a date may be infinite or lie in the year 20000, a time be 24:00:00.
        chosen = ", ".join(
            f"#{place}" if _SHOWN_AS_IT_IS.match(column.type) else f"cast(#{place} as varchar)"
            for place, column in enumerate(self.columns, start=1)
        )
        with sentences():
            found = self._relation.limit(rows + 1).project(chosen).fetchall()
        return Page(columns=self.columns, rows=tuple(found[:rows]), more=len(found) > rows)


def configuration(settings: Settings | None = None) -> dict[str, str | bool | int | float | list[str]]:
    """Return what DuckDB is opened with, so that no statement can write or read anything but what is opened.

    With `settings`, DuckDB keeps to their threads and memory.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        # Closes files, network, extensions from outside, stored secrets and the caller's Python variables alike.
        "enable_external_access": "false",
        # Without this DuckDB tries nevertheless, and complains about a folder instead of the missing function.
        "autoload_known_extensions": "false",
        # Locked from the start: connections of one process share the database, and with it a lock that is set later.
        "lock_configuration": "true",
        # By default what does not fit in memory is written beside the file, which is where a reader must not write.
        "temp_directory": str(Path(tempfile.gettempdir(), f"icw-sql-{os.getpid()}")),
    }
    if settings is not None:
        config |= {"threads": str(settings.threads), "memory_limit": settings.memory_limit}
    return config


def connect(
    snapshot: Snapshot, settings: Settings | None = None, attached: Mapping[str, Snapshot] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a snapshot's DuckDB file so that no statement can write or read anything else.

    One that has been dropped is made again first (`databases.database_of`).

    Read-only, no other files, no network, no extensions from outside, no access to the caller's Python variables, and
    these settings can no longer be changed. With `settings`, DuckDB keeps to their threads and memory. The
    tables of the `attached` snapshots have their names before them (`old.fct_series`).

    Raises:
        IntegrityError: the file is gone, or is not a DuckDB file that this version reads; or it has been dropped, and
            the Parquet files are not as they were published.
        StorageError: it has been dropped, and there is no room to make it again.
        UsageError: the memory limit of `settings` is too low to open it, or this process has opened it with other
            settings and not closed it.
    """
    try:
        return _opened(snapshot, settings, attached or {})
    except duckdb.ConnectionException:
        raise UsageError(
            f"Snapshot {snapshot.id} is open in this process with other settings. "
            "Close that connection first, or open both with the same settings."
        ) from None
    except duckdb.Error as error:
        if settings is not None and isinstance(error, duckdb.OutOfMemoryException):
            raise UsageError(
                f"ICW_MEMORY_LIMIT={settings.memory_limit} is too little to open snapshot {snapshot.id} "
                f"({_shortened(error)}). Set it higher, e.g. 2GB, or leave it unset."
            ) from None
        raise IntegrityError(
            f"The file {snapshot.database} of snapshot {snapshot.id} cannot be opened: {_shortened(error)}. "
            "Compare the snapshot with its SHA256SUMS, or ask another one (`icw snapshots` lists them)."
        ) from None


def _opened(
    snapshot: Snapshot, settings: Settings | None, attached: Mapping[str, Snapshot]
) -> duckdb.DuckDBPyConnection:
    """Open files; once more where one was dropped between being found and being opened, as a refresh may do."""
    config = configuration(settings)
    for is_last in (False, True):
        database = database_of(snapshot, settings)
        others = {name: database_of(other, settings) for name, other in attached.items()}
        try:
            if others:
                return attaching.open_together(database, others, config)
            return duckdb.connect(str(database), read_only=True, config=config)
        except duckdb.Error:
            if is_last or all(path.is_file() for path in (database, *others.values())):
                raise
    raise AssertionError


def run(
    snapshot: Snapshot,
    sql: str,
    settings: Settings | None = None,
    *,
    parameters: Mapping[str, JsonValue] | None = None,
    attached: Mapping[str, Snapshot] | None = None,
) -> Result:
    """Ask a snapshot one question, with values for its `$name`s and with other snapshots beside it.

    The answer to a question with parameters is held in memory (or in temporary files) as a whole before its first row.

    Raises:
        UsageError: the SQL is wrong, is not exactly one statement, or tries to write; its parameters are not those that
            are stated.
        IntegrityError: a snapshot's file cannot be opened.
    """
    connection = connect(snapshot, settings, attached)
    try:
        with sentences():
            statement = _only_question(connection, sql)
            values = bound(parameters or {}, sorted(statement.named_parameters))
            relation = connection.sql(sql, params=values) if values else connection.sql(sql)
        if relation is None:
            raise UsageError("The statement has no result to show.")
        return Result(connection, relation)
    except BaseException:
        connection.close()
        raise


def write_result(result: Result, form: Format, target: Path | BinaryIO, *, header: bool = True) -> int:
    """Write an answer to a path or an open binary file, in pieces; returns the number of rows.

    At a path, the file appears when it is whole. `header` leaves the line of names out of csv and tsv.

    Raises:
        UsageError: the query fails on the way, or the format cannot hold one of its types.
        OutputError: the path cannot be written to.
        StorageError: there is no room for the file.
        BrokenPipeError: whoever read the other end has left.
    """
    from warehouse.snapshots import formats

    match form:
        case "json" | "ndjson":
            reader = result.json_rows()
        case "csv" | "tsv":
            reader = result.cells()
        case _:
            reader = result.reader()
    return formats.write(reader, form, target, header=header)


def require_text(sql: str) -> None:
    """Refuse what a command line hands over that is no text.

    Raises:
        UsageError: it holds bytes that are no UTF-8.
    """
    try:
        sql.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"The query is no UTF-8 text: see its character {error.start + 1}.") from None


def _only_question(connection: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    require_text(sql)
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        found = "no statement" if not statements else f"{len(statements)} statements"
        raise UsageError(f"One SQL statement at a time, please: {found} found.")
    try:
        kind = statements[0].type.name
    except ValueError:
        # DuckDB's Python client has no name for its newest kinds of statement; none of them only reads.
        kind = "this kind of"
    if kind == "EXPLAIN":
        # EXPLAIN ANALYZE runs what it explains, and DuckDB lets COPY write the log beside an open database file.
        explained = _EXPLAIN.sub("", statements[0].query, count=1)
        if explained == statements[0].query:
            raise UsageError("This form of EXPLAIN is not known here. Write EXPLAIN or EXPLAIN ANALYZE, and the query.")
        _only_question(connection, explained)
    if kind not in _READING:
        raise UsageError(
            f"{_READ_ONLY}: {kind} statements are refused. Ask with SELECT, FROM, WITH, DESCRIBE, SUMMARIZE, SHOW or "
            "EXPLAIN; the result can be written to a file of your own."
        )
    return statements[0]


@contextmanager
def sentences() -> Iterator[None]:
    """Turn DuckDB's errors into usage errors of one sentence, in its own words."""
    try:
        yield
    except duckdb.Error as error:
        raise UsageError(_sentence(error)) from None


def _sentence(error: Exception) -> str:
    if str(error).startswith("Permission Error:") or "read-only mode" in str(error):
        return f"{_READ_ONLY}: {_shortened(error)}."
    if str(error).startswith("Out of Memory Error:"):
        return (
            f"The query needs more memory than DuckDB may use ({_shortened(error)}): raise ICW_MEMORY_LIMIT, "
            "or ask for less."
        )
    if plain_values.NO_SUCH_DATE in str(error):
        return f"The result cannot be written as text: {plain_values.NO_SUCH_DATE}."
    words = _shortened(error)
    missing = re.match(r"Table with name (\w+) does not exist", words)
    if missing and (advice := where_idc_rows_are(missing[1])):
        return f"There is no table {missing[1]}. {advice}"
    return f"The query cannot be answered: {words}" + ("" if words.endswith("?") else ".")


def _shortened(error: Exception) -> str:
    """Return DuckDB's own words without the kind of error, the excerpt of the query and the advice."""
    words = re.split(r"\n+(?=LINE \d+:|Possible solutions:|See also )", str(error))[0]
    text = re.sub(r"^[A-Z][\w ]* Error: ", "", " ".join(words.split())).rstrip(".")
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE].rstrip() + " ..."


def _renamed(stream: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    while True:
        try:
            batch = stream.read_next_batch()
        except StopIteration:
            return
        except (OSError, ValueError, MemoryError) as error:
            # Arrow passes on what DuckDB says under way, as an error of its own kind.
            raise UsageError(_sentence(error)) from None
        yield batch.rename_columns(schema.names)


def _unique(names: Sequence[str]) -> list[str]:
    """Number the repeated names (a, a, b -> a, a_1, b), around those that the answer has anyway."""
    unique: list[str] = []
    for name in names:
        candidates = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(1)))
        given = set(names) - {name} | set(unique)
        unique.append(next(candidate for candidate in candidates if candidate not in given))
    return unique
