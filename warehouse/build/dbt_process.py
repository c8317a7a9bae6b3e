"""Running dbt in a process of its own, so that what the system does to it (memory that runs out) can be told.

The process runs `main`. It takes one job, a line of JSON, from its standard input, writes one line of JSON for each
node as it ends, and a last one for the run with all of them. Its standard input stays open as long as the caller
lives: a caller that is killed takes it along, so that nobody is left who writes to the home without its lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from warehouse.build.dbt_run import DbtRun, NodeResult, Target, run, write_nodes
from warehouse.build.failures import dbt_failure
from warehouse.landing import writing_to

# How many lines that dbt's process writes to standard error are kept: its last words, if it ends without an answer.
_LINES_KEPT = 20


def run_apart(command: Sequence[str], parsed: Path, target: Target, results: Path) -> Iterator[NodeResult]:
    """Do what `dbt_run.run` does in a process of its own; yields each node as it ends, and keeps all in `results`.

    Raises:
        AuditFailed, StorageError, BuildFailed: as `dbt_failure` says.
    """
    job = {
        "command": list(command),
        "parsed": str(parsed),
        "database": str(target.database),
        "folder": str(target.folder),
        "threads": target.threads,
        "memory_limit": target.memory_limit,
    }
    program = f"from warehouse.process import run_and_leave; from {__name__} import main; run_and_leave(main)"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        # Ctrl-C in a terminal goes to a whole group: this process ends with its caller and not by itself.
        process_group=0,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    last_words = deque[str](maxlen=_LINES_KEPT)
    listener = threading.Thread(target=last_words.extend, args=(process.stderr,), daemon=True)
    listener.start()
    end: dict[str, Any] | None = None
    try:
        # One that died before it read its job is told by its exit code.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        for line in process.stdout:
            if not line.endswith("\n"):
                # It was ended in the middle of a line.
                break
            said = json.loads(line)
            if "unique_id" not in said:
                end = said
                continue
            yield NodeResult(**said)
    finally:
        # Closing its standard input ends a process that is not done.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        exit_status = process.wait()
        listener.join()
        process.stderr.close()
    if end is None:
        raise dbt_failure(target.folder, exit_status=exit_status, last_words=tuple(last_words))
    nodes = tuple(NodeResult(**node) for node in end["nodes"])
    with writing_to(results):
        write_nodes(nodes, results)
    done = DbtRun(nodes, None if end["error"] is None else RuntimeError(end["error"]))
    if not done.succeeded:
        raise dbt_failure(target.folder, done.failed, done.error, results=results)


def main() -> None:
    """Take the job and do it."""
    # dbt and what it imports may print; the caller reads this process's standard output alone as lines of JSON.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_caller, args=(sys.stdin,), daemon=True).start()
    target = Target(Path(job["database"]), Path(job["folder"]), job["threads"], job["memory_limit"])
    try:
        done = run(job["command"], Path(job["parsed"]), target, lambda node: _tell(answers, asdict(node)))
    except Exception as error:
        # A defect in dbt or an adapter: what it says of itself is the reason that the person gets.
        done = DbtRun((), error)
    error = None if done.error is None else f"{type(done.error).__name__}: {done.error}".removesuffix(": ")
    _tell(answers, {"error": error, "nodes": [asdict(node) for node in done.nodes]})


def _tell(answers: IO[str], said: dict[str, object]) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()


def _end_with_the_caller(stdin: IO[str]) -> None:
    stdin.read()
    os._exit(1)
