"""What assets share in a run: the settings, and the lock that keeps refreshes apart."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import dagster as dg

from warehouse.landing import Landing
from warehouse.lock import refresh_lock
from warehouse.settings import Settings, load_settings


class Warehouse(dg.ConfigurableResource):
    """The warehouse home of this process, locked for the length of the run.

    Raises:
        LockHeld: another process refreshes the same home.
    """

    @property
    def settings(self) -> Settings:
        """The settings, from the environment."""
        return load_settings()

    @property
    def landing(self) -> Landing:
        """The raw store of the home."""
        return Landing(self.settings.home)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Warehouse, None, None]:
        """Hold the refresh lock while steps run."""
        with refresh_lock(self.settings.home):
            yield self
