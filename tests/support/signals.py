"""Default signal handling for processes that tests start."""

from __future__ import annotations

import signal


def heed_every_signal() -> None:
    """Restore signals that the caller of the tests ignores (`nohup`, a background job). For `preexec_fn`."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
