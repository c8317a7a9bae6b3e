"""Signals as a process finds them that nobody has prepared."""

from __future__ import annotations

import signal


def heed_every_signal() -> None:
    """Undo what whoever started the tests ignores, as `nohup` and a job in the background do. For `preexec_fn`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
