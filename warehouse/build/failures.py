"""What a build failed of, in a sentence: from what dbt said of its nodes, how it ended, or what DuckDB said."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

from warehouse.build.dbt_run import NodeResult
from warehouse.errors import AuditFailed, BuildFailed, StorageError, WarehouseError

# How DuckDB's errors name a disk that is full, or that refuses a file for another reason.
_REFUSED_WRITES = ("No space left", "File too large", "Could not write", "Disk quota", "Read-only file system")

_OUT_OF_MEMORY = "Out of Memory Error"

_LONGEST_MESSAGE = 300

# Signals that a process sends to itself, or that its own defect brings upon it.
_CRASHES = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)


def dbt_failure(
    folder: Path,
    failed: Sequence[NodeResult] = (),
    error: BaseException | None = None,
    *,
    results: Path | None = None,
    exit_status: int | None = None,
    last_words: Sequence[str] = (),
) -> WarehouseError:
    """Return what a dbt run failed of.

    `AuditFailed` where only tests failed, `StorageError` where disk or memory did not suffice, else `BuildFailed`.

    Args:
        folder: where dbt ran.
        failed: the nodes that failed.
        error: what stopped dbt outside of any node.
        results: where the messages of the nodes are kept whole, if they are.
        exit_status: how dbt's process ended, if not as it should: negative is the signal that ended it.
        last_words: the last lines that its process wrote to standard error.
    """
    said = _reason_in(last_words)
    if exit_status is not None and exit_status < 0:
        return lack_of_room(folder, said) or _ended_by(-exit_status, said)
    if not failed:
        reason = (_one_line(str(error)) or type(error).__name__) if error is not None else said
        return lack_of_room(folder, reason) or BuildFailed(
            f"dbt stopped outside of any model: {reason or f'its exit code {exit_status} is all that it left'}."
        )
    messages = [_one_line(node.message or "no message") for node in failed]
    lacking = next((found for message in messages if (found := lack_of_room(folder, message))), None)
    if lacking is not None:
        return lacking
    named = ", ".join(node.name for node in failed[:3])
    named += f" and {len(failed) - 3} more" if len(failed) > 3 else ""
    if all(node.status == "fail" for node in failed):
        return AuditFailed(
            f"The build was not published: the dbt tests {named} failed: {messages[0]}. "
            "What was in service before stays in service."
        )
    kept = f" Its whole message is in {results}." if results is not None else ""
    return BuildFailed(f"dbt failed on {named}: {messages[0]}.{kept}")


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
        return BuildFailed(f"dbt's process crashed ({name}) before it was done{reason}. {advice}")
    last = f" Its last words: {said}." if said else ""
    return BuildFailed(f"dbt was ended from outside ({name}) before it was done.{last} {advice}")


def _one_line(message: str) -> str:
    # DuckDB's advice is about its own settings, which are not those of this project.
    words = message.partition("Possible solutions:")[0]
    return " ".join(words.split())[:_LONGEST_MESSAGE].rstrip(".")
