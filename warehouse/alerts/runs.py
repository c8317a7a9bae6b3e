"""One message when a home is not as it should be (degraded, failed, stale), and one when it is again.

What was told last is kept in the home, so that a night that ends as the one before tells nothing.
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
from warehouse.errors import WarehouseError
from warehouse.files import write_atomically, writing_to
from warehouse.freshness import Freshness, State, freshness
from warehouse.run_record import RunRecord, last_run, now
from warehouse.settings import Settings
from warehouse.snapshots.catalog import current

log = logging.getLogger("icw.alerts")

_IS_CALLED: dict[State, str] = {"too old": "stale", "good": "recovered"}


class _Told(BaseModel):
    """What was told last of a home: its state, and what a degraded one is about."""

    model_config = ConfigDict(frozen=True)

    state: State
    concerns: tuple[str, ...] = ()


@contextmanager
def telling_how_it_ends(settings: Settings) -> Iterator[None]:
    """Tell how the refresh ends that the block is, and send the heartbeat where it ends well.

    A run that was killed or interrupted told nobody: the next one does, before it begins. The caller holds the refresh
    lock, and the record of the run is written inside of the block.
    """
    tell_state(settings)
    try:
        yield
    finally:
        tell_state(settings)
        run = last_run(settings.home)
        if run is not None and run.is_good:
            send_heartbeat(settings)


def tell_state(settings: Settings, max_age: timedelta = timedelta.max, send: Send = through_apprise) -> Message | None:
    """Tell the addresses if the state of the home is another than they were told last; return the message, if any.

    Where no address has taken it, the next call tells it again; where there are none, nothing is kept. That a home is
    good is told to those who were told that it was not. A run that goes on is not judged, but by `max_age`, beyond
    which a home is stale.
    """
    addresses = settings.alert_addresses
    if not addresses:
        return None
    try:
        run, snapshot = last_run(settings.home), current(settings.home)
        if run is None:
            return None
        found = freshness(run, None if snapshot is None else snapshot.id, max_age, now())
        state = _Told(state=found.state, concerns=_concerns(run) if found.state == "degraded" else ())
        before = _read(settings.home)
        if state == before or (before is None and found.state == "good"):
            return None
        synthetic = snapshot is not None and snapshot.manifest.synthetic
        message = _message(found, settings.home, synthetic=synthetic)
        if send_to_each(addresses, message, send):
            _write(settings.home, state)
    except WarehouseError as error:
        log.warning("How the refresh ended could not be told: %s", error, extra={"event": "alert"})
        return None
    return message


def _concerns(run: RunRecord) -> tuple[str, ...]:
    """Return what a degraded run could not do: sources, then the store and the site of the snapshot."""
    others = {"store": run.not_pushed, "site": run.without_site}
    return (*(failure.source for failure in run.failures), *(name for name, why in others.items() if why is not None))


def _message(found: Freshness, home: Path, *, synthetic: bool) -> Message:
    return Message(
        title=titled(_IS_CALLED.get(found.state, found.state), synthetic=synthetic),
        body=f"{shortened(found.sentence)}\n\nLook: icw status (ICW_HOME={home})",
        is_bad=found.state != "good",
    )


def _read(home: Path) -> _Told | None:
    """Return what was told last, None where nothing was. What cannot be read is told again."""
    try:
        return _Told.model_validate_json(_path(home).read_bytes())
    except (OSError, ValidationError):
        return None


def _write(home: Path, told: _Told) -> None:
    with writing_to(home):
        write_atomically(_path(home), told.model_dump_json() + "\n")


def _path(home: Path) -> Path:
    return home / "told.json"
