"""The proof that a query has one answer, for who needs no citation of it."""

from __future__ import annotations

from contextlib import closing

from warehouse.answers.opening import ASKED, opened_database
from warehouse.answers.question import question
from warehouse.answers.reading import tables_read
from warehouse.answers.uniqueness import require_unique
from warehouse.settings import Settings
from warehouse.snapshots.catalog import Snapshot


def require_one_answer(snapshot: Snapshot, sql: str, settings: Settings) -> None:
    """Refuse a query to a snapshot that may have another answer next time, as it is for a citation.

    Raises:
        UsageError: the query is wrong.
        NotCitable: it may have another answer; the message says why and what to write.
        IntegrityError: the snapshot's file cannot be opened.
    """
    asked, snapshots = question(sql), {ASKED: snapshot}
    tables_read(asked, snapshots)
    with closing(opened_database(snapshots, settings)) as connection:
        require_unique(asked, connection)
