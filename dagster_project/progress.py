"""What a person sees while a refresh runs: the log records of the library as lines and download bars."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn


class ProgressHandler(logging.Handler):
    """Shows records of the loggers below `icw`: downloads as bars, steps and warnings as lines with the seconds."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._started = time.monotonic()
        self._bars: dict[str, TaskID] = {}
        self.progress = Progress(
            TextColumn("         {task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        event = getattr(record, "event", None)
        if event == "download":
            self._advance(str(getattr(record, "file", "")), record)
        elif event == "step" or record.levelno >= logging.WARNING:
            style = "yellow" if record.levelno >= logging.WARNING else "default"
            line = f"{time.monotonic() - self._started:6.1f} s  {record.getMessage()}"
            self.progress.console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)

    def _advance(self, file: str, record: logging.LogRecord) -> None:
        done, total = getattr(record, "done_bytes", 0), getattr(record, "total_bytes", None)
        if file not in self._bars:
            self._bars[file] = self.progress.add_task(file, total=total)
        self.progress.update(self._bars[file], completed=done, total=total, visible=done != total)


@contextmanager
def showing_progress(console: Console) -> Iterator[None]:
    """Show the library's log records on `console` while the block runs."""
    handler = ProgressHandler(console)
    logger = logging.getLogger("icw")
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        with handler.progress:
            yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate
