"""What assets share in a run: the settings, and the lock that keeps refreshes apart."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

import dagster as dg
from pydantic import Field

from dagster_project.dead_runs import LOCK_PATIENCE_S, close_dead_runs
from dagster_project.event_log import with_connections_kept
from dagster_project.run_retention import removing_old_runs_afterwards
from warehouse.alerts.runs import alerting
from warehouse.housekeeping import keeping_house
from warehouse.landing import Landing
from warehouse.lock import is_held_for, refresh_lock
from warehouse.refresh import require_real_home
from warehouse.run_record import is_over, last_run, recording, stage
from warehouse.settings import Settings, load_settings

_Made = TypeVar("_Made")


class Warehouse(dg.ConfigurableResource):
    """The warehouse home of this process, locked for the length of the run.

    `told` are the settings that the command line was given; the environment holds the others. `run_id` is the run that
    the command line has planned under the lock, which it keeps.

    Raises:
        LockHeld: another process refreshes the same home, and has not ended in two hours.
    """

    told: dict[str, str] = Field(default_factory=dict)
    run_id: str = ""

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        return load_settings(**self.told)

    @property
    def landing(self) -> Landing:
        """The raw store of the home."""
        return Landing(self.settings.home)

    @property
    def is_planned(self) -> bool:
        """Whether the findings in the run's configuration were made under the lock that this run holds.

        The configuration of a run that is repeated from Dagster's UI is out of date.
        """
        return self.run_id != "" and is_held_for(self.settings.home, self.run_id)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Warehouse, None, None]:
        """Hold the refresh lock while steps run, and record the run; where the command line does both, leave it so."""
        home, run_id = self.settings.home, str(context.run_id)
        # `dagster job execute` asks for the resources again once the run is over, to read what became of it.
        if self.is_planned or is_over(home, run_id):
            yield self
            return
        with refresh_lock(home, run_id, LOCK_PATIENCE_S), contextlib.ExitStack() as afterwards:
            before = last_run(home)
            afterwards.enter_context(with_connections_kept())
            afterwards.enter_context(keeping_house(self.settings, run_id))
            if context.instance is not None:
                afterwards.enter_context(removing_old_runs_afterwards(context.instance, self.settings, run_id))
            with alerting(self.settings), recording(home, run_id):
                require_real_home(self.settings)
                if context.instance is not None:
                    close_dead_runs(context.instance, run_id, before)
                yield self


@contextmanager
def stage_of_run(warehouse: Warehouse, name: str) -> Iterator[None]:
    """Let the record of the run say that it is at this stage, and what ends it there."""
    # The command line, which plans, heeds interrupts itself.
    with stage(warehouse.settings.home, name, heeding_interrupts=not warehouse.is_planned):
        yield


def at_stage(name: str) -> Callable[[Callable[..., Iterator[_Made]]], Callable[..., Iterator[_Made]]]:
    """Return a decorator of what an asset does: while it does it, and where it fails, the record of the run says so."""

    def decorated(compute: Callable[..., Iterator[_Made]]) -> Callable[..., Iterator[_Made]]:
        @functools.wraps(compute)
        def recorded(*arguments: object, **named: object) -> Iterator[_Made]:
            warehouse = named["warehouse"]
            assert isinstance(warehouse, Warehouse)
            with stage_of_run(warehouse, name):
                yield from compute(*arguments, **named)

        return recorded

    return decorated
