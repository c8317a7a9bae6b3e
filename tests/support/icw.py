"""The command and the dbt cache of `icw` processes that tests start."""

from __future__ import annotations

import sys
from pathlib import Path

from warehouse.settings import INSTALLED_CACHE

ICW = str(Path(sys.executable).with_name("icw"))

# The parsed dbt project, which homes, workers and processes share from one run of the tests to the next.
DBT_CACHE = INSTALLED_CACHE
