"""A snapshot that is open: its tables, what they mean, questions to it, and how to cite it."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from warehouse.citation import formats
from warehouse.citation.formats import FormatName
from warehouse.errors import UsageError
from warehouse.notebooks.answer import Answer
from warehouse.notebooks.session import Session
from warehouse.notebooks.table_description import TableDescription
from warehouse.snapshots.cited import citation_of
from warehouse.snapshots.dictionary import data_dictionary, table_named
from warehouse.snapshots.manifest import Manifest
from warehouse.sql_text import quoted

SYNTHETIC_NOTICE = "SYNTHETIC: this snapshot holds made-up data of the sandbox. Do not cite it."


class OpenedSnapshot:
    """One published snapshot, open for reading; nothing that is asked can change it.

    It stays the same one when another is put into service. Close it, or use it as a context manager.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> OpenedSnapshot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files. Frames and Arrow tables stay; an answer that has not been read can no longer be."""
        self._session.close()

    def __repr__(self) -> str:
        sources = ", ".join(
            f"{source.source} {source.version}{' (synthetic)' if source.synthetic else ''}"
            for source in self.manifest.sources
        )
        lines = [
            f"Snapshot {self.id}",
            f"made {self.manifest.created_at:%Y-%m-%d %H:%M} UTC, {len(self.manifest.tables)} tables",
            f"sources: {sources}",
        ]
        return "\n".join([*lines, *([SYNTHETIC_NOTICE] if self.is_synthetic else [])])

    @property
    def id(self) -> str:
        """Its name: when it was made and the beginning of its tables' digest, with `synthetic-` before made-up data."""
        return self._session.snapshot.id

    @property
    def manifest(self) -> Manifest:
        """Its sources, tables, digests and verdicts, as `manifest.json` has them."""
        return self._session.snapshot.manifest

    @property
    def is_synthetic(self) -> bool:
        """Whether any of its data is made up."""
        return self.manifest.synthetic

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables, sorted."""
        return tuple(entry.name for entry in data_dictionary(self._session.snapshot))

    def table(self, name: str) -> Answer:
        """Return all rows of a table, in their total order, nothing of which is read yet.

        Raises:
            UsageError: there is no such table; it says which one is meant, where that can be told.
        """
        entry = table_named(self._session.snapshot, name)
        return self.sql(f"select * from {quoted(entry.name)} order by {', '.join(map(quoted, entry.order_by))}")

    def describe(self, name: str) -> TableDescription:
        """Return what a table holds: its grain, its keys, and each column with type and meaning.

        Raises:
            UsageError: there is no such table; it says which one is meant, where that can be told.
        """
        return TableDescription(table_named(self._session.snapshot, name))

    def sql(self, question: str, /, **parameters: Any) -> Answer:
        """Ask one question in DuckDB's SQL; `parameters` are the values of its `$name`s, bound and never pasted.

        What it reads of what the snapshot lacks is warned of (`AbsentDataWarning`): it is absent, which is not zero.

        Raises:
            UsageError: the SQL is wrong, tries to write or is not one statement, its parameters are not those that are
                stated, or the snapshot is closed.
        """
        return Answer(self._session, question, parameters)

    def cite(self, form: FormatName = "text") -> str:
        """Return the citation of the snapshot: text to paste, or `bibtex`, `csl`, `ris`, `cff`, `datacite`.

        An answer has a citation of its own: `snapshot.sql(question).cite()`.

        Raises:
            UsageError: there is no such format, or the snapshot is closed.
        """
        if form not in formats.FORMATS:
            raise UsageError(f"There is no format {form!r} of a citation: it is one of {', '.join(formats.FORMATS)}.")
        return formats.render(citation_of(self.manifest, self._session.connection()), form)
