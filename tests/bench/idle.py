"""What each way of running costs while nothing is to do: processes, memory, CPU, bytes written.

A timer has no process between two nights. The others are started as a person or a unit starts them, left alone until
they have settled, and measured over an interval from /proc (Linux): memory is the proportional share (PSS) of all
processes. `ICW_BENCH_IDLE_S` sets the seconds of the interval.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from dagster_project.job import ready_records
from schedules.service import CODE, DAEMON, SOCKET_VARIABLE, service_commands, service_environment
from tests.bench.folder import BENCH
from tests.bench.process_tree import cpu_with_children, proportional_bytes, require_proc, tree, written_bytes
from warehouse.run_record import begin_run, end_run
from warehouse.settings import load_settings

HOME = BENCH / "idle"
SETTLED_S = 60

_BIN = Path(sys.executable).parent
_SERVICE = service_commands(_BIN, ui_port=3917)
WAYS: dict[str, tuple[Sequence[str], ...]] = {
    "timer (nothing runs)": (),
    "code server, daemon": (_SERVICE[CODE], _SERVICE[DAEMON]),
    "code server, daemon, UI": tuple(_SERVICE.values()),
    "icw dev": ((str(_BIN / "icw"), "dev", "--port", "3918"),),
}


@dataclass(frozen=True)
class Idle:
    """Processes; memory in MB (PSS); CPU seconds a minute; kB an hour that they write to disks."""

    processes: int
    memory_mb: float
    cpu_s_a_minute: float
    written_kb_an_hour: float


def run(console: Console) -> None:
    """Measure and print.

    Raises:
        SystemExit: this is not Linux, or a process ended by itself.
    """
    require_proc()
    interval = float(os.environ.get("ICW_BENCH_IDLE_S", "120"))
    table = Table(f"way of running, idle for {interval:.0f} s", show_edge=False)
    for heading in ("processes", "memory, MB", "CPU s a minute", "kB written an hour"):
        table.add_column(heading, justify="right")
    for name, commands in WAYS.items():
        found = measure(commands, interval)
        table.add_row(
            name,
            str(found.processes),
            f"{found.memory_mb:,.0f}",
            f"{found.cpu_s_a_minute:.2f}",
            f"{found.written_kb_an_hour:,.0f}",
        )
    console.print(table)


def measure(commands: Sequence[Sequence[str]], interval: float) -> Idle:
    """Start commands in an empty home, and return what they cost once they have settled.

    Raises:
        SystemExit: one of them ended by itself.
    """
    shutil.rmtree(HOME, ignore_errors=True)
    settings = load_settings(home=HOME)
    ready_records(settings)
    # A home without a refresh would get its first one now.
    begin_run(HOME, "idle")
    end_run(HOME, "published", 0, "none")
    with TemporaryDirectory(prefix="icw-idle-") as folder:
        environment = {
            **os.environ,
            **service_environment(HOME),
            "ICW_HOME": str(HOME),
            # Nothing new may begin a refresh: the looks at upstreams are those at one that does not answer.
            "ICW_UPSTREAMS": '["idc"]',
            "ICW_IDC_CHANNELS": '["bucket"]',
            "ICW_IDC_URL": "http://127.0.0.1:9",
            SOCKET_VARIABLE: f"{folder}/code.sock",
        }
        return _measured(commands, environment, interval)


def _measured(commands: Sequence[Sequence[str]], environment: dict[str, str], interval: float) -> Idle:
    with _running(commands, environment) as roots:
        if roots:
            time.sleep(min(SETTLED_S, interval))
        pids = [root.pid for root in roots]
        before, started = cpu_with_children(tree(pids)), time.monotonic()
        written = written_bytes(tree(pids))
        time.sleep(interval if roots else 0)
        ended = [root for root in roots if root.poll() is not None]
        if ended:
            raise SystemExit(f"{ended[0].args} ended by itself with {ended[0].returncode}.")
        running = tree(pids)
        minutes = max(time.monotonic() - started, 1.0) / 60
        memory = sum(proportional_bytes(process) for process in running)
        return Idle(
            len(running),
            memory / 1e6,
            (cpu_with_children(running) - before) / minutes,
            (written_bytes(running) - written) / 1e3 / minutes * 60,
        )


@contextmanager
def _running(commands: Sequence[Sequence[str]], environment: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start commands, each the leader of a group of its own; end these groups afterwards."""
    roots: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            roots.append(
                subprocess.Popen(
                    command,
                    env=environment,
                    start_new_session=True,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        yield roots
    finally:
        for root in roots:
            started = tree([root.pid])
            root.send_signal(signal.SIGTERM)
            try:
                root.wait(30)
            except subprocess.TimeoutExpired:
                root.kill()
                root.wait()
            for process in started:
                if Path(f"/proc/{process}").exists():
                    os.kill(process, signal.SIGKILL)
