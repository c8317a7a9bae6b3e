"""Why a build failed, in a sentence: from failed models, an error of dbt or DuckDB, or the end of a process."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import AuditFailed, BuildFailed, StorageError, WarehouseError

# How DuckDB's errors name a disk that is full, or that refuses a file for another reason.
_REFUSED_WRITES = ("No space left", "File too large", "Could not write", "Disk quota", "Read-only file system")

_OUT_OF_MEMORY = "Out of Memory Error"

_LONGEST_MESSAGE = 300

# Signals that a process sends to itself, or that its own defect brings upon it.
_CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


@dataclass(frozen=True)
class Failed:
    """A model, seed or test that failed: its name, and the message of dbt or DuckDB."""

    name: str
    message: str
    is_test: bool = False


def build_failure(
    folder: Path,
    failed: Sequence[Failed] = (),
    error: str | None = None,
    *,
    results: Path | None = None,
    exit_status: int | None = None,
    last_words: Sequence[str] = (),
) -> WarehouseError:
    """Return the error for a build that did not come about.

    `AuditFailed` where only tests failed, `StorageError` where disk or memory did not suffice, else `BuildFailed`.

    Args:
        folder: that of the build.
        failed: what failed.
        error: the message of what stopped the build outside of any model.
        results: where the messages are kept whole, if they are.
        exit_status: how the process ended, if not as it should: negative is the signal that ended it.
        last_words: the last lines that the process wrote to standard error.
    """
    reason = _reason_in(last_words)
    if exit_status is not None and exit_status < 0:
        return lack_of_room(folder, reason) or _ended_by(-exit_status, reason)
    if not failed:
        reason = reason if error is None else _one_line(error)
        reason = reason or f"its process ended with exit code {exit_status} and no message"
        return lack_of_room(folder, reason) or BuildFailed(f"The build stopped outside of any model: {reason}.")
    messages = [_one_line(entry.message or "no message") for entry in failed]
    lacking = next((found for message in messages if (found := lack_of_room(folder, message))), None)
    if lacking is not None:
        return lacking
    named = ", ".join(entry.name for entry in failed[:3])
    named += f" and {len(failed) - 3} more" if len(failed) > 3 else ""
    if all(entry.is_test for entry in failed):
        return AuditFailed(
            f"The build was not published: the dbt tests {named} failed: {messages[0]}. "
            "What was in service before stays in service."
        )
    kept = f" Its whole message is in {results}." if results is not None else ""
    return BuildFailed(f"The build failed on {named}: {messages[0]}.{kept}")


def lack_of_room(folder: Path, message: str) -> StorageError | None:
    """Return what to do where DuckDB says that disk (below `folder`) or memory did not suffice, else None."""
    if any(words in message for words in _REFUSED_WRITES):
        return StorageError(
            f"DuckDB could not write below {folder}: {_one_line(message)}. "
            "Free some space or point ICW_HOME at a folder that can be written, then run the command again."
        )
    if _OUT_OF_MEMORY in message:
        return StorageError(
            f"DuckDB needs more memory than it may use, or more room below {folder} for what does not fit: "
            f"{_one_line(message)}. To go on, raise ICW_MEMORY_LIMIT or free some space, then run the command again."
        )
    return None


def _reason_in(last_words: Sequence[str]) -> str:
    """Return the line that names what went wrong: the exception that ends a traceback, or the last that was said."""
    lines = [line.rstrip() for line in last_words if line.strip()]
    traceback = next((at for at in reversed(range(len(lines))) if lines[at].startswith("Traceback ")), None)
    if traceback is not None:
        # What is indented below it are the places; the first line that is not has the exception's name and message.
        lines = [line for line in lines[traceback + 1 :] if not line.startswith(" ")][:1] or lines
    # The interpreter names a fatal error (a crash in a library) first, and the places after it.
    fatal = next((line for line in lines if line.startswith("Fatal Python error")), None)
    return _one_line(fatal or (lines[-1] if lines else ""))


def _ended_by(number: int, said: str) -> BuildFailed:
    try:
        name = signal.Signals(number).name
    except ValueError:
        name = f"signal {number}"
    advice = "Run the refresh again."
    if number == signal.SIGKILL:
        advice = (
            "Systems do this to processes when memory runs out: lower ICW_MEMORY_LIMIT or ICW_THREADS, or stop what "
            "else needs memory, then run the refresh again."
        )
    if number in _CRASHES:
        reason = f": {said}" if said else ""
        return BuildFailed(f"The process that builds the star crashed ({name}) before it was done{reason}. {advice}")
    last = f" Its last words: {said}." if said else ""
    return BuildFailed(
        f"The process that builds the star was ended from outside ({name}) before it was done.{last} {advice}"
    )


def _one_line(message: str) -> str:
    # DuckDB's advice is about its own settings, which are not those of this project.
    words = message.partition("Possible solutions:")[0]
    return " ".join(words.split())[:_LONGEST_MESSAGE].rstrip(".")
