"""Each case of a test matrix alone: moments at which a refresh is killed, fields and columns as other kinds of things,
states of a schema, defects, past releases.

The tests take several cases together, or one of each kind; this tells them apart.
"""

from __future__ import annotations

import subprocess
import sys

from rich.console import Console


def run(console: Console) -> None:
    """Run the tests that are marked `bench`, two at once, and print their output.

    Raises:
        SystemExit: a case fails.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-m", "bench", "-rA", "--dist", "load", "tests"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    for line in done.stdout.splitlines():
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if done.returncode != 0:
        raise SystemExit(done.returncode)
