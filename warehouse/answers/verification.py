"""Is a cited answer still the same? It is computed again, here or on another machine, and compared with its record.

The record has only digests: of the whole, and of each thousand rows. Which value differs is told where something has
the true rows beside the false ones: a file of the result, or the snapshot's other copy of its tables (DuckDB, Parquet).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import duckdb

from warehouse.answers import comparison, record, store
from warehouse.answers.answering import Answer, answered, rows_of
from warehouse.answers.comparison import Difference
from warehouse.answers.opening import opened_database, opened_parquet
from warehouse.answers.question import question
from warehouse.answers.record import Citation, TableCited
from warehouse.errors import IntegrityError, UsageError
from warehouse.files import sha256_of
from warehouse.logical_digest import FORM
from warehouse.settings import Settings
from warehouse.snapshots import catalog
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.manifest import TableEntry
from warehouse.snapshots.table_files import wrong_file


@dataclass(frozen=True)
class Verification:
    """What a citation was compared with, and each difference that was found, a sentence each; none: it is equal.

    `snapshots` are the ids of the snapshots that answered. `compared` names what was found equal or not.
    """

    citation: Citation
    snapshots: tuple[str, ...]
    compared: tuple[str, ...]
    differences: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.differences


def verify(home: Path, file: Path, settings: Settings, *, result: Path | None = None) -> Verification:
    """Compute a cited answer again from the snapshot with the same tables, and compare all of it.

    Args:
        home: a warehouse home; the snapshot may have another id in it.
        file: the record.
        settings: for DuckDB's threads and memory.
        result: a file of the result; by default the one that the record lies beside, if it is there.

    Raises:
        UsageError: there is no such record, it is of a newer format, or the home has no snapshot with these tables.
        IntegrityError: the record is damaged.
    """
    citation = record.read(file)
    snapshots = {entry.name: _snapshot(home, entry.id, entry.tables_digest) for entry in citation.snapshots}
    differences = [sentence for table in citation.tables for sentence in _table(snapshots[table.snapshot], table)]
    if question(citation.question, citation.parameters).normalised != citation.normalised_sql:
        differences.append("The question of the record is not the normalised SQL that its id is made of.")
    compared = [f"the bytes of {table.name}" for table in citation.tables]
    sound: list[Path] = []
    false: list[tuple[str, Path]] = []
    with comparison.scratch_folder() as scratch:
        for name, opened in _openings(citation, snapshots, settings):
            compared.append(name)
            kept = scratch / f"{len(compared)}.parquet"
            try:
                with opened as connection:
                    answer = _again(connection, citation)
                    comparison.write_rows(rows_of(connection, [column.name for column in answer.columns]), kept)
            except (UsageError, IntegrityError) as error:
                differences.append(f"{name}: the query cannot be answered. {error}")
                continue
            found = _differences(citation, answer)
            differences += [f"{name}: {sentence}" for sentence in found]
            if found:
                false.append((name, kept))
            else:
                sound.append(kept)
        # Where one copy has the rows that were cited, they show which of the other's are false.
        for name, kept in false if sound else ():
            differences += [f"{name}: {_first(entry)}" for entry in comparison.parquet_files(sound[0], kept)]
        beside = result if result is not None else _result_beside(citation, file)
        if beside is not None:
            compared.append(str(beside))
            differences += _result(citation, beside, sound)
    ids = tuple(snapshot.id for snapshot in snapshots.values())
    return Verification(citation=citation, snapshots=ids, compared=tuple(compared), differences=tuple(differences))


def _snapshot(home: Path, snapshot_id: str, tables_digest: str) -> Snapshot:
    found = catalog.with_tables_digest(home, tables_digest)
    named = [snapshot for snapshot in found if snapshot.id == snapshot_id] or found
    if not named:
        raise UsageError(
            f"No snapshot in {home} has the tables digest {tables_digest}, which the citation is to: it was made of "
            f"{snapshot_id}. Copy that snapshot's folder into {catalog.snapshots_folder(home)}, or name its home with "
            "ICW_HOME."
        )
    return named[0]


def _table(snapshot: Snapshot, table: TableCited) -> Iterator[str]:
    """Yield what is the matter with the bytes of a table."""
    entry = _entry(snapshot, table.name)
    wrong = wrong_file(snapshot, entry)
    if wrong is not None and wrong.found is None:
        yield f"The table {table.name} of {snapshot.id} cannot be read: {wrong.path}: {wrong.reason}."
    elif wrong is not None:
        yield (
            f"The bytes of the table {table.name} of {snapshot.id} are others: {wrong.path} has SHA-256 {wrong.found}, "
            f"and {wrong.published} was cited."
        )
    elif entry.parquet_sha256 != table.parquet_sha256:
        yield (
            f"The bytes of the table {table.name} of {snapshot.id} are others: they have SHA-256 "
            f"{entry.parquet_sha256}, and {table.parquet_sha256} was cited."
        )


def _openings(
    citation: Citation, snapshots: Mapping[str, Snapshot], settings: Settings
) -> Iterator[tuple[str, AbstractContextManager[duckdb.DuckDBPyConnection]]]:
    """Yield the two copies of the tables; the DuckDB file first: a byte of the Parquet files is what readers notice."""
    tables = {
        name: tuple(_entry(snapshot, table.name) for table in citation.tables if table.snapshot == name)
        for name, snapshot in snapshots.items()
    }
    yield "warehouse.duckdb", _opened(snapshots, None, settings)
    yield "the Parquet files", _opened(snapshots, tables, settings)


def _entry(snapshot: Snapshot, name: str) -> TableEntry:
    table = snapshot.table(name)
    if table is None:
        raise IntegrityError(f"The snapshot {snapshot.id} has no table {name}, which the citation reads.")
    return table


@contextmanager
def _opened(
    snapshots: Mapping[str, Snapshot],
    tables: Mapping[str, tuple[TableEntry, ...]] | None,
    settings: Settings,
) -> Iterator[duckdb.DuckDBPyConnection]:
    if tables is not None:
        with opened_parquet(snapshots, tables, settings) as connection:
            yield connection
        return
    connection = opened_database(snapshots, settings)
    try:
        yield connection
    finally:
        connection.close()


def _again(connection: duckdb.DuckDBPyConnection, citation: Citation) -> Answer:
    """Compute the answer; the record may come from anywhere, so that its SQL is read as any other."""
    asked = question(citation.normalised_sql, citation.parameters)
    names = [column.name for column in citation.result.columns]
    return answered(connection, asked.asked, asked.parameters, names)


def _differences(citation: Citation, answer: Answer) -> list[str]:
    """Return how an answer differs from its record, by what the record has."""
    cited, found = citation.result, answer.digests
    types = tuple(column.type for column in cited.columns)
    if answer.types != types:
        return [f"The columns are of the types {', '.join(answer.types)}, and {', '.join(types)} were cited."]
    if (found.rows, found.sha256) == (cited.rows, cited.sha256):
        return []
    if cited.digest_method != FORM:
        return [f"The digests of the record are made by {cited.digest_method}, and this release makes {FORM}."]
    pairs = zip_longest(cited.block_sha256, found.block_sha256)
    block = next((place for place, (one, other) in enumerate(pairs) if one != other), 0)
    first, last = block * cited.block_rows + 1, (block + 1) * cited.block_rows
    last = min(last, max(cited.rows, found.rows))
    return [
        f"The answer has {found.rows:,} rows, SHA-256 {found.sha256}; cited were {cited.rows:,} rows, SHA-256 "
        f"{cited.sha256}. The first difference is among the rows {first:,} to {last:,} in canonical order."
    ]


def _result_beside(citation: Citation, file: Path) -> Path | None:
    """Return the result that a record lies beside."""
    if citation.file is None or not file.name.endswith(store.SUFFIX):
        return None
    beside = file.with_name(file.name.removesuffix(store.SUFFIX))
    return beside if beside.is_file() else None


def _result(citation: Citation, result: Path, sound: list[Path]) -> Iterator[str]:
    """Yield how a file of the result differs from the true rows, or that nothing has them."""
    if not result.is_file():
        raise UsageError(f"There is no file {result}. Name the file with the result of {citation.id}.")
    if citation.file is not None and sha256_of(result) == citation.file.sha256:
        return
    if not sound:
        yield (
            f"{result} is not byte for byte what was written, and nothing here has the answer that was cited to "
            "compare it with."
        )
        return
    for difference in comparison.result_file(sound[0], result):
        yield f"{result}: {_first(difference)}"


def _first(difference: Difference) -> str:
    if difference.row is None:
        return difference.what
    place = f"row {difference.row:,}" + ("" if difference.column is None else f", column {difference.column}")
    return f"It first differs at {place} in canonical order: {difference.what}"
