"""Which of the parameters of a test `make test` takes, where the others take until `make test-full`."""

from __future__ import annotations

from typing import Any

import pytest


def later(*values: Any) -> Any:
    """Return a parameter that only `make test-full` runs; `make test` runs another of its kind."""
    return pytest.param(*values, marks=pytest.mark.full)
