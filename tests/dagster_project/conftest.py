from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def signals_as_they_were() -> Iterator[None]:
    """Restore what a job that Dagster runs in this process does to signals.

    It gives SIGTERM the handler of SIGINT, for good; where the caller of the tests ignores SIGINT (a background job),
    the processes that later tests start would ignore SIGTERM too.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
