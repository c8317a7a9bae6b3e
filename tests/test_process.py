"""How a process with large packages in it ends: at once, and with all done that is to be done."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from warehouse.process import loading

PROGRAM = """
import atexit, concurrent.futures, sys, threading, time
from pathlib import Path
from warehouse.process import run_and_leave

class Slow:
    def __del__(self):
        print("freed")

kept = Slow()
pool = concurrent.futures.ThreadPoolExecutor(1)

def work():
    time.sleep(0.2)
    print("thread")

def run():
    atexit.register(print, "at exit")
    pool.submit(int)
    threading.Thread(target=work).start()
    sys.stdout.write("unflushed ")
    {end}

run_and_leave(run)
"""


@pytest.mark.parametrize(
    ("end", "code", "says"),
    [
        ("pass", 0, ""),
        ("sys.exit()", 0, ""),
        ("sys.exit(8)", 8, ""),
        ("sys.exit('no')", 1, ""),
        ("raise ValueError('a defect')", 1, "ValueError: a defect"),
    ],
)
def test_a_program_ends_with_its_code_and_all_that_was_to_happen(end: str, code: int, says: str) -> None:
    command = [sys.executable, "-c", PROGRAM.replace("{end}", end)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
    assert done.stdout.splitlines()[:2] == ["unflushed thread", "at exit"]
    assert says in done.stderr
    # Only a program with a defect ends as Python has it.
    assert ("freed" in done.stdout) == bool(says)


def test_neither_what_loads_nor_what_it_made_is_searched_for_garbage() -> None:
    with loading():
        assert not gc.isenabled()
        made: list[list[int]] = [[]]
    assert gc.isenabled()
    assert not any(one is made for one in gc.get_objects())
    with pytest.raises(ImportError), loading():
        raise ImportError
    assert gc.isenabled()
