"""Make what dbt makes of the project ahead of the first build: `python -m warehouse.build.prepared_project`."""

from __future__ import annotations

from warehouse.build.project import project_with_empty_build
from warehouse.settings import load_settings

if __name__ == "__main__":
    project_with_empty_build(load_settings())
