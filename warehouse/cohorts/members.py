"""What the query of a cohort chooses in one snapshot: its members, each a series or a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.answers.proof import require_one_answer
from warehouse.cohorts.record import Cohort
from warehouse.downloads.choosing import Totals, chosen_by
from warehouse.downloads.forms import RECORD_TABLES
from warehouse.errors import IntegrityError, NotCitable
from warehouse.settings import Settings
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot


@dataclass(frozen=True)
class Members:
    """The members of a cohort in a snapshot: what they come to, the digest of their keys, and their Parquet file."""

    snapshot: Snapshot
    totals: Totals
    keys_sha256: str
    file: Path


def members(snapshot: Snapshot, sql: str, settings: Settings, file: Path) -> Members:
    """Return what a query chooses in a snapshot, once it is proven to choose the same every time.

    Args:
        snapshot: what is asked.
        sql: one SELECT that returns a key of series or files, as for a manifest.
        settings: threads and memory of DuckDB.
        file: where the members are written, as Parquet: one a row, in the columns of a manifest as a table.

    Raises:
        UsageError: the query is wrong, or returns no key; the message says which it may return.
        NotCitable: it may choose others next time.
        IntegrityError: the snapshot's file cannot be opened.
        StorageError: there is no room for the file.
    """
    with chosen_by(snapshot, sql, "csv", settings, purpose="A cohort") as choice:
        listed = choice.records_listed
        try:
            require_one_answer(snapshot, listed.sql, settings)
        except NotCitable as error:
            raise NotCitable(f"A cohort must be the same each time that it is asked for. {error}") from None
        totals = choice.totals()
        with choice.manifest() as result:
            query.write_result(result, "parquet", file)
    return Members(snapshot, totals, _digest(file, RECORD_TABLES[totals.kind].key, settings), file)


def members_of(saved: Cohort, snapshot: Snapshot, settings: Settings, file: Path) -> Members:
    """Return what a saved cohort chooses in a snapshot; see `members`.

    Raises:
        IntegrityError: also where the snapshot has the tables that the cohort was saved on, and the members are others.
    """
    found = members(snapshot, saved.sql, settings, file)
    same_tables = snapshot.manifest.tables_digest == saved.snapshot.tables_digest
    if same_tables and found.keys_sha256 != saved.keys_sha256:
        raise IntegrityError(
            f"The cohort {saved.name} chooses {found.totals.records:,} {found.totals.kind} in {snapshot.id}, which are "
            f"not the {saved.totals.records:,} that it chose in the same tables when it was saved. `icw verify "
            f"{snapshot.id}` says whether the snapshot is damaged; if it is not, remove the cohort and save it again."
        )
    return found


def _digest(file: Path, key: str, settings: Settings) -> str:
    import duckdb

    from warehouse.sql_text import quoted, read_parquet

    with duckdb.connect(config={"threads": str(settings.threads), "memory_limit": settings.memory_limit}) as connection:
        by = quoted(key)
        [(digest,)] = connection.execute(
            f"select sha256(coalesce(string_agg({by}::varchar || chr(10), '' order by {by}), ''))"
            f" from {read_parquet([file])}"
        ).fetchall()
    return str(digest)
