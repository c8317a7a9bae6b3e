"""What every room's tests share: what dbt makes of its project, which takes longer than most of them."""

from __future__ import annotations

import gc
import os

import pytest

from tests.support.icw import DBT_CACHE
from warehouse.build.project import Project, parsed_project
from warehouse.settings import load_settings

os.environ["ICW_DBT_CACHE"] = str(DBT_CACHE)

# As many tests run at once as there are cores: a second thread of DuckDB's would only take its time from another test.
os.environ["ICW_THREADS"] = "1"

# Those that let a source fail would wait for minutes; the tests of the retries set them.
os.environ["ICW_SOURCE_RETRIES"] = "0"


# What is imported and collected stays to the end: to search it for garbage, again and again, took a tenth of the time.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, among what the tests themselves make."""
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """Let the interpreter take everything apart when it ends: DuckDB's binding reports what is left."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def project() -> Project:
    """The dbt project as it stands, parsed."""
    return parsed_project(load_settings().project_cache)


# What takes longest on one worker, the longest first: begun last, it would leave the other worker with nothing to do.
LONGEST_FIRST = (
    "tests/star/test_real_refresh.py",  # publishes the real releases; who else reads them comes when that is done
    "tests/star/test_published_figures.py",
    "tests/comparison/test_real_releases.py",
    "tests/refresh/test_struck.py",
    "tests/schedules/test_ten_nights.py",
    "tests/faults/test_schema_matrix.py",
    "tests/star/test_real_releases.py",
    "tests/star/tasks/test_idc.py",
    "tests/sandbox/test_published_figures.py",
    "tests/sources/gen3/test_with_sandbox.py",  # needs no dbt: not to wait with the other worker for its first parse
    "tests/refresh/test_portals.py",
    "tests/refresh/test_nights.py",
    "tests/refresh/test_refresh_command.py",
    "tests/refresh/test_clinical_refresh.py",
    "tests/faults/test_guppy_matrix.py",
    "tests/star",
    "tests/reconciliation",
    "tests/quality",
    "tests/build",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests that take longest first; pytest-xdist hands them out in this order, a module or class at a time."""

    def rank(item: pytest.Item) -> int:
        places = (place for place, start in enumerate(LONGEST_FIRST) if item.nodeid.startswith(start))
        return next(places, len(LONGEST_FIRST))

    items.sort(key=rank)
