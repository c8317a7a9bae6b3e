"""An interrupt ends a process at once and in one sentence, whatever it is doing, and takes its children along."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.signals import heed_every_signal

ROOT = Path(__file__).resolve().parents[1]

PROGRAM = """
import os, signal, subprocess, sys, threading, time
from warehouse.interrupts import Interrupts

interrupts = Interrupts()
interrupts.heed()
with interrupts.guarding():
    {does}
"""

LIBRARY = """
    def throw(number, frame):
        raise BaseException("a library's own")
    signal.signal(signal.SIGINT, throw)
    signal.signal(signal.SIGTERM, throw)
    print("ready", flush=True)
    time.sleep(600)
"""
QUERY = """
    import duckdb
    print("ready", flush=True)
    duckdb.sql("select sum(a.range * b.range) from range(100000000) a, range(1000000) b").fetchall()
"""
REDIRECTED = """
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    print("ready", flush=True)
    time.sleep(600)
"""
CHILDREN = """
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    process = subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.read(1)
    print("ready", flush=True)
    time.sleep(600)
"""
NOTING = """
    with interrupts.noting(lambda number: f"Noted {number.name}."):
        print("ready", flush=True)
        time.sleep(600)
"""
FAILING = """
    def fails(number):
        raise OSError("the disk is full")
    with interrupts.noting(fails):
        print("ready", flush=True)
        time.sleep(600)
"""
RELEASED = """
    interrupts.release()
    try:
        print("ready", flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        sys.exit(0)
"""


def struck(does: str, number: signal.Signals, *prefix: str) -> tuple[int, str, list[int]]:
    """Run a program, send it a signal when it is ready; return its code, what it said, and its children that live."""
    process = subprocess.Popen(
        [*prefix, sys.executable, "-c", PROGRAM.replace("{does}", does.strip())],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_every_signal,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, said, of_session(process.pid)


def of_session(session: int) -> list[int]:
    """The processes of a session that have not ended."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] not in "ZX":
            found.append(int(process.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(
    "does", [QUERY, LIBRARY, REDIRECTED, CHILDREN], ids=["query", "library", "redirected", "children"]
)
def test_one_sentence_and_the_code_of_the_signal(does: str, number: signal.Signals) -> None:
    code, said, left = struck(does, number)
    assert (code, said) == (128 + number, f"icw: Interrupted ({number.name}).\n")
    # A killed process needs an instant to be gone.
    while left:
        left = [pid for pid in left if Path(f"/proc/{pid}").exists()]


def test_what_was_interrupted_is_noted_and_said() -> None:
    assert struck(NOTING, signal.SIGTERM)[:2] == (143, "icw: Noted SIGTERM.\n")


def test_a_note_that_cannot_be_kept_does_not_stop_the_end() -> None:
    code, said, _ = struck(FAILING, signal.SIGINT)
    assert code == 130
    assert "SIGINT" in said
    assert "the disk is full" in said


def test_a_service_ends_in_its_own_way() -> None:
    assert struck(RELEASED, signal.SIGINT)[:2] == (0, "")
    assert struck(RELEASED, signal.SIGTERM)[:2] == (-signal.SIGTERM, "")


def test_a_signal_that_is_to_be_ignored_stays_so() -> None:
    """As `nohup` has it for a terminal that closes."""
    does = "os.kill(os.getpid(), signal.SIGHUP); print('ready', flush=True); time.sleep(600)"
    assert struck(does, signal.SIGTERM, "nohup")[0] == 143
