"""Guppy, the query service of a Gen3 data commons: every record of every type, provably complete.

The public names of this room are below; `load` puts a portal into the landing, `comparison` holds one against its last
release, `extract` proves one type, the other modules serve them.
"""

from __future__ import annotations

from warehouse.sources.guppy.comparison import SystemState, proven_unchanged, resolve_system
from warehouse.sources.guppy.load import land_system
from warehouse.sources.guppy.system import GuppySystem, bih, midrc

__all__ = ["GuppySystem", "SystemState", "bih", "land_system", "midrc", "proven_unchanged", "resolve_system"]
