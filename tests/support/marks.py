"""Which of the parameters of a test `make test` takes, where the others take until `make test-full`."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import pytest

Case = TypeVar("Case")


def later(*values: Any) -> Any:
    """Return a parameter that only `make test-full` runs; `make test` runs another of its kind."""
    return pytest.param(*values, marks=pytest.mark.full)


def one_of_each(kind: Callable[[Case], Hashable], cases: Iterable[Case]) -> list[Any]:
    """Return parameters of which `make test` takes the first of each kind, and `make test-full` all."""
    seen: set[Hashable] = set()
    found: list[Any] = []
    for case in cases:
        found.append(later(case) if kind(case) in seen else case)
        seen.add(kind(case))
    return found
