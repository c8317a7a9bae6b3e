"""Backfill: past IDC releases, landed and profiled, so that a history does not begin with the first refresh.

`requested` reads what is asked for, `plan` says what of it is there and what the rest takes, `releases` lands and
profiles, `snapshots` publishes one of each release where that is asked for. None of them is chosen for the next build,
which may read them as evidence like any other landed release, and none goes into service. What is done already is
skipped, so a backfill that was stopped or killed goes on where it was.
"""

from __future__ import annotations

from warehouse.backfill.plan import Plan, Planned, plan
from warehouse.backfill.releases import Backfilled, backfill, require_all
from warehouse.backfill.requested import requested_releases
from warehouse.backfill.snapshots import PastSnapshot, publish_past

__all__ = [
    "Backfilled",
    "PastSnapshot",
    "Plan",
    "Planned",
    "backfill",
    "plan",
    "publish_past",
    "requested_releases",
    "require_all",
]
