"""Gen3 data commons: every record of every type, provably complete, and the counts that a commons reports itself.

The public names of this room are below; `load` puts a commons into the landing, `comparison` compares one with its last
release. `guppy` reads the query service, `indexd` and `metadata_service` the other two, all through `transport`.
"""

from __future__ import annotations

from warehouse.sources.gen3.comparison import SystemState, proven_unchanged, resolve_system
from warehouse.sources.gen3.load import land_system
from warehouse.sources.gen3.system import Gen3System

__all__ = ["Gen3System", "SystemState", "land_system", "proven_unchanged", "resolve_system"]
