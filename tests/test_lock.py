"""The refresh lock between real processes: who gets it, what the other one is told, and what is left by a dead one."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.errors import LockHeld, StorageError
from warehouse.lock import LockHolder, is_held, is_held_for, refresh_lock
from warehouse.process_identity import ProcessIdentity

REPOSITORY = Path(__file__).resolve().parents[1]

HOLD = """
    import sys, time
    from pathlib import Path
    from warehouse.lock import refresh_lock
    with refresh_lock(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.readline()
    print("released", flush=True)
"""


@contextmanager
def process(program: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A Python process that has said its first word."""
    started = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    try:
        assert started.stdout.readline() == "held\n"
        yield started
    finally:
        started.kill()
        started.communicate()


def take(home: Path) -> None:
    with refresh_lock(home):
        pass


def test_while_one_process_holds_the_lock_another_is_told_who(tmp_path: Path) -> None:
    with process(HOLD, tmp_path, "--idc", "24.2.2") as holder:
        said = json.loads((tmp_path / "lock").read_text())
        with pytest.raises(LockHeld) as caught:
            take(tmp_path)

    assert set(said) == {"run_id", "process", "started_at", "command"}
    assert (said["process"]["pid"], said["process"]["host"]) == (holder.pid, socket.gethostname())
    since = datetime.fromisoformat(said["started_at"])
    assert 0 <= (datetime.now(UTC) - since).total_seconds() < 300
    assert str(caught.value) == (
        f"Another refresh is writing to {tmp_path}: process {holder.pid}, since {since:%Y-%m-%d %H:%M:%S} UTC "
        f"(-c {tmp_path} --idc 24.2.2). Wait until it has finished, or stop it, then run the command again."
    )
    assert caught.value.exit_code == 5


def test_whoever_is_turned_away_does_not_disturb_the_holder(tmp_path: Path) -> None:
    with process(HOLD, tmp_path):
        before = (tmp_path / "lock").read_text()
        for _ in range(3):
            with pytest.raises(LockHeld):
                take(tmp_path)
        assert (tmp_path / "lock").read_text() == before


def test_the_lock_is_free_after_its_holder_has_finished(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with process(HOLD, tmp_path) as holder:
        assert holder.communicate("go\n")[0] == "released\n"

    with caplog.at_level(logging.INFO, "icw.lock"):
        take(tmp_path)

    assert caplog.records == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_lock_of_a_dead_process_is_taken_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, number: signal.Signals
) -> None:
    with process(HOLD, tmp_path) as holder:
        holder.send_signal(number)
        assert holder.wait() == -number

    with caplog.at_level(logging.INFO, "icw.lock"), refresh_lock(tmp_path):
        assert json.loads((tmp_path / "lock").read_text())["process"]["pid"] == os.getpid()

    [record] = caplog.records
    assert record.getMessage().startswith(f"took over the lock that process {holder.pid} left behind")
    assert record.__dict__["event"] == "stale_lock"


def test_an_error_under_the_lock_releases_it_in_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ZeroDivisionError), refresh_lock(tmp_path):
        raise ZeroDivisionError

    with caplog.at_level(logging.INFO, "icw.lock"):
        take(tmp_path)
    assert caplog.records == []
    assert (tmp_path / "lock").read_text() == ""


def test_the_lock_is_not_reentrant(tmp_path: Path) -> None:
    with refresh_lock(tmp_path):
        with pytest.raises(LockHeld, match=f"process {os.getpid()}, since"):
            take(tmp_path)
        with pytest.raises(LockHeld):
            take(tmp_path)
    take(tmp_path)


def test_two_homes_have_two_locks(tmp_path: Path) -> None:
    with refresh_lock(tmp_path / "one"):
        with refresh_lock(tmp_path / "two"):
            assert [is_held(tmp_path / name) for name in ("one", "two")] == [True, True]
        assert [is_held(tmp_path / name) for name in ("one", "two")] == [True, False]


# The holder starts a child that outlives it, by exec and by fork, says the child's number and then waits to be killed.
WITH_A_PROGRAM = """
    import subprocess, sys
    from pathlib import Path
    from warehouse.lock import refresh_lock
    with refresh_lock(Path(sys.argv[1])):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False)
        print("held", flush=True)
        print(child.pid, flush=True)
        sys.stdin.readline()
"""
WITH_A_FORK = """
    import os, sys, time
    from pathlib import Path
    from warehouse.lock import refresh_lock
    runs, says_so = os.pipe()
    with refresh_lock(Path(sys.argv[1])):
        child = os.fork()
        if child == 0:
            os.write(says_so, b".")
            time.sleep(600)
        os.read(runs, 1)
        print("held", flush=True)
        print(child, flush=True)
        sys.stdin.readline()
"""


@pytest.mark.parametrize("program", [WITH_A_PROGRAM, WITH_A_FORK])
def test_a_child_that_outlives_the_holder_does_not_keep_the_lock(tmp_path: Path, program: str) -> None:
    with process(program, tmp_path) as holder:
        assert holder.stdout is not None
        child = int(holder.stdout.readline())
        try:
            with pytest.raises(LockHeld):
                take(tmp_path)
            holder.kill()
            holder.wait()
            os.kill(child, 0)

            take(tmp_path)
        finally:
            os.kill(child, signal.SIGKILL)


def test_a_forked_child_that_leaves_the_body_does_not_release_the_lock(tmp_path: Path) -> None:
    program = """
        import os, sys
        from pathlib import Path
        from warehouse.lock import refresh_lock
        parent = os.getpid()
        with refresh_lock(Path(sys.argv[1])):
            child = os.fork()
            if child:
                os.waitpid(child, 0)
                print("held", flush=True)
                sys.stdin.readline()
    """
    with process(program, tmp_path) as holder, pytest.raises(LockHeld, match=f"process {holder.pid}, since"):
        take(tmp_path)


# Whoever gets the lock adds one to a number in a file, reading and writing it in two steps.
COUNT = """
    import sys, time
    from pathlib import Path
    from warehouse.errors import LockHeld
    from warehouse.lock import refresh_lock
    home, number = Path(sys.argv[1], "home"), Path(sys.argv[1], "number")
    done = 0
    while done < 20:
        try:
            with refresh_lock(home):
                value = int(number.read_text())
                time.sleep(0.001)
                number.write_text(str(value + 1))
                done += 1
        except LockHeld:
            time.sleep(0.001)
"""


def test_of_many_processes_one_at_a_time_gets_the_lock(tmp_path: Path) -> None:
    (tmp_path / "number").write_text("0")
    command = [sys.executable, "-c", textwrap.dedent(COUNT), str(tmp_path)]
    processes = [subprocess.Popen(command, cwd=REPOSITORY) for _ in range(3)]

    assert [started.wait(timeout=120) for started in processes] == [0, 0, 0]
    assert (tmp_path / "number").read_text() == "60"


def test_a_holder_that_has_not_said_its_name_still_holds_the_lock(tmp_path: Path) -> None:
    silent = """
        import fcntl, sys
        file = open(sys.argv[1] + "/lock", "w")
        fcntl.flock(file, fcntl.LOCK_EX)
        print("held", flush=True)
        sys.stdin.readline()
    """
    with process(silent, tmp_path), pytest.raises(LockHeld, match="a process that has not said its name"):
        take(tmp_path)


@pytest.mark.parametrize("left", ["", "not json", "{}", '{"pid": 1}'])
def test_whatever_is_left_in_the_file_the_lock_can_be_taken(tmp_path: Path, left: str) -> None:
    (tmp_path / "lock").write_text(left)

    with refresh_lock(tmp_path):
        assert json.loads((tmp_path / "lock").read_text())["process"]["pid"] == os.getpid()


def test_a_home_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="ICW_HOME"):
        take(tmp_path / "file" / "home")


def test_a_lock_that_is_a_folder_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()

    with pytest.raises(StorageError, match="lock"):
        take(tmp_path)


@pytest.mark.parametrize("argument", ["x" * 5000, "import sys\nprint(1)\n" * 200, "\x1b[31m\r"])
def test_whatever_was_typed_the_holder_is_named_in_one_short_line(tmp_path: Path, argument: str) -> None:
    with process(HOLD, tmp_path, argument):
        assert len((tmp_path / "lock").read_text()) < 500
        with pytest.raises(LockHeld) as caught:
            take(tmp_path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def test_a_number_that_was_given_out_again_is_no_alibi(tmp_path: Path) -> None:
    """The file names a process that lives, and that started at another time than the one that left the file."""
    with refresh_lock(tmp_path):
        left = (tmp_path / "lock").read_text()
    other = json.loads(left)
    other["process"]["start"] = "another boot:1"
    identity = LockHolder.model_validate(other).process
    assert identity.is_alive() is False
    assert LockHolder.model_validate_json(left).process.is_alive() is True


def test_a_process_that_ended_and_was_not_waited_for_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        me = ProcessIdentity.of_this_process()
        start = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
        identity = me.model_copy(update={"pid": child.pid, "start": f"{str(me.start).split(':')[0]}:{start}"})
        assert identity.is_alive() is True
        child.kill()
        while Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            pass
        assert identity.is_alive() is False
    finally:
        child.communicate()


def test_the_run_that_holds_the_lock_is_known(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    with refresh_lock(tmp_path, "run-1"):
        assert is_held_for(tmp_path, "run-1")
        assert not is_held_for(tmp_path, "run-2")
        assert is_held(tmp_path)
        with pytest.raises(LockHeld, match="run run-1, process"):
            take(tmp_path)
    assert not is_held_for(tmp_path, "run-1")
    assert not is_held(tmp_path)


def test_a_run_that_waits_gets_the_lock_when_its_holder_ends(tmp_path: Path) -> None:
    with process(HOLD, tmp_path) as holder:
        threading.Timer(0.7, holder.kill).start()
        with refresh_lock(tmp_path, "waiting", wait_s=60):
            assert is_held_for(tmp_path, "waiting")


def test_a_run_does_not_wait_for_ever(tmp_path: Path) -> None:
    with (
        process(HOLD, tmp_path),
        pytest.raises(LockHeld, match="Another refresh is writing"),
        refresh_lock(tmp_path, "waiting", wait_s=0.1),
    ):
        pytest.fail("two would write")
