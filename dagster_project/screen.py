"""What the terminal gets: text in whatever encoding it has, and nothing in it that steers the terminal."""

from __future__ import annotations

import io
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from warehouse.public_text import public_text


class Screen(Console):
    """A console that shows text as text: what snapshots and upstreams hold cannot move its cursor or colour its lines.

    Every text that is printed, in a table or by itself, is rendered by `render_str`.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """See `Console.render_str`."""
        return super().render_str(public_text(text), **options)


def screen() -> Screen:
    """Return standard output as wide as the terminal, or wide enough for tables where there is none."""
    return Screen() if sys.stdout.isatty() else Screen(width=160)


def bear_any_text() -> None:
    """Let the standard streams write what their encoding does not have in Python's notation, instead of dying of it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
