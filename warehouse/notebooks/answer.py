"""The answer to one question: read as Arrow, polars, pandas or by DuckDB, as often as wanted; every type as it is."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from warehouse.errors import AbsentDataWarning, UsageError
from warehouse.notebooks.session import Session
from warehouse.snapshots import query
from warehouse.snapshots.absence import absent_parts_read, sentences

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from warehouse.answers.record import Citation

_PLAIN = (str, int, float, bool, type(None))


class Answer:
    """The answer to one question; it is computed when it is read, from tables that never change.

    `columns` are its names and DuckDB's types; `absent` are the sentences on what it reads and the snapshot lacks.
    """

    def __init__(self, session: Session, question: str, parameters: Mapping[str, Any]) -> None:
        """Have DuckDB check the question.

        Raises:
            UsageError: the question or its parameters are wrong, or the snapshot is closed.
        """
        _require_plain(parameters)
        with session.run(question, parameters) as result:
            self.columns = result.columns
        self._session = session
        self._question = question
        self._parameters = parameters
        parts = absent_parts_read({"warehouse": session.snapshot}, question, parameters)
        self.absent = tuple(sentences(parts))
        for sentence in self.absent:
            warnings.warn(sentence, AbsentDataWarning, stacklevel=3)

    def __repr__(self) -> str:
        with self._session.run(self._question, self._parameters) as result, query.sentences():
            shown = str(result.relation)
        if not self._session.snapshot.manifest.synthetic:
            return shown
        return f"{shown}\nSYNTHETIC: made-up data of the sandbox, snapshot {self._session.snapshot.id}."

    def arrow(self) -> pa.Table:
        """Return the rows as an Arrow table; the metadata of its schema says which snapshot they are of.

        Raises:
            UsageError: the query fails on a value that it meets on the way, or the snapshot is closed.
        """
        manifest = self._session.snapshot.manifest
        with self._session.run(self._question, self._parameters) as result:
            table = result.reader().read_all()
        origin = {"snapshot_id": manifest.snapshot_id, "synthetic": str(manifest.synthetic).lower()}
        return table.replace_schema_metadata({**(table.schema.metadata or {}), **origin})

    def polars(self) -> pl.DataFrame:
        """Return the rows as a polars frame. Raises as `arrow` does."""
        import polars as pl

        frame = pl.from_arrow(self.arrow())
        assert isinstance(frame, pl.DataFrame)
        return frame

    def pandas(self) -> pd.DataFrame:
        """Return the rows as a pandas frame of Arrow's types: whole numbers with nulls stay whole, dates are dates.

        `attrs` of the frame say which snapshot they are of. Raises as `arrow` does.
        """
        import pandas as pd

        frame = self.arrow().to_pandas(types_mapper=pd.ArrowDtype)
        manifest = self._session.snapshot.manifest
        frame.attrs = {"snapshot_id": manifest.snapshot_id, "synthetic": manifest.synthetic}
        return frame

    def duckdb(self) -> duckdb.DuckDBPyRelation:
        """Return the answer as a relation of DuckDB, to go on from; it ends when the snapshot is closed."""
        return self._session.run_and_hold(self._question, self._parameters).relation

    def cite(self) -> Citation:
        """Return the citation of the answer, once it is proven to be the only one; `paragraph` of it is for a paper.

        It is computed twice, from the DuckDB file and from the Parquet files. A home keeps the record, so that
        `icw cite verify` can compute it again; for a snapshot outside of a home, `text()` of it is what to keep.

        Raises:
            NotCitable: the question may have another answer next time; the message says why and what to write.
            IntegrityError: a file of the snapshot is not as it was published.
            StorageError: the home cannot be written.
        """
        from warehouse.answers import store
        from warehouse.answers.citing import cited

        session = self._session
        session.connection()
        with cited(session.snapshot, self._question, session.settings, parameters=self._parameters) as answer:
            citation = answer.citation
        return citation if session.home is None else store.keep(session.home, citation)


def _require_plain(parameters: Mapping[str, Any]) -> None:
    """Refuse what a citation could not repeat: a parameter is a text, a number, true, false, None or a list of them."""
    for name, value in parameters.items():
        for part in value if isinstance(value, list) else [value]:
            if not isinstance(part, _PLAIN):
                raise UsageError(
                    f"The parameter {name} is a {type(part).__name__}. Give a text, a number, True, False, None or a "
                    "list of them; DuckDB reads a text such as '2024-01-31' as a date where it is compared with one."
                )
