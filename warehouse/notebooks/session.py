"""One snapshot held open: what asks it shares DuckDB's one instance of its file, until it is closed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from warehouse.errors import UsageError
from warehouse.settings import Settings
from warehouse.snapshots import query
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.query import Result

if TYPE_CHECKING:
    import duckdb


class Session:
    """A snapshot, the bounds of DuckDB, and the home that keeps its citations (None for one outside of a home)."""

    def __init__(
        self,
        snapshot: Snapshot,
        settings: Settings,
        *,
        home: Path | None = None,
        own_folder: TemporaryDirectory[str] | None = None,
    ) -> None:
        """Open the DuckDB file, which is made again where it has been dropped; `own_folder` goes with the session.

        Raises:
            IntegrityError: the file cannot be opened, or made again.
            StorageError: there is no room to make it again.
        """
        self.snapshot = snapshot
        self.settings = settings
        self.home = home
        self._held = ExitStack()
        if own_folder is not None:
            self._held.callback(own_folder.cleanup)
        self._connection: duckdb.DuckDBPyConnection | None = query.connect(snapshot, settings)
        self._held.callback(self._connection.close)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """Return the connection that keeps the file open.

        Raises:
            UsageError: the session is closed.
        """
        if self._connection is None:
            raise UsageError(f"Snapshot {self.snapshot.id} is closed. Open it again.")
        return self._connection

    def run(self, question: str, parameters: Mapping[str, Any]) -> Result:
        """Ask a question. Raises as `query.run` does, and a UsageError where the session is closed."""
        self.connection()
        return query.run(self.snapshot, question, self.settings, parameters=parameters)

    def run_and_hold(self, question: str, parameters: Mapping[str, Any]) -> Result:
        """Ask a question whose result stays until the session is closed. Raises as `run` does."""
        return self._held.enter_context(self.run(question, parameters))

    def close(self) -> None:
        """Let go of everything."""
        self._connection = None
        self._held.close()
