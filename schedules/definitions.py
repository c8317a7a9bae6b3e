"""Everything that a Dagster service loads: the definitions of `dagster_project` and the schedule."""

from __future__ import annotations

import dagster as dg

from dagster_project import definitions as project
from schedules.nightly import nightly_refresh
from warehouse.settings import load_settings

defs = dg.Definitions.merge(project.defs, dg.Definitions(schedules=[nightly_refresh(load_settings())]))
