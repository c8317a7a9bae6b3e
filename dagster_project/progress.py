"""What a person sees while a refresh runs: the log records of the library as lines and download bars."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn


class ProgressHandler(logging.Handler):
    """Shows records of the loggers below `icw`: progress as bars, steps and warnings as lines with the seconds."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.INFO)
        self._started = time.monotonic()
        self._bars: dict[str, TaskID] = {}
        self.progress = Progress(
            TextColumn("          {task.description}"),
            BarColumn(),
            TextColumn("{task.fields[amount]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        facts = record.__dict__
        match facts.get("event"):
            case "download":
                done, total = facts["done_bytes"], facts["total_bytes"]
                amount = f"{done / 1e6:.1f} MB" + (f" of {total / 1e6:.1f}" if total else "")
                self._advance(facts["file"], done, total, amount)
            case "progress":
                done, total = facts["done"], facts["total"]
                self._advance(facts["label"], done, total, f"{done} of {total}")
            case event if event == "step" or record.levelno >= logging.WARNING:
                style = "yellow" if record.levelno >= logging.WARNING else "default"
                line = f"{time.monotonic() - self._started:6.1f} s  {_sentence(record)}"
                self.progress.console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)

    def _advance(self, label: str, done: int, total: int | None, amount: str) -> None:
        if label not in self._bars:
            self._bars[label] = self.progress.add_task(label, total=total, amount=amount)
        self.progress.update(self._bars[label], completed=done, total=total, amount=amount, visible=done != total)


def _sentence(record: logging.LogRecord) -> str:
    """Return the message; where it is no event's sentence but a few words, with whom it is about and why.

    E.g. `https://data.midrc.org: trying again for its status (HTTP 503 Service Unavailable)`.
    """
    facts = record.__dict__
    if "event" in facts:
        return record.getMessage()
    whom = next((f"{facts[name]}: " for name in ("upstream", "source", "type") if name in facts), "")
    place = f" for {facts['where']}" if "where" in facts else ""
    why = next((facts[name] for name in ("error", "why", "reason") if facts.get(name)), None)
    return f"{whom}{record.getMessage()}{place}" + (f" ({why})" if why else "")


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
