"""How far a download is, told in log records that a progress bar can be drawn from."""

from __future__ import annotations

import logging
import time

logger = logging.getLogger("icw.sources.http")

_REPORT_EVERY_S = 0.2


class DownloadReport:
    """Logs how far a download is: at its start, a few times a second, and at its end."""

    def __init__(self, name: str, total: int | None) -> None:
        self._name = name
        self._total = total
        self._next = 0.0

    def progress(self, done: int) -> None:
        """Tell that `done` bytes have arrived, if that was not told a moment ago."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _REPORT_EVERY_S
            self._tell(done, self._total)

    def end(self, done: int) -> None:
        """Tell that the file is whole, with `done` bytes."""
        self._tell(done, done)

    def _tell(self, done: int, total: int | None) -> None:
        logger.info(
            "%s: %.1f of %s MB",
            self._name,
            done / 1e6,
            "?" if total is None else f"{total / 1e6:.1f}",
            extra={"event": "download", "file": self._name, "done_bytes": done, "total_bytes": total},
        )
