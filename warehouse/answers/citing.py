"""Cite an answer: prove that it is the only one, compute it twice in two ways, and record it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
from pydantic import JsonValue

from warehouse.answers.answering import Answer, answered, result_of
from warehouse.answers.contributions import RecordsListed, contributions, contributions_to_list
from warehouse.answers.digest import BLOCK_ROWS
from warehouse.answers.opening import ASKED, opened_database, opened_parquet
from warehouse.answers.paragraph import paragraph
from warehouse.answers.question import question
from warehouse.answers.reading import TableRead, tables_read
from warehouse.answers.record import (
    Citation,
    ColumnCited,
    ResultCited,
    SnapshotCited,
    TableCited,
    digest_of,
    id_of,
)
from warehouse.answers.uniqueness import require_unique
from warehouse.errors import IntegrityError, NotCitable
from warehouse.logical_digest import FORM
from warehouse.settings import Settings
from warehouse.snapshots.absence import absent_parts_read, sentences
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.provenance import code_version
from warehouse.snapshots.query import Result
from warehouse.snapshots.table_files import wrong_file


@dataclass(frozen=True)
class CitedAnswer:
    """An answer with its citation; `result` has the rows that were hashed, in the order that was asked for."""

    citation: Citation
    result: Result


@contextmanager
def cited(
    snapshot: Snapshot,
    sql: str,
    settings: Settings,
    *,
    parameters: Mapping[str, JsonValue] | None = None,
    attached: Mapping[str, Snapshot] | None = None,
    listed: RecordsListed | None = None,
) -> Iterator[CitedAnswer]:
    """Yield the answer to a query with its citation. Nothing is written.

    Of an answer that lists records (`listed`) the collections are those of the records, proven like the answer.

    The answer is computed from the snapshot's DuckDB file, and again from the Parquet files that the record names, with
    another number of threads and in any order of rows: both must be the same, so that the bytes that are named are
    those that it comes from.

    Raises:
        UsageError: the query is wrong, or its parameters are not those that are stated.
        NotCitable: the query may have another answer next time; the message says why and what to write.
        IntegrityError: a file of the snapshot is not as it was published.
    """
    asked = question(sql, parameters)
    snapshots = {ASKED: snapshot, **(attached or {})}
    read = tables_read(asked, snapshots)
    for table in read:
        _require_sound(snapshots[table.snapshot], table)
    connection = opened_database(snapshots, settings)
    try:
        require_unique(asked, connection)
        tables = {name: tuple(entry.table for entry in read if entry.snapshot == name) for name in snapshots}
        with opened_parquet(snapshots, tables, settings) as parquet:
            again = answered(parquet, asked.normalised, asked.parameters)
        answer = answered(connection, sql, asked.parameters, [column.name for column in again.columns])
        _require_same(answer, again)
        if listed is None:
            found = contributions(asked, snapshots, connection)
        else:
            require_unique(question(listed.sql, parameters), connection)
            found = contributions_to_list(listed, snapshot, ASKED, connection)
        described = tuple(SnapshotCited.of(name, entry) for name, entry in snapshots.items())
        result = _result(answer, is_ordered=_is_ordered(asked.node))
        digest = digest_of(asked.normalised, asked.parameters, described)
        absent = tuple(sentences(absent_parts_read(snapshots, sql, asked.parameters)))
        moment, engine = datetime.now(UTC).replace(microsecond=0), f"DuckDB {duckdb.__version__}"
        citation = Citation(
            id=id_of(digest),
            digest=digest,
            synthetic=any(entry.synthetic for entry in described),
            question=sql,
            normalised_sql=asked.normalised,
            parameters=asked.parameters,
            snapshots=described,
            tables=tuple(_table(entry) for entry in read),
            result=result,
            executed_at=moment,
            engine=engine,
            code_version=code_version(),
            collections=found.collections,
            collections_are_exact=found.is_exact,
            absent=absent,
            paragraph=paragraph(
                id_of(digest), described, result, moment, engine, found.collections, absent, are_exact=found.is_exact
            ),
        )
        yield CitedAnswer(citation=citation.sealed(), result=result_of(connection))
    finally:
        connection.close()


def _require_sound(snapshot: Snapshot, read: TableRead) -> None:
    """Refuse to cite bytes that are not those that the manifest names."""
    wrong = wrong_file(snapshot, read.table)
    if wrong is None:
        return
    if wrong.found is None:
        raise IntegrityError(
            f"The file {wrong.path} of snapshot {snapshot.id} cannot be read ({wrong.reason}), so that an answer "
            "from it cannot be cited. `icw snapshots verify` says which files are damaged."
        )
    raise IntegrityError(
        f"The file {wrong.path} of snapshot {snapshot.id} is not as it was published (SHA-256 {wrong.found}, published "
        f"{wrong.published}): it cannot be cited. Restore the snapshot, or cite another one."
    )


def _require_same(answer: Answer, again: Answer) -> None:
    if answer.types != again.types:
        raise NotCitable(
            f"The answer has columns of other types the second time ({', '.join(answer.types)}; "
            f"{', '.join(again.types)}): it cannot be cited. Cast the columns to the types that you mean."
        )
    if answer.digests != again.digests:
        raise NotCitable(
            "The answer is another one when it is computed a second time from the snapshot's Parquet files: "
            f"{answer.digests.rows:,} rows, SHA-256 {answer.digests.sha256}; then {again.digests.rows:,} rows, SHA-256 "
            f"{again.digests.sha256}. Either the query depends on the order of rows, or warehouse.duckdb is not as it "
            "was published (`icw snapshots verify`)."
        )


def _is_ordered(node: Mapping[str, Sequence[Mapping[str, object]]]) -> bool:
    return any(entry.get("type") == "ORDER_MODIFIER" for entry in node.get("modifiers", ()))


def _result(answer: Answer, *, is_ordered: bool) -> ResultCited:
    return ResultCited(
        columns=tuple(ColumnCited(name=column.name, type=column.type) for column in answer.columns),
        rows=answer.digests.rows,
        sha256=answer.digests.sha256,
        digest_method=FORM,
        is_ordered=is_ordered,
        block_rows=BLOCK_ROWS,
        block_sha256=answer.digests.block_sha256,
    )


def _table(read: TableRead) -> TableCited:
    return TableCited(
        snapshot=read.snapshot,
        name=read.table.name,
        columns=read.columns,
        rows=read.table.rows,
        parquet_sha256=read.table.parquet_sha256,
    )
