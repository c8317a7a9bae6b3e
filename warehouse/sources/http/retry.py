"""When a request is tried again: exponential backoff with jitter, `Retry-After`, and a bound on the tries."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from warehouse.sources.http.errors import SlowResponse, TransientError

_Result = TypeVar("_Result")

# A connection that keeps breaking but brings this much (bytes) each time is slow, not dead: the count of tries starts
# anew.
_PROGRESS_THAT_COUNTS = 1 << 20
# Beyond this many doublings a wait is the longest one anyway; a float has no room for a thousand.
_MOST_DOUBLINGS = 32


@dataclass(frozen=True)
class RetryPolicy:
    """How often a call is tried again after a transient error, and how long it waits before (seconds).

    `silent_retries` and `slow_retries` bound the retries after an error in which nothing was received, and after a
    slow response; None means `retries`. An upstream that asks to wait longer than `retry_after_max_s` is not waited
    for.
    """

    retries: int
    wait_s: float
    wait_max_s: float
    retry_after_max_s: float
    silent_retries: int | None = None
    slow_retries: int | None = None

    def allows(self, error: TransientError, failures: int) -> bool:
        """Return whether a call that has failed so many times, this time with `error`, is tried again."""
        limits = [self.retries]
        if error.silent and self.silent_retries is not None:
            limits.append(self.silent_retries)
        if isinstance(error, SlowResponse) and self.slow_retries is not None:
            limits.append(self.slow_retries)
        return error.retry_after_s <= self.retry_after_max_s and failures <= min(limits)

    def backoff_s(self, failures: int) -> float:
        """Return the seconds to wait after so many failures: doubled with each, between half and all of that."""
        longest = min(self.wait_max_s, self.wait_s * 2.0 ** min(failures - 1, _MOST_DOUBLINGS))
        return longest * random.uniform(0.5, 1.0)


@dataclass(frozen=True)
class Retry:
    """One retry: how many times the call has failed, the last error, and the seconds to wait before the next try."""

    failures: int
    error: TransientError
    wait_s: float


class RetriesExhausted(Exception):
    """The last try that the policy allows has failed; `error` is what it failed with, after `tries` tries."""

    def __init__(self, error: TransientError, tries: int) -> None:
        super().__init__(str(error))
        self.error = error
        self.tries = tries


def with_retries(
    call: Callable[[], _Result],
    policy: RetryPolicy,
    before_retry: Callable[[Retry], None],
    received_bytes: Callable[[], int] = lambda: 0,
) -> _Result:
    """Return what `call` returns, tried again as the policy allows; `before_retry` is told of each further try.

    Where `received_bytes` has grown by a megabyte since the tries were counted last, they are counted anew.

    Raises:
        RetriesExhausted: every try ended in a `TransientError`. Other errors of `call` pass through at once.
    """
    tries, failures, mark = 0, 0, received_bytes()
    while True:
        try:
            return call()
        except TransientError as error:
            tries, failures = tries + 1, failures + 1
            if (received := received_bytes()) - mark >= _PROGRESS_THAT_COUNTS:
                failures, mark = 1, received
            if not policy.allows(error, failures):
                raise RetriesExhausted(error, tries) from error
            retry = Retry(failures, error, max(policy.backoff_s(failures), error.retry_after_s))
        before_retry(retry)
        time.sleep(retry.wait_s)


def retry_after_s(value: str | None) -> float:
    """Return the seconds of a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3); 0 without one."""
    if not value:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0
