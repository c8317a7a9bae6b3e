"""The small portal, an empty landing and quick settings, as the tests of the client have them."""

from __future__ import annotations

from tests.support.guppy.fixtures import landing, portal, quick

__all__ = ["landing", "portal", "quick"]
