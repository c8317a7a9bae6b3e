"""When a call is tried again, how often, and after what wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from warehouse.sources.http.errors import NoResponse, SlowResponse, TransientError
from warehouse.sources.http.retry import RetriesExhausted, Retry, RetryPolicy, retry_after_s, with_retries

QUICK = RetryPolicy(retries=3, wait_s=0.001, wait_max_s=0.01, retry_after_max_s=1.0)


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after_s("7") == 7.0
    assert retry_after_s("0.5") == 0.5
    assert retry_after_s(None) == retry_after_s("soon") == retry_after_s("-3") == 0.0
    assert 3000 < retry_after_s(format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)) <= 3600
    assert retry_after_s(format_datetime(datetime.now(UTC) - timedelta(hours=1), usegmt=True)) == 0.0


class Failing:
    """A call that fails with these errors in turn, each after some more bytes, and then succeeds."""

    def __init__(self, *errors: TransientError, bytes_each: int = 0) -> None:
        self.errors = list(errors)
        self.tries = 0
        self.received = 0
        self._bytes_each = bytes_each

    def __call__(self) -> str:
        self.tries += 1
        self.received += self._bytes_each
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_a_transient_error_is_tried_again_and_each_retry_is_reported() -> None:
    call, seen = Failing(TransientError("http_503", "busy"), NoResponse("connection", "reset")), list[Retry]()
    assert with_retries(call, QUICK, seen.append) == "done"
    assert [(retry.failures, retry.error.reason) for retry in seen] == [(1, "http_503"), (2, "connection")]


def test_the_last_error_ends_the_tries() -> None:
    call = Failing(*(TransientError("http_503", f"busy {number}") for number in range(9)))
    with pytest.raises(RetriesExhausted, match="busy 3") as last:
        with_retries(call, QUICK, lambda _: None)
    assert (last.value.tries, call.tries) == (4, 4)


@pytest.mark.parametrize(
    ("policy", "error", "tries"),
    [
        (RetryPolicy(9, 0.0, 0.0, 1.0, silent_retries=1), NoResponse("no_connection", "no", silent=True), 2),
        (RetryPolicy(9, 0.0, 0.0, 1.0, silent_retries=1), NoResponse("connection", "reset"), 10),
        (RetryPolicy(9, 0.0, 0.0, 1.0, slow_retries=0), SlowResponse("timeout", "slow"), 1),
        (RetryPolicy(0, 0.0, 0.0, 1.0, slow_retries=5), SlowResponse("timeout", "slow"), 1),
        (RetryPolicy(9, 0.0, 0.0, 1.0), TransientError("http_429", "later", retry_after_s=1.5), 1),
    ],
)
def test_each_kind_of_error_has_a_bound_of_its_own(policy: RetryPolicy, error: TransientError, tries: int) -> None:
    call = Failing(*[error] * 20)
    with pytest.raises(RetriesExhausted):
        with_retries(call, policy, lambda _: None)
    assert call.tries == tries


def test_tries_are_counted_anew_while_bytes_arrive() -> None:
    slow = Failing(*[NoResponse("connection", "broke off")] * 20, bytes_each=1 << 20)
    assert with_retries(slow, RetryPolicy(1, 0.0, 0.0, 1.0), lambda _: None, lambda: slow.received) == "done"
    stuck = Failing(*[NoResponse("connection", "broke off")] * 20, bytes_each=1 << 10)
    with pytest.raises(RetriesExhausted):
        with_retries(stuck, RetryPolicy(1, 0.0, 0.0, 1.0), lambda _: None, lambda: stuck.received)


def test_a_retry_after_is_the_least_that_is_waited() -> None:
    seen: list[Retry] = []
    with_retries(Failing(TransientError("http_429", "later", retry_after_s=0.05)), QUICK, seen.append)
    assert [retry.wait_s for retry in seen] == [0.05]


def test_waits_double_up_to_the_longest() -> None:
    policy = RetryPolicy(retries=9, wait_s=1.0, wait_max_s=20.0, retry_after_max_s=0.0)
    for failures, longest in [(1, 1.0), (2, 2.0), (5, 16.0), (6, 20.0), (5000, 20.0)]:
        assert longest / 2 <= policy.backoff_s(failures) <= longest
