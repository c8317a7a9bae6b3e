"""What a build failed of, in a sentence: from what dbt recorded, what its process died of, or what DuckDB said."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.errors import AuditFailed, BuildFailed, StorageError, WarehouseError

if TYPE_CHECKING:
    from warehouse.build import Build

# How DuckDB's errors name a disk that is full, or that refuses a file for another reason.
_REFUSED_WRITES = ("No space left", "File too large", "Could not write", "Disk quota", "Read-only file system")

_OUT_OF_MEMORY = "Out of Memory Error"

# How dbt's log introduces what ended the run; an entry of the log begins with its time.
_LAST_WORDS = re.compile(r"Encountered an error:\n(.*?)(?=^\d\d:\d\d:\d\d\.\d|\Z)", re.DOTALL | re.MULTILINE)

_LONGEST_MESSAGE = 300


def dbt_failure(build: Build, error: BaseException | None = None, *, exit_status: int | None = None) -> WarehouseError:
    """Return what the last dbt run of this build failed of.

    `AuditFailed` where only tests failed, `StorageError` where disk or memory did not suffice, else `BuildFailed`.

    Args:
        build: the build that dbt ran in.
        error: what dbt raised, where it ran in this process.
        exit_status: how dbt's process ended, where it had one: negative is the signal that ended it.
    """
    log_file = build.folder / "logs" / "dbt.log"
    if exit_status is not None and exit_status < 0:
        return _ended_by(-exit_status, log_file)
    failed = [entry for entry in _results(build) if entry["status"] in ("error", "fail")]
    if not failed:
        reason = _one_line(str(error)) if error is not None else _last_words(log_file)
        return lack_of_room(build.folder, reason) or BuildFailed(
            f"dbt stopped outside of any model: {reason or f'its exit code {exit_status} is all that it left'}."
            f"{_end_of(log_file)}"
        )
    messages = [_one_line(entry["message"] or "no message") for entry in failed]
    lacking = next((found for message in messages if (found := lack_of_room(build.folder, message))), None)
    if lacking is not None:
        return lacking
    named = ", ".join(entry["unique_id"].split(".")[2] for entry in failed[:3])
    named += f" and {len(failed) - 3} more" if len(failed) > 3 else ""
    if all(entry["status"] == "fail" for entry in failed):
        return AuditFailed(
            f"The build was not published: the dbt tests {named} failed: {messages[0]}. "
            "What was in service before stays in service."
        )
    return BuildFailed(f"dbt failed on {named}: {messages[0]}.{_end_of(log_file)}")


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


def _ended_by(number: int, log_file: Path) -> BuildFailed:
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
    return BuildFailed(f"dbt was ended from outside ({name}) before it was done. {advice}{_end_of(log_file)}")


def _results(build: Build) -> list[dict[str, Any]]:
    """Return what dbt recorded of each model and test: nothing where it ended before, or in the middle of writing."""
    try:
        return json.loads((build.dbt_target / "run_results.json").read_text(encoding="utf-8"))["results"]
    except (FileNotFoundError, ValueError):
        return []


def _last_words(log_file: Path) -> str:
    """Return what dbt's log says ended the run, or nothing."""
    if not log_file.is_file():
        return ""
    found = _LAST_WORDS.findall(log_file.read_text(encoding="utf-8", errors="replace"))
    return _one_line(found[-1]) if found else ""


def _end_of(log_file: Path) -> str:
    return f" The end of its log says more: {log_file}." if log_file.is_file() else ""


def _one_line(message: str) -> str:
    # DuckDB's advice is about its own settings, which are not those of this project.
    words = message.partition("Possible solutions:")[0]
    return " ".join(words.split())[:_LONGEST_MESSAGE].rstrip(".")
