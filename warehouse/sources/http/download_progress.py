"""How far a download is, as log records that a progress bar can be drawn from."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger("icw.sources.http")

_LOG_EVERY_S = 0.2


class DownloadProgress:
    """Logs how far a download is: at its start, a few times a second, and at its end."""

    def __init__(self, name: str, total: int | None) -> None:
        self._name = name
        self._total = total
        self._next = 0.0

    def received(self, done: int) -> None:
        """Log that `done` bytes have arrived, unless that was logged a moment ago."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _LOG_EVERY_S
            self._log(done, self._total)

    def finished(self, done: int) -> None:
        """Log that the file is whole, with `done` bytes."""
        self._log(done, done)

    def _log(self, done: int, total: int | None) -> None:
        logger.info(
            "%s: %.1f of %s MB",
            self._name,
            done / 1e6,
            "?" if total is None else f"{total / 1e6:.1f}",
            extra={"event": "download", "file": self._name, "done_bytes": done, "total_bytes": total},
        )
