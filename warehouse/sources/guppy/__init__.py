"""Guppy, the query service of a Gen3 data commons: every record of every type, provably complete.

The public names of this room are below; `load` puts a portal into the landing, `extract` proves one type, the other
modules serve them.
"""

from __future__ import annotations

from warehouse.sources.guppy.load import GuppySystem, SystemState, bih, land_system, midrc, resolve_system

__all__ = ["GuppySystem", "SystemState", "bih", "land_system", "midrc", "resolve_system"]
