"""One message when a home is not as it should be (degraded, failed, stale), and one when it is again.

The alert that was sent last is kept in the home, so that a night that ends as the one before sends none.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from warehouse.alerts.heartbeat import send_heartbeat
from warehouse.alerts.sending import Message, Send, send_to_each, shortened, through_apprise, titled
from warehouse.errors import StorageError, WarehouseError
from warehouse.files import write_atomically, writing_to
from warehouse.freshness import Freshness, State, freshness
from warehouse.run_record import RunRecord, last_run, now
from warehouse.settings import Settings
from warehouse.snapshots.catalog import current

log = logging.getLogger("icw.alerts")

_IS_CALLED: dict[State, str] = {"too old": "stale", "good": "recovered"}


class _Sent(BaseModel):
    """The alert that was sent last: the state of the home, what it is about, and the last run with a record by then."""

    model_config = ConfigDict(frozen=True)

    state: State
    concerns: tuple[str, ...] = ()
    run_id: str | None

    def is_same(self, state: State, concerns: tuple[str, ...]) -> bool:
        return (self.state, self.concerns) == (state, concerns)


@contextmanager
def alerting(settings: Settings) -> Iterator[None]:
    """Send an alert of how the refresh ends that the block is, and the heartbeat where it ends well, or degraded.

    A run that was killed or interrupted sent no alert: the next one does, before it begins. The caller holds the
    refresh lock, and the record of the run is written inside of the block.
    """
    alert_of_state(settings)
    try:
        yield
    except Exception as error:
        run = last_run(settings.home)
        if run is None or run.is_good:
            # On a full disk the record says how the run before ended.
            code = error.exit_code if isinstance(error, WarehouseError) else 1
            _alert(
                settings, Freshness("failed", f"The refresh failed, and left no record: {error}"), _failed_with(code)
            )
        else:
            alert_of_state(settings)
        raise
    else:
        alert_of_state(settings)
        # A step that fails in Dagster raises nothing here: the record says so.
        run = last_run(settings.home)
        if run is not None and run.is_good:
            send_heartbeat(settings)


def alert_of_state(
    settings: Settings, max_age: timedelta = timedelta.max, send: Send = through_apprise
) -> Message | None:
    """Tell the addresses if the state of the home is another than they were told last; return the message, if any.

    Where no address has taken it, the next call tells it again; where there are none, nothing is kept. That a home is
    good is told to those who were told that it was not, once a run has ended well since. A run that goes on is not
    judged, but by `max_age`, beyond which a home is stale.
    """
    run, snapshot, before = last_run(settings.home), current(settings.home), _read(settings.home)
    if run is None:
        return None
    found = freshness(run, None if snapshot is None else snapshot.id, max_age, now())
    if found.state == "good" and before is not None and before.run_id == run.run_id:
        # Nothing has ended well since: the failure that the alert was about left no record of its own.
        return None
    return _alert(settings, found, _about(run, found.state), send)


def _alert(
    settings: Settings, found: Freshness, concerns: tuple[str, ...] = (), send: Send = through_apprise
) -> Message | None:
    addresses = settings.alert_addresses
    before = _read(settings.home)
    known = found.state == "good" if before is None else before.is_same(found.state, concerns)
    if known or not addresses:
        return None
    snapshot = current(settings.home)
    message = _message(found, settings.home, synthetic=snapshot is not None and snapshot.manifest.synthetic)
    if send_to_each(addresses, message, send):
        try:
            run = last_run(settings.home)
            sent = _Sent(state=found.state, concerns=concerns, run_id=None if run is None else run.run_id)
            _write(settings.home, sent)
        except StorageError as error:
            log.warning("That the alert was sent could not be kept: %s", error, extra={"event": "alert"})
    return message


def concerns(run: RunRecord) -> tuple[str, ...]:
    """Return what a degraded run could not do: sources, then the store and the site of the snapshot."""
    others = {"store": run.not_pushed, "site": run.without_site}
    return (*(failure.source for failure in run.failures), *(name for name, why in others.items() if why is not None))


def _about(run: RunRecord, state: State) -> tuple[str, ...]:
    """Return what a state is about: the same state for another reason is told again."""
    # While a run goes on, the run before it is judged.
    judged = run.previous if run.outcome == "running" and run.previous is not None else run
    if state == "degraded":
        return concerns(judged)
    return _failed_with(judged.exit_code, judged.outcome) if state == "failed" else ()


def _failed_with(exit_code: int | None, outcome: str = "failed") -> tuple[str, ...]:
    return (outcome if exit_code is None else f"exit code {exit_code}",)


def _message(found: Freshness, home: Path, *, synthetic: bool) -> Message:
    return Message(
        title=titled(_IS_CALLED.get(found.state, found.state), synthetic=synthetic),
        body=f"{shortened(found.sentence)}\n\nLook: icw status (ICW_HOME={home})",
        is_bad=found.state != "good",
    )


def _read(home: Path) -> _Sent | None:
    """Return the alert that was sent last, None where none was. What cannot be read is sent again."""
    try:
        return _Sent.model_validate_json(_path(home).read_bytes())
    except (OSError, ValidationError):
        return None


def _write(home: Path, sent: _Sent) -> None:
    with writing_to(home):
        write_atomically(_path(home), sent.model_dump_json() + "\n")


def _path(home: Path) -> Path:
    return home / "alert_state.json"
