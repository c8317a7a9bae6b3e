"""Whether a home is as a monitor wants it: one verdict with an exit code of its own, by its last run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from warehouse.errors import Degraded, UsageError
from warehouse.run_record import RunRecord

State = Literal["good", "degraded", "failed", "too old", "empty", "running too long"]

EXIT_CODES: dict[State, int] = {
    "good": 0,
    "degraded": Degraded.exit_code,
    "failed": 9,
    "too old": 10,
    "empty": 11,
    "running too long": 12,
}

# How long readers of a source may wait for a look at it that succeeds: a night that fails, and half a day.
MAX_AGE = timedelta(hours=36)

# How long after IDC's last release none may have been seen: v23 of 2025-11-06, v24 of 2026-04-16 and v25 of 2026-09-26
# (`version_metadata_index`) came 161 and 163 days after one another; half as much again.
MAX_AGE_OF_IDC_RELEASE = timedelta(days=245)

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}

# Clocks of two machines differ by less; a run that ended later than this says that one of them is wrong.
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Freshness:
    """A verdict: the state, and one sentence that says why."""

    state: State
    sentence: str

    @property
    def exit_code(self) -> int:
        """The exit code of `icw status --check`."""
        return EXIT_CODES[self.state]


def duration(text: str) -> timedelta:
    """Return the duration that a person has typed: a whole number above zero of minutes, hours or days.

    Raises:
        UsageError: it is none.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,5})([mhd])", text)
    if found is None:
        raise UsageError(f"{text!r} is no duration. Give minutes, hours or days, e.g. 90m, 36h or 2d.")
    return int(found[1]) * _UNITS[found[2]]


def freshness(run: RunRecord | None, snapshot_id: str | None, max_age: timedelta, now: datetime) -> Freshness:
    """Judge a home by its last run and the snapshot in service.

    The age is that of the last run that ended well: one that finds nothing new is as good as one that publishes. While
    a run goes on, the run before it counts.

    Args:
        run: what became of the last run, if there was one.
        snapshot_id: what is in service, if anything.
        max_age: how old the last good run, and how long a run that goes on, may be.
        now: the time.
    """
    if run is None and snapshot_id is None:
        return Freshness("empty", "Nothing was ever refreshed here. Run `icw refresh`.")
    if run is None:
        return Freshness("too old", f"{snapshot_id} is in service, and there is no record of any refresh.")
    if run.outcome == "running":
        since = run.started_at or datetime.min.replace(tzinfo=UTC)
        if now - since > max_age:
            return Freshness("running too long", f"A refresh runs since {_time(since)}, {run.stage}.")
        if run.previous is None:
            return _of_first(run, snapshot_id)
        run = run.previous.model_copy(update={"last_good_at": run.last_good_at})
    if not run.is_good:
        ended = "" if run.finished_at is None else f" at {_time(run.finished_at)}"
        said = _in_one_line(run.error or "It left no reason.")
        return Freshness("failed", f"The last refresh failed{ended}: {said}" if run.outcome == "failed" else said)
    if snapshot_id is None:
        return Freshness("empty", f"The last refresh ended well ({run.outcome}), but no snapshot is in service.")
    good_at = run.last_good_at or run.finished_at
    if good_at is None or now - good_at > max_age:
        last = "never" if good_at is None else f"last at {_time(good_at)}"
        return Freshness("too old", f"A refresh ended well {last}, which is too long ago.")
    if good_at - now > _CLOCKS_DIFFER:
        return Freshness("too old", f"The last refresh ended in the future ({_time(good_at)}): a clock is wrong.")
    if run.failures:
        reasons = "; ".join(f"{failure.source}: {_in_one_line(failure.reason)}" for failure in run.failures)
        return Freshness("degraded", f"{snapshot_id} is in service without all that is new: {reasons}")
    if run.not_pushed is not None:
        return Freshness("degraded", f"{snapshot_id} is in service; not published: {_in_one_line(run.not_pushed)}")
    if run.without_site is not None:
        return Freshness("degraded", f"{snapshot_id} is in service without its site: {_in_one_line(run.without_site)}")
    return Freshness("good", f"{snapshot_id} is in service; the last refresh ended well at {_time(good_at)}.")


def _of_first(run: RunRecord, snapshot_id: str | None) -> Freshness:
    if snapshot_id is None:
        return Freshness("empty", f"The first refresh is at work, {run.stage}; nothing is in service yet.")
    return Freshness(
        "too old", f"{snapshot_id} is in service; the first refresh with a record is at work, {run.stage}."
    )


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _in_one_line(text: str) -> str:
    return " ".join(text.split())
