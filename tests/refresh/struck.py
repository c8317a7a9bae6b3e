"""Run `icw` and strike it with a signal at one moment: so many operations after its record has come to a stage.

An operation is what the interpreter tells its audit hooks (a file opened, a folder listed, a module imported, a process
started), so the moment is the same one each time. Arguments: the stage, the number, the signal's name, and those of
`icw`. A stage of `*` counts from the start of the program.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any


def strike_at(stage: str, after: int, number: signal.Signals) -> None:
    """Send the signal to this process at that moment; from then on it counts no more."""
    left: list[int] = [after] if stage == "*" else []
    done = threading.Event()

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if done.is_set():
            return
        if event == "os.rename" and str(arguments[1]).endswith("last_run.json"):
            if not left and json.loads(Path(arguments[0]).read_bytes())["stage"].startswith(stage):
                left.append(after)
        elif left:
            left[0] -= 1
            if left[0] < 0:
                done.set()
                os.kill(os.getpid(), number)

    sys.addaudithook(count)


if __name__ == "__main__":
    stage, after, name = sys.argv[1:4]
    sys.argv = ["icw", *sys.argv[4:]]
    strike_at(stage, int(after), signal.Signals[name])
    from dagster_project.program import program

    program()
