"""Make what dbt makes of the project before the first build: `python -m warehouse.build.prepared_project`."""

from __future__ import annotations

import sys

from warehouse.build.project import project_with_empty_build
from warehouse.errors import WarehouseError
from warehouse.settings import INSTALLED_CACHE, load_settings

if __name__ == "__main__":
    try:
        project_with_empty_build(load_settings(dbt_cache=INSTALLED_CACHE))
    except WarehouseError as error:
        sys.exit(f"icw: {error}")
