"""What Dagster's daemon does for the service, a step at a time: schedule, sensors and queue over a real code server."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.context import IWorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from dagster._daemon.sensor import execute_sensor_iteration
from dagster._scheduler.scheduler import launch_scheduled_runs

ROOT = Path(__file__).resolve().parents[2]
LONGEST_RUN_S = 300.0
log = logging.getLogger("test")


@dataclass(frozen=True)
class Service:
    """The daemon of a home. It does nothing by itself; where it needs a clock, it is told the time."""

    home: Path
    context: IWorkspaceProcessContext

    @property
    def instance(self) -> dg.DagsterInstance:
        return self.context.instance

    def schedule(self, at: datetime) -> None:
        with freeze_time(at):
            list(launch_scheduled_runs(self.context, log, at, {}))

    def sense(self, at: datetime | None = None) -> None:
        """Evaluate the sensors that are due, at a time or now."""
        with freeze_time(at or datetime.now().astimezone()):
            list(execute_sensor_iteration(self.context, log, None, None))

    def launch(self) -> None:
        """Launch what the queue lets go first."""
        list(QueuedRunCoordinatorDaemon(interval_seconds=1).run_iteration(self.context))

    def unfinished(self) -> list[dg.DagsterRun]:
        return [run for run in self.instance.get_runs() if not run.is_finished]

    def work_off(self) -> None:
        """Launch what is in the queue, one after the other, until all of it has ended."""
        give_up_at = time.monotonic() + LONGEST_RUN_S
        while unfinished := self.unfinished():
            assert time.monotonic() < give_up_at, [(run.run_id, run.status) for run in unfinished]
            self.launch()
            time.sleep(0.2)


@contextmanager
def serving(home: Path, module: str = "schedules.definitions") -> Iterator[Service]:
    """Yield the service of a home whose Dagster is configured, with a code server that loads a module."""
    target = ModuleTarget(module, None, str(ROOT), "icw")
    with (
        dg.DagsterInstance.from_config(str(home / "dagster")) as instance,
        create_test_daemon_workspace_context(target, instance) as context,
    ):
        yield Service(home, context)
