"""The query store of a home: `citations/<id>.json`, one record a question and snapshot, written once, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from warehouse.answers import record
from warehouse.answers.record import Citation, FileCited
from warehouse.errors import IntegrityError, OutputError, SourceError, StorageError, UsageError
from warehouse.files import files_below, write_atomically, write_unless_there, writing_to

SUFFIX = ".citation.json"
"""What the record beside a result is called: the name of the result and this."""


@dataclass(frozen=True)
class Unreadable:
    """A file of the store that is no record, and why."""

    path: Path
    reason: str


def folder(home: Path) -> Path:
    """Return the folder of a home that holds its records."""
    return home / "citations"


def path_of(home: Path, citation: Citation) -> Path:
    """Return where a record lies in a home."""
    return folder(home) / f"{citation.id}.json"


def keep(home: Path, citation: Citation) -> Citation:
    """Keep a record, unless the same question to the same tables was cited before; returns the one that is kept.

    Several processes may do this at once: the first one's record stays.

    Raises:
        IntegrityError: the earlier record has another result, or is damaged.
        StorageError: the home cannot be written.
    """
    path = path_of(home, citation)
    if not path.exists():
        try:
            with writing_to(path):
                path.parent.mkdir(exist_ok=True)
                # Another process may have cited the same a moment ago: its record stays.
                write_unless_there(path, citation.text())
        except StorageError as error:
            raise StorageError(
                f"The citation cannot be kept in the home. {error} Or copy the snapshot into a home of your own, and "
                "cite it there: it is the same citation."
            ) from error
    kept = record.read(path)
    if (kept.digest, kept.result.sha256, kept.result.rows) != (
        citation.digest,
        citation.result.sha256,
        citation.result.rows,
    ):
        raise IntegrityError(
            f"This question to these tables was cited on {kept.executed_at:%Y-%m-%d} with another result: {path} has "
            f"{kept.result.rows:,} rows, SHA-256 {kept.result.sha256} ({kept.engine}); now there are "
            f"{citation.result.rows:,} rows, SHA-256 {citation.result.sha256} ({citation.engine}). "
            f"`icw cite verify {path}` says where they differ."
        )
    return kept


def write_beside(result: Path, form: str, citation: Citation) -> Path:
    """Write a record beside the file that holds its result; returns its path.

    Raises:
        OutputError: the folder cannot be written to.
    """
    path = result.with_name(result.name + SUFFIX)
    try:
        write_atomically(path, citation.sealed(FileCited.of(result, form)).text())
    except OSError as error:
        raise OutputError(
            f"The citation cannot be written to {path}: {error.strerror or error}. The result is there; name a file in "
            "a folder that you may write to."
        ) from error
    return path


def records(home: Path) -> tuple[list[Citation], list[Unreadable]]:
    """Return the records of a home, the oldest first, and the files that are none.

    Raises:
        IntegrityError: the folder cannot be read.
    """
    found: list[Citation] = []
    broken: list[Unreadable] = []
    for path in (file for file in files_below(folder(home), ".json") if file.parent == folder(home)):
        try:
            found.append(record.read(path))
        except (SourceError, UsageError) as error:
            broken.append(Unreadable(path, str(error)))
    return sorted(found, key=lambda entry: (entry.executed_at, entry.id)), broken
