"""The decisions of a refresh that are not one stage's own: what is new, what to build from, how a run ends.

Orchestration calls these between the stages; a test can do so without it.
"""

from warehouse.refresh.ending import degradation, finish, say_degraded
from warehouse.refresh.planning import Plan, land, plan, require_a_source, require_real_home
from warehouse.refresh.serving import (
    Served,
    evidence,
    existing_snapshot,
    keep_counts,
    known_gaps,
    publish_build,
    serve_existing,
    tidy,
)

__all__ = [
    "Plan",
    "Served",
    "degradation",
    "evidence",
    "existing_snapshot",
    "finish",
    "keep_counts",
    "known_gaps",
    "land",
    "plan",
    "publish_build",
    "require_a_source",
    "require_real_home",
    "say_degraded",
    "serve_existing",
    "tidy",
]
