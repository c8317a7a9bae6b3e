"""Errors that a person must act on, each a sentence, each family with an exit code of its own.

A message says what happened, where, what was expected and what to do. The command line prints the
message without a traceback and exits with `exit_code`; 1 is left to defects of the program itself.
"""

from __future__ import annotations

from typing import ClassVar

from warehouse.public_text import public_text


class WarehouseError(Exception):
    """Base of every error that the project raises on purpose.

    A message may quote upstreams and addresses: it loses credentials and control characters here, wherever it goes.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str = "") -> None:
        super().__init__(public_text(message))

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows in the place of a traceback: IPython asks for it by this name."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(WarehouseError):
    """The caller asked for something that does not exist or is not allowed: a version, table, snapshot or statement."""

    exit_code = 2


class NotCitable(UsageError):
    """A query whose answer may differ from one run to the next, or cannot be proven not to: it is not cited."""


class SourceError(WarehouseError):
    """An upstream could not be reached or answered with something that cannot be used."""

    exit_code = 3


class SourceUnreachable(SourceError):
    """No answer at all (refused, timed out, name not found), or an answer that says "not now"."""


class SourceBusy(SourceError):
    """An answer that says "not now" after all tries of a request: a try some minutes later may succeed."""


class UnknownRelease(UsageError):
    """Every channel that answered says that it has no such release."""


class IntegrityError(SourceError):
    """Bytes that do not agree with their digest, their format, their version or their contract."""


class AuditFailed(WarehouseError):
    """The build was finished and judged, and at least one expectation of severity `error` failed."""

    exit_code = 4


class LockHeld(WarehouseError):
    """Another live process is refreshing the same warehouse home."""

    exit_code = 5


class StorageError(WarehouseError):
    """No room: the home cannot be written (missing permission, full disk), or DuckDB may not use enough memory."""

    exit_code = 6


class Degraded(WarehouseError):
    """The run did all that it could, and a source could not be refreshed: its last good load stays.

    Or the snapshot, which is in service, did not get to the object store, or its site could not be made.
    """

    exit_code = 8


class AbsentData(WarehouseError):
    """A query that must read only what is there (`icw sql --strict`) reads data that the snapshot does not have."""

    exit_code = 14


class BuildFailed(WarehouseError):
    """dbt could not build a model: a defect of the project or of its configuration, not of the data."""

    exit_code = 7


class OutputError(WarehouseError):
    """The path for a result is no good: no such folder, no permission."""

    # 9 to 12 are those of `icw status --check`.
    exit_code = 13


class StoreError(WarehouseError):
    """The object store that snapshots are published to could not be reached, or refused.

    `is_answer` says whether the store has answered.
    """

    exit_code = 15

    def __init__(self, message: str = "", *, is_answer: bool = False) -> None:
        super().__init__(message)
        self.is_answer = is_answer


class AbsentDataWarning(UserWarning):
    """An answer reads what its snapshot does not have: a null or an empty table there means absent, not zero."""


class SyntheticDataWarning(UserWarning):
    """A snapshot that holds made-up data was opened."""
