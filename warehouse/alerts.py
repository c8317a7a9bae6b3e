"""Alerts: one message a night on what an audit has found to fail, and one when it does not fail any more.

They go through Apprise (e-mail, Slack, Teams, webhooks and a hundred others) to the addresses of `ICW_ALERTS`, which
hold passwords and are shown nowhere. That an address does not take a message stops nothing.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.public_text import public_text
from warehouse.quality.incidents import Incident, read_incidents, write_incidents
from warehouse.settings import Settings

log = logging.getLogger("icw.alerts")

_NAMED = 3
_LONGEST = 400

Send = Callable[[str, "Message"], bool]
"""How a message goes to one address; returns whether it was taken."""


@dataclass(frozen=True)
class Message:
    """What is told: one line, then the worst findings and where to look. `is_bad`: something has opened."""

    title: str
    body: str
    is_bad: bool


def tell(settings: Settings, send: Send | None = None) -> Message | None:
    """Tell the addresses what has opened and closed since they were last told; return the message, if there was one.

    The caller holds the refresh lock. Where no address has taken the message, the next audit tells it again. Without
    addresses nothing is told, then or later.
    """
    try:
        incidents = read_incidents(settings.home)
        opened = [incident for incident in incidents if _is_to_be_opened(incident)]
        closed = [incident for incident in incidents if _is_to_be_closed(incident)]
        if not opened and not closed:
            return None
        told = message(opened, closed, settings.home)
        addresses = settings.alert_addresses
        taken = [_sent(address, number, told, send or _send) for number, address in enumerate(addresses, start=1)]
        if any(taken) or not addresses:
            write_incidents(settings.home, [_told(incident) for incident in incidents])
    except WarehouseError as error:
        log.warning("The alerts could not be sent: %s", error, extra={"event": "alert"})
        return None
    return told if addresses else None


def message(opened: Sequence[Incident], closed: Sequence[Incident], home: Path) -> Message:
    """Return the one message on everything that has opened and closed: the three worst findings and where to look."""
    errors = sum(incident.severity == "error" for incident in opened)
    counts = [
        _counted(errors, "error", "opened"),
        _counted(len(opened) - errors, "warning", "opened"),
        _counted(len(closed), "finding", "closed"),
    ]
    made_up = "SYNTHETIC data: " if any(incident.synthetic for incident in (*opened, *closed)) else ""
    lines = [_line("opened", incident) for incident in _worst(opened)]
    lines += [_line("closed", incident) for incident in _worst(closed)][: max(0, _NAMED - len(lines))]
    left = len(opened) + len(closed) - len(lines)
    lines += [f"and {left} more"] if left else []
    lines += ["", f"Look: icw quality (ICW_HOME={home})"]
    return Message(
        title=f"Imaging Commons Warehouse: {made_up}{', '.join(filter(None, counts))}",
        body="\n".join(lines),
        is_bad=bool(opened),
    )


def _is_to_be_opened(incident: Incident) -> bool:
    return incident.closed is None and not incident.told_opened and not incident.acknowledged


def _is_to_be_closed(incident: Incident) -> bool:
    return incident.closed is not None and incident.told_opened and not incident.told_closed


def _told(incident: Incident) -> Incident:
    if _is_to_be_opened(incident):
        return incident.model_copy(update={"told_opened": True})
    return incident.model_copy(update={"told_closed": True}) if _is_to_be_closed(incident) else incident


def _worst(incidents: Sequence[Incident]) -> list[Incident]:
    order = sorted(incidents, key=lambda one: (one.severity != "error", -(one.affected or 0), one.finding))
    return order[:_NAMED]


def _line(what: str, incident: Incident) -> str:
    sentence = incident.sentence
    shortened = sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 3] + "..."
    return f"{what}: {incident.severity} {incident.finding}: {shortened}"


def _counted(count: int, what: str, became: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'} {became}" if count else ""


def _sent(address: str, number: int, told: Message, send: Send) -> bool:
    """Send a message to one address; where that fails, say so without the address."""
    try:
        with _silent("apprise"), _silent("urllib3"):
            taken = send(address, told)
    except Exception as error:
        # The text of an error may hold the address, or a part of it.
        log.warning("Alert address %d failed (%s).", number, type(error).__name__, extra={"event": "alert"})
        return False
    if not taken:
        log.warning("Alert address %d of ICW_ALERTS did not take the message.", number, extra={"event": "alert"})
    return taken


def _send(address: str, told: Message) -> bool:
    # Only where there is something to tell: it takes half a second to import.
    import apprise

    sender = apprise.Apprise()
    if not sender.add(address):
        return False
    kind = apprise.NotifyType.WARNING if told.is_bad else apprise.NotifyType.SUCCESS
    return bool(sender.notify(title=public_text(told.title), body=told.body, notify_type=kind))


@contextlib.contextmanager
def _silent(logger: str) -> Iterator[None]:
    """Keep a library from logging the addresses that it is given."""
    found = logging.getLogger(logger)
    before = found.disabled
    found.disabled = True
    try:
        yield
    finally:
        found.disabled = before
