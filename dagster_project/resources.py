"""What assets share in a run: the settings, and the lock that keeps refreshes apart."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg
from pydantic import Field

from warehouse.landing import Landing
from warehouse.lock import refresh_lock
from warehouse.settings import Settings, load_settings


class Warehouse(dg.ConfigurableResource):
    """The warehouse home of this process, locked for the length of the run.

    `told` are the settings that the command line was given; the environment holds the others.

    Raises:
        LockHeld: another process refreshes the same home.
    """

    told: dict[str, str] = Field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        return load_settings(**self.told)

    @property
    def landing(self) -> Landing:
        """The raw store of the home."""
        return Landing(self.settings.home)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Warehouse, None, None]:
        """Hold the refresh lock while steps run."""
        with refresh_lock(self.settings.home):
            yield self
