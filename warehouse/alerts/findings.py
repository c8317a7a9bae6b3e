"""One message a night on what an audit has found to fail, and on what does not fail any more."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from warehouse.alerts.sending import Message, Send, send_to_each, shortened, through_apprise, titled
from warehouse.errors import WarehouseError
from warehouse.quality.incidents import Incident, read_incidents, write_incidents
from warehouse.settings import Settings

log = logging.getLogger("icw.alerts")

_NAMED = 3


def alert_of_findings(settings: Settings, send: Send = through_apprise) -> Message | None:
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
        if send_to_each(addresses, told, send) or not addresses:
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
    synthetic = any(incident.synthetic for incident in (*opened, *closed))
    lines = [_line("opened", incident) for incident in _worst(opened)]
    lines += [_line("closed", incident) for incident in _worst(closed)][: max(0, _NAMED - len(lines))]
    left = len(opened) + len(closed) - len(lines)
    lines += [f"and {left} more"] if left else []
    lines += ["", f"Look: icw quality (ICW_HOME={home})"]
    return Message(
        title=titled(", ".join(filter(None, counts)), synthetic=synthetic),
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
    return f"{what}: {incident.severity} {incident.finding}: {shortened(incident.sentence)}"


def _counted(count: int, what: str, became: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'} {became}" if count else ""
