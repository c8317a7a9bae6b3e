"""Messages, and how they go to the addresses of `ICW_ALERTS`."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from warehouse.public_text import public_text

log = logging.getLogger("icw.alerts")

_LONGEST = 400


@dataclass(frozen=True)
class Message:
    """What is told: one line, then what there is to know and where to look. `is_bad`: somebody must act."""

    title: str
    body: str
    is_bad: bool


Send = Callable[[str, Message], bool]
"""How a message goes to one address; returns whether it was taken."""


def titled(text: str, *, synthetic: bool) -> str:
    """Return the title of a message, marked where it is about made-up data."""
    return f"Imaging Commons Warehouse: {'SYNTHETIC data: ' if synthetic else ''}{text}"


def shortened(sentence: str) -> str:
    """Return a sentence that fits into a message."""
    return sentence if len(sentence) <= _LONGEST else sentence[: _LONGEST - 3] + "..."


def through_apprise(address: str, message: Message) -> bool:
    """Send a message to an address in Apprise's form."""
    # Only where there is something to tell: it takes half a second to import.
    import apprise

    sender = apprise.Apprise()
    if not sender.add(address):
        return False
    kind = apprise.NotifyType.WARNING if message.is_bad else apprise.NotifyType.SUCCESS
    return bool(sender.notify(title=public_text(message.title), body=message.body, notify_type=kind))


def send_to_each(addresses: Sequence[str], message: Message, send: Send = through_apprise) -> bool:
    """Send a message to every address; returns whether any has taken it."""
    return any([_is_taken(address, number, message, send) for number, address in enumerate(addresses, start=1)])


def _is_taken(address: str, number: int, message: Message, send: Send) -> bool:
    """Send a message to one address; where that fails, say so without the address."""
    try:
        with silent("apprise"), silent("urllib3"):
            taken = send(address, message)
    except Exception as error:
        # The text of an error may hold the address, or a part of it.
        log.warning("Alert address %d failed (%s).", number, type(error).__name__, extra={"event": "alert"})
        return False
    if not taken:
        log.warning("Alert address %d of ICW_ALERTS did not take the message.", number, extra={"event": "alert"})
    return taken


@contextlib.contextmanager
def silent(logger: str) -> Iterator[None]:
    """Keep a library from logging the addresses that it is given."""
    found = logging.getLogger(logger)
    before = found.disabled
    found.disabled = True
    try:
        yield
    finally:
        found.disabled = before
