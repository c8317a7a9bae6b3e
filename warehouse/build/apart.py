"""Making tables in a process of its own, so that what the system does to it (memory that runs out) can be told.

The process runs the `main` of a module. It takes one job, a line of JSON, from its standard input, writes one line of
JSON for each model as it ends, and a last one for the run (`answer`). Its standard input stays open as long as the
caller lives: a caller that is killed takes it along, so that nobody is left who writes to the home without its lock.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from warehouse.build.failures import build_failure
from warehouse.build.statements import ModelResult

# How many lines that the process writes to standard error are kept: its last words, if it ends without an answer.
_LINES_KEPT = 20

OnResult = Callable[[ModelResult], None]


def run_apart(module: str, job: Mapping[str, Any], folder: Path) -> Iterator[ModelResult]:
    """Run the `main` of a module in a process of its own; yields each model as it ends.

    `job` is what JSON holds; `folder` is that of the build, for what is said where the process fails.

    Raises:
        StorageError, BuildFailed: as `build_failure` says, where the process ends before it is done.
    """
    program = f"from warehouse.process import run_and_leave; from {module} import main; run_and_leave(main)"
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
    over: dict[str, str | None] | None = None
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
            if "error" in said:
                over = said
                continue
            yield ModelResult(**said)
    finally:
        # Closing its standard input ends a process that is not done.
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()
        exit_status = process.wait()
        listener.join()
        process.stderr.close()
    if over is None:
        raise build_failure(folder, exit_status=exit_status, last_words=tuple(last_words))
    if over["error"] is not None:
        raise build_failure(folder, error=over["error"])


def answer(work: Callable[[dict[str, Any], OnResult], str | None]) -> None:
    """Do the job that standard input holds: `work` tells of each model and returns what stopped it, if anything did."""
    # What is imported may print; the caller reads this process's standard output alone as lines of JSON.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_caller, args=(sys.stdin,), daemon=True).start()
    error = work(job, lambda result: _tell(answers, asdict(result)))
    _tell(answers, {"error": error})


def _tell(answers: IO[str], said: dict[str, object]) -> None:
    answers.write(json.dumps(said) + "\n")
    answers.flush()


def _end_with_the_caller(stdin: IO[str]) -> None:
    stdin.read()
    os._exit(1)
