"""Write the tables of a build: the Parquet files of each table, and the DuckDB file that holds them all.

The Parquet files are the reference: totally ordered, so that the same rows give the same bytes whatever the machine,
the number of threads or the memory. A table is one file, or one for each value of the first column of its order, so
that the rows of a source that has not changed are the bytes that an earlier snapshot has. The DuckDB file is filled
from them and adds what Parquet cannot say: comments and not-null keys. Nothing in here knows about snapshots, verdicts
or dbt.
"""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.dbt_manifest import STAR_SCHEMA
from warehouse.errors import BuildFailed, IntegrityError, StorageError, UsageError
from warehouse.files import sha256_of, writing_to
from warehouse.logical_digest import logical_digest_of_parquet
from warehouse.snapshots.catalog import table_files
from warehouse.snapshots.comments import column_comment, column_text, table_comment
from warehouse.snapshots.manifest import (
    AbsentPart,
    ColumnEntry,
    DuckdbFile,
    TableEntry,
    TableFile,
    digest_of_files,
    part_name,
    part_path,
)
from warehouse.snapshots.ordered_parquet import OrderedRows, write_in_order
from warehouse.snapshots.star import StarTable
from warehouse.sql_text import literal, quoted, read_parquet

log = logging.getLogger("icw.snapshots")

# DuckDB 2.0 writes this format on request, and DuckDB 1.5 reads it; BI drivers lag behind.
STORAGE_VERSION = "v1.5.0"

MOST_PARTS = 100
"""The most parts that a table may have: a column with more values is none that tells a few sources apart."""

# The part of a table that has no rows, so that its files can be named by a pattern all the same.
_NO_ROWS = "empty"


@contextmanager
def table_writer(database: Path, scratch: Path, *, threads: int, memory_limit: str) -> Iterator[TableWriter]:
    """Open a build's DuckDB file read-only, to write its tables elsewhere; memory overflows into `scratch`.

    Raises:
        StorageError: a file could not be written (full disk, missing permission).
    """
    with storage_errors(scratch.parent):
        try:
            with duckdb.connect() as connection:
                connection.execute(f"set threads = {threads}")
                # DuckDB draws it into logs, too.
                connection.execute("set enable_progress_bar = false")
                connection.execute(f"set memory_limit = {literal(memory_limit)}")
                connection.execute(f"set temp_directory = {literal(str(scratch))}")
                connection.execute(f"attach {literal(str(database))} as build (read_only)")
                yield TableWriter(connection)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


@contextmanager
def storage_errors(folder: Path) -> Iterator[None]:
    """Turn DuckDB's refusal to write below `folder` into a `StorageError` that says what to do."""
    try:
        yield
    except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
        advice = "free some space or point ICW_HOME at a folder that can be written"
        if isinstance(error, duckdb.OutOfMemoryException):
            advice = "raise ICW_MEMORY_LIMIT, or " + advice
        raise StorageError(
            f"DuckDB could not write below {folder}: {str(error).splitlines()[0]}. To go on, {advice}, "
            "then run the command again."
        ) from error


def fill_database(
    tables: Sequence[TableEntry],
    parquet_folder: Path,
    database: Path,
    absent: Sequence[AbsentPart] = (),
    *,
    threads: int,
    memory_limit: str,
) -> DuckdbFile:
    """Write the DuckDB file of published tables again, from their Parquet files: same tables, types and comments.

    Memory overflows into the folder of `database`.

    Raises:
        StorageError: the file could not be written (full disk, missing permission), or the memory is too little.
        IntegrityError: a Parquet file has other columns than its table.
        duckdb.Error: a Parquet file cannot be read.
    """
    with storage_errors(database.parent), duckdb.connect() as connection:
        connection.execute(f"set threads = {threads}")
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"set memory_limit = {literal(memory_limit)}")
        connection.execute(f"set temp_directory = {literal(str(database.parent / 'scratch'))}")
        connection.execute(f"attach {literal(str(database))} as snapshot (storage_version {literal(STORAGE_VERSION)})")
        for table in tables:
            _fill(connection, table, table_files(parquet_folder, table), absent)
        connection.execute("checkpoint snapshot")
        connection.execute("detach snapshot")
    shutil.rmtree(database.parent / "scratch", ignore_errors=True)
    return _described(database)


class TableWriter:
    """Writes tables of one build. Made by `table_writer`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def write(
        self, tables: Sequence[StarTable], parquet_folder: Path, database: Path, absent: Sequence[AbsentPart] = ()
    ) -> tuple[tuple[TableEntry, ...], DuckdbFile]:
        """Write each table as Parquet, and all of them into one new DuckDB file, in its schema main.

        A table goes into the DuckDB file, and its logical digest is taken, while the Parquet files of the next one are
        written: none of these keeps two cores busy by itself. The largest come first, so that none of them is left
        for the end. `absent` goes into the comments.

        Raises:
            BuildFailed: a table is missing or differs from its description, its primary key is not unique or null, a
                column has a type that Parquet does not hold, or a value cannot name a part.
        """
        entries: dict[str, TableEntry] = {}
        with (
            self._connection.cursor() as filling,
            ThreadPoolExecutor(max_workers=1) as pool,
            ThreadPoolExecutor(max_workers=1) as hashing,
        ):
            types = self._column_types()
            filling.execute("set enable_progress_bar = false")
            filling.execute(f"attach {literal(str(database))} as snapshot (storage_version {literal(STORAGE_VERSION)})")
            try:
                filled: list[Future[None]] = []
                digests: dict[str, Future[str]] = {}
                for table in self._largest_first(tables):
                    entry = entries[table.name] = self._write_parquet(table, types, parquet_folder)
                    files = table_files(parquet_folder, entry)
                    digests[table.name] = hashing.submit(logical_digest_of_parquet, *files)
                    filled.append(pool.submit(_fill, filling, entry, files, absent))
                for done in filled:
                    done.result()
                for name, digest in digests.items():
                    entries[name] = entries[name].model_copy(update={"logical_digest": _publishable(name, digest)})
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                hashing.shutdown(wait=False, cancel_futures=True)
                filling.interrupt()
                raise
            filling.execute("checkpoint snapshot")
            filling.execute("detach snapshot")
        return tuple(entries[table.name] for table in tables), _described(database)

    def _largest_first(self, tables: Sequence[StarTable]) -> list[StarTable]:
        rows = dict(
            self._connection.execute(
                "select table_name, estimated_size from duckdb_tables() "
                "where database_name = 'build' and schema_name = ?",
                [STAR_SCHEMA],
            ).fetchall()
        )
        return sorted(tables, key=lambda table: -rows.get(table.name, 0))

    def _write_parquet(self, table: StarTable, built: Mapping[str, Mapping[str, str]], folder: Path) -> TableEntry:
        """Write one table as Parquet and describe what was written; `built` are the types of all columns of the build.

        Raises:
            BuildFailed: the table is missing or differs from its description, its primary key is not unique or null, a
                column has a type that Parquet does not hold, or a value cannot name a part.
        """
        types = built.get(table.name, {})
        _require_described(table, types)
        rows = self._checked_rows(table)
        if table.parts_by is None:
            files = (self._write_file(table, f"{table.name}.parquet", folder),)
        else:
            with writing_to(folder):
                (folder / table.name).mkdir()
            files = tuple(
                self._write_file(table, part_path(table.name, name), folder, condition)
                for name, condition in self._parts(table, table.parts_by)
            )
        self._check_types_survive(table.name, types, folder / files[0].path)
        if sum(file.rows for file in files) != rows:
            raise BuildFailed(
                f"The files of {table.name} have {sum(file.rows for file in files)} rows, and the table has {rows}: it "
                "was changed while it was written. Build again."
            )
        log.info("wrote %s, %d rows", table.name, rows, extra={"event": "table", "table": table.name, "rows": rows})
        return TableEntry(
            name=table.name,
            rows=rows,
            columns=tuple(
                ColumnEntry(
                    name=column.name,
                    type=types[column.name],
                    description=column.description,
                    references=column.references,
                )
                for column in table.columns
            ),
            primary_key=table.primary_key,
            order_by=table.order_by,
            grain=table.grain,
            description=table.description,
            parquet_sha256=files[0].sha256 if table.parts_by is None else digest_of_files(files),
            parquet_bytes=sum(file.bytes for file in files),
            parts=() if table.parts_by is None else files,
            made_of=table.made_of,
        )

    def _parts(self, table: StarTable, column: str) -> list[tuple[str, str]]:
        """Return the name of each part of a table, and which rows are in it (SQL), in the order of the rows.

        A table without rows has one part, which has none: a reader of all files in its folder finds its columns.

        Raises:
            BuildFailed: a value is null or cannot name a file, or there are too many.
        """
        value = f"{quoted(column)}::varchar"
        values = [
            found
            for (found,) in self._connection.execute(
                f"select {value} from {_in_build(table.name)} group by {quoted(column)} "
                f"order by {quoted(column)} asc nulls last limit {MOST_PARTS + 1}"
            ).fetchall()
        ]
        names = [None if found is None else part_name(found) for found in values]
        wrong = [found for found, name in zip(values, names, strict=True) if name is None]
        if wrong or len(names) > MOST_PARTS:
            fault = f"holds {wrong[0]!r}" if wrong else f"has more than {MOST_PARTS} values"
            raise BuildFailed(
                f"The table {table.name} cannot be published in parts: its column {column} {fault}. A part is named "
                f"after its value: at most {MOST_PARTS} values may there be, none null, longer than 100 characters, or "
                "made of others than a-z, 0-9, _, - and, between two of these, a colon. Correct the model, or take "
                "parts_by out of the yml file beside it."
            )
        conditions = [f"{value} = {literal(found)}" for found in values]
        named = [(name, condition) for name, condition in zip(names, conditions, strict=True) if name is not None]
        return named or [(_NO_ROWS, "false")]

    def _write_file(self, table: StarTable, path: str, folder: Path, condition: str = "true") -> TableFile:
        """Write the rows of a table for which a condition (SQL) holds as one Parquet file, and hash it.

        Columns are in the order of their description, rows in the table's total order. The footer holds the
        descriptions (`description`, and `columns`: JSON by name), which DuckDB writes for a file only.
        """
        written = folder / path
        chosen = OrderedRows(
            _in_build(table.name), condition, tuple(column.name for column in table.columns), table.order_by
        )
        footer = {"description": table.description, "columns": _dictionary(table)}
        rows = write_in_order(self._connection, chosen, written, footer)
        return TableFile(path=path, rows=rows, sha256=sha256_of(written), bytes=written.stat().st_size)

    def _column_types(self) -> dict[str, dict[str, str]]:
        """Return the type of each column of each table of the star, read at once: DuckDB lists them all each time."""
        types: dict[str, dict[str, str]] = {}
        for table, column, data_type in self._connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where database_name = 'build' and schema_name = ? order by table_name, column_index",
            [STAR_SCHEMA],
        ).fetchall():
            types.setdefault(table, {})[str(column)] = str(data_type)
        return types

    def _checked_rows(self, table: StarTable) -> int:
        """Count the rows of a table whose primary key is unique and never null; only such a table has a total order."""
        key = ", ".join(quoted(column) for column in table.primary_key)
        missing = " or ".join(f"{quoted(column)} is null" for column in table.primary_key)
        [(rows, keys, nulls)] = self._connection.execute(
            f"select coalesce(sum(n), 0)::bigint, count(*), coalesce(sum(n) filter (where {missing}), 0)::bigint "
            f"from (select {key}, count(*) as n from {_in_build(table.name)} group by {key})"
        ).fetchall()
        if keys != rows or nulls:
            raise BuildFailed(
                f"The primary key ({', '.join(table.primary_key)}) of {table.name} does not identify its rows: "
                f"{rows} rows, {keys} different keys, {nulls} rows with a null in the key. "
                "Such a table has no total order and is not published; correct the model."
            )
        return int(rows)

    def _check_types_survive(self, name: str, types: Mapping[str, str], path: Path) -> None:
        described = self._connection.execute(f"describe select * from {read_parquet([path])}").fetchall()
        changed = [
            f"{column} ({types[column]} becomes {stored})"
            for column, stored, *_ in described
            if types[column] != stored
        ]
        if changed:
            raise BuildFailed(
                f"Parquet cannot hold these columns of {name} as they are: {', '.join(changed)}. "
                "Cast them in the model to a type that it can hold, such as BIGINT, DECIMAL(38, 0) or VARCHAR."
            )


def _require_described(table: StarTable, types: Mapping[str, str]) -> None:
    """Hold the columns of a built table against its description.

    Raises:
        BuildFailed: the table is missing, or has other columns.
    """
    described = {column.name for column in table.columns}
    if not types:
        raise BuildFailed(f"The build has no table {STAR_SCHEMA}.{table.name}, although dbt describes it. Build again.")
    if described != set(types):
        raise BuildFailed(
            f"The table {table.name} differs from its description: described but not built: "
            f"{', '.join(sorted(described - set(types))) or 'none'}; built but not described: "
            f"{', '.join(sorted(set(types) - described)) or 'none'}. Correct the yml file beside the model."
        )


def _publishable(table: str, digest: Future[str]) -> str:
    """Return a logical digest that was taken.

    Raises:
        BuildFailed: the table has a column of a type without one.
    """
    try:
        return digest.result()
    except UsageError as error:
        raise BuildFailed(f"The table {table} cannot be published, correct its model. {error}") from error


def _described(database: Path) -> DuckdbFile:
    return DuckdbFile(storage_version=STORAGE_VERSION, bytes=database.stat().st_size, sha256=sha256_of(database))


def _fill(
    connection: duckdb.DuckDBPyConnection, table: TableEntry, files: Sequence[Path], absent: Sequence[AbsentPart]
) -> None:
    """Write one table into the attached file `snapshot`, from its Parquet files in their order, with its comments.

    Keys are NOT NULL but not PRIMARY KEY: their uniqueness has been checked, and the index of the key would make
    the file of a million series 37 % larger and slower to write by half, for point lookups that scans of ordered
    columns answer in milliseconds.
    """
    require_its_columns(connection, table, files)
    name = f"snapshot.main.{quoted(table.name)}"
    columns = ", ".join(
        f"{quoted(column.name)} {column.type}{' not null' if column.name in table.primary_key else ''}"
        for column in table.columns
    )
    # In one transaction: each comment by itself would be written through to the disk.
    connection.execute("begin")
    connection.execute(f"create table {name} ({columns})")
    connection.execute(f"insert into {name} by name select * from {read_parquet(files)}")
    connection.execute(f"comment on table {name} is {literal(table_comment(table, absent))}")
    for column in table.columns:
        comment = column_comment(table, column, absent)
        connection.execute(f"comment on column {name}.{quoted(column.name)} is {literal(comment)}")
    connection.execute("commit")


def require_its_columns(connection: duckdb.DuckDBPyConnection, table: TableEntry, files: Sequence[Path]) -> None:
    """Hold the columns that a manifest states of a table against those of its files: names, types and their order.

    A manifest may come from elsewhere, and its types become part of a statement: they are those that DuckDB itself
    names, or nothing is run.

    Raises:
        IntegrityError: they are others.
        duckdb.Error: a file cannot be read.
    """
    for file in files:
        found = connection.execute(f"describe select * from {read_parquet([file])}").fetchall()
        if [(name, kind) for name, kind, *_ in found] != [(column.name, column.type) for column in table.columns]:
            raise IntegrityError(
                f"{file} has other columns than the manifest says of {table.name}: the snapshot contradicts itself, "
                "and nothing is made from it. Take it from where it was published."
            )


def _dictionary(table: StarTable) -> str:
    """Return the descriptions of the columns and what they refer to, as JSON by the name of the column."""
    texts = {column.name: column_text(column.description, column.references) for column in table.columns}
    return json.dumps(texts, ensure_ascii=False)


def _in_build(table: str) -> str:
    return f"build.{quoted(STAR_SCHEMA)}.{quoted(table)}"
